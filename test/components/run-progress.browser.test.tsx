import 'runfeed/tokens.css'
import 'runfeed/styles.css'
import { RunProgress } from 'runfeed/components'
import { RunfeedProvider } from 'runfeed/react'
import { createScriptedFeed, type Script } from 'runfeed/testing'
import { expect, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import { render } from 'vitest-browser-react'

const script: Script = [
  { at: 0, run: { id: 'run_a', metadata: { total: 10 } } },
  ...Array.from({ length: 10 }, (_, index) => ({ at: 1000 * (index + 1), run: { id: 'run_a', metadata: { done: index + 1 } } })),
  { at: 11_000, run: { id: 'run_a', metadata: { total: 40 } } },
  { at: 12_000, run: { id: 'run_a', status: 'COMPLETED' } },
]

function show(dir: 'ltr' | 'rtl', locale: string) {
  const feed = createScriptedFeed({ script })
  const screen = render(
    <RunfeedProvider client={feed.client.getSnapshot()}>
      <div dir={dir} style={{ inlineSize: 400 }}>
        <RunProgress run="run_a" value="done" max="total" label="Import" locale={locale} unit="rows" />
      </div>
    </RunfeedProvider>,
  )
  return { feed, screen, bar: page.getByRole('progressbar', { name: 'Import' }) }
}

test('says what is known, never goes back, and is full only at the end', async () => {
  const { feed, screen, bar } = show('ltr', 'en')
  const { container } = await screen
  await expect.element(bar).not.toHaveAttribute('aria-valuenow')
  const values: number[] = []
  new MutationObserver(() => values.push(Number(bar.element().getAttribute('aria-valuenow')))).observe(bar.element(), { attributeFilter: ['aria-valuenow'] })
  for (let step = 1; step <= 10; step++) {
    feed.at(step * 1000)
    await expect.element(bar).toHaveAttribute('aria-valuenow', String(Math.min(99, step * 10)))
  }
  await expect.element(bar).toHaveAttribute('aria-valuetext', '99%, 10 of 10 rows')
  await expect.element(page.getByText('1 rows/s')).toBeVisible()
  feed.at(11_000)
  await expect.element(bar).toHaveAttribute('aria-valuetext', '99%, 10 of 40 rows')
  feed.at(12_000)
  await expect.element(bar).toHaveAttribute('aria-valuenow', '100')
  expect(values).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 99, 100])
  await vi.waitFor(() => expect(container.querySelector('output')?.textContent).toBe('Import: Complete'))
})

test('keeps the order of words and numbers where the page goes the other way', async () => {
  const { feed, screen, bar } = show('rtl', 'en')
  const { container } = await screen
  // seen first: a rate needs two sights
  feed.at(1000)
  await expect.element(bar).toHaveAttribute('aria-valuenow', '10')
  feed.at(5000)
  const where = (part: string, text: string): number => {
    const { firstChild } = container.querySelector(`[data-part=${part}]`) as HTMLElement
    const range = document.createRange()
    const at = (firstChild as Text).data.indexOf(text)
    range.setStart(firstChild as Text, at)
    range.setEnd(firstChild as Text, at + text.length)
    return range.getBoundingClientRect().left
  }
  await expect.element(page.getByText('5 of 10 rows')).toBeVisible()
  await vi.waitFor(() => expect(container.querySelectorAll('[data-part=rate], [data-part=left]')).toHaveLength(2))
  const count = ['5', 'of', '10', 'rows'].map((word) => where('count', word))
  expect(count).toEqual(count.toSorted((a, b) => a - b))
  expect(where('rate', '1')).toBeLessThan(where('rate', 'rows'))
  expect(where('left', 'about')).toBeLessThan(where('left', '5'))
  // and at the page's end of the line
  expect(where('left', 'about')).toBeCloseTo((container.querySelector('[data-part=track]') as HTMLElement).getBoundingClientRect().left, 0)
})

test('fills from the reader’s side, in the reader’s digits', async () => {
  const { feed, screen, bar } = show('rtl', 'ar-EG')
  const { container } = await screen
  feed.at(5000)
  await expect.element(bar).toHaveAttribute('aria-valuetext', expect.stringContaining('٥٠'))
  const fill = container.querySelector('[data-part=fill]') as HTMLElement
  await vi.waitFor(() => expect(fill.getBoundingClientRect().width).toBeCloseTo(200, 0))
  expect(fill.getBoundingClientRect().right).toBeCloseTo(bar.element().getBoundingClientRect().right, 0)
})
