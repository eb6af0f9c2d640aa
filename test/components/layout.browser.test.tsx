// Where things stand, in a real layout: what a designer sees at once and a DOM does not know.
import 'runfeed/tokens.css'
import 'runfeed/styles.css'
import { RunProgress, RunStatusBadge } from 'runfeed/components'
import { RunfeedProvider } from 'runfeed/react'
import { createScriptedFeed } from 'runfeed/testing'
import { expect, test, vi } from 'vitest'
import { page } from 'vitest/browser'
import { render } from 'vitest-browser-react'

/** Of the letters, not of the element that they are in. */
function lettersOf(element: Element | null): DOMRect {
  const range = document.createRange()
  range.selectNodeContents(element as Element)
  return range.getBoundingClientRect()
}

function progress(props: { readonly dir: 'ltr' | 'rtl'; readonly width: number; readonly label: string; readonly status?: string }) {
  const { status = 'EXECUTING' } = props
  const feed = createScriptedFeed({
    script: [
      { at: 0, run: { id: 'run_a', status, metadata: status === 'QUEUED' ? {} : { done: 0, total: 10 } } },
      { at: 1000, run: { id: 'run_a', metadata: { done: 1 } } },
      { at: 5000, run: { id: 'run_a', metadata: { done: 5 } } },
    ],
  })
  const screen = render(
    <RunfeedProvider client={feed.client.getSnapshot()}>
      <div dir={props.dir} style={{ inlineSize: props.width }}>
        <RunProgress run="run_a" value="done" max="total" label={props.label} unit="rows" locale="en" />
      </div>
    </RunfeedProvider>,
  )
  return { feed, screen, bar: page.getByRole('progressbar') }
}

test('a badge stands on the line of the words beside it', async () => {
  const { container } = await render(
    <p style={{ fontFamily: 'var(--rf-font)', fontSize: 16 }}>
      <span className="beside">airports.csv</span> <RunStatusBadge status="FAILED" style={{ fontSize: 16 }} />
    </p>,
  )
  // the same font in the same size: the same box around the letters
  expect(lettersOf(container.querySelector('[data-part=label]')).bottom).toBeCloseTo(lettersOf(container.querySelector('.beside')).bottom, 0)
})

test('a label is on the side where its page begins', async () => {
  const { screen, bar } = progress({ dir: 'rtl', width: 400, label: 'airports.csv' })
  const { container } = await screen
  await expect.element(bar).toHaveAttribute('aria-valuenow', '0')
  const [label, value] = ['label', 'value'].map((part) => lettersOf(container.querySelector(`[data-part=${part}]`)))
  expect(label?.right).toBeCloseTo(bar.element().getBoundingClientRect().right, 0)
  expect(value?.left).toBeCloseTo(bar.element().getBoundingClientRect().left, 0)
})

test('what comes last begins a line where the one before is full', async () => {
  const { feed, screen, bar } = progress({ dir: 'ltr', width: 180, label: 'Import' })
  const { container } = await screen
  feed.at(1000)
  await expect.element(bar).toHaveAttribute('aria-valuenow', '10')
  feed.at(5000)
  const letters = (part: string): DOMRect => lettersOf(container.querySelector(`[data-part=${part}]`))
  await vi.waitFor(() => expect(container.querySelector('[data-part=left]')).not.toBeNull())
  expect(letters('left').top).toBeGreaterThanOrEqual(letters('rate').bottom)
  expect(letters('left').left).toBeCloseTo(bar.element().getBoundingClientRect().left, 0)
})

test('words go below a name instead of breaking it', async () => {
  const { container } = await progress({ dir: 'ltr', width: 190, label: 'price-list.csv', status: 'QUEUED' }).screen
  await expect.element(page.getByText('Waiting to start')).toBeVisible()
  const [label, value] = ['label', 'value'].map((part) => lettersOf(container.querySelector(`[data-part=${part}]`)))
  expect(value?.top).toBeGreaterThanOrEqual((label?.top ?? 0) + (label?.height ?? 0) / 2)
  expect(value?.left).toBeCloseTo(label?.left ?? 0, 0)
  // on one line
  expect(label?.height).toBeLessThan(30)
})
