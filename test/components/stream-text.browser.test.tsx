import 'runfeed/tokens.css'
import 'runfeed/styles.css'
import { StreamText } from 'runfeed/components'
import { RunfeedProvider } from 'runfeed/react'
import { createScriptedFeed, type Script } from 'runfeed/testing'
import { expect, test, vi } from 'vitest'
import { render } from 'vitest-browser-react'

const COUNT = 1000
const script: Script = [
  { at: 0, run: { id: 'run_a' } },
  ...Array.from({ length: COUNT }, (_, index) => ({ at: index + 1, stream: { run: 'run_a', stream: 'text', chunks: [`w${index} `] } })),
  { at: COUNT + 1, run: { id: 'run_a', status: 'COMPLETED' } },
]

async function show() {
  const feed = createScriptedFeed({ script })
  const { container } = await render(
    <RunfeedProvider client={feed.client.getSnapshot()}>
      <div style={{ blockSize: 200, overflow: 'auto' }}>
        <StreamText run="run_a" stream="text" />
      </div>
    </RunfeedProvider>,
  )
  const part = (name: string): HTMLElement => container.querySelector<HTMLElement>(`[data-part=${name}]`) as HTMLElement
  const wrote = (word: string): Promise<void> => vi.waitFor(() => expect(part('written').textContent).toContain(word))
  return { feed, container, part, wrote }
}

test('1,000 tokens: the selection and the scroll stay, and only the start and the end are said', async () => {
  const { feed, container, part, wrote } = await show()
  const said: string[] = []
  new MutationObserver(() => said.push(part('announcement').textContent)).observe(part('announcement'), { childList: true, characterData: true, subtree: true })
  feed.at(400)
  await wrote('w399 ')
  const selected = part('written').firstChild as Text
  getSelection()?.setBaseAndExtent(selected, 3, selected, 11)
  const before = getSelection()?.toString()
  expect(before).toHaveLength(8)
  const scroller = container.querySelector('div') as HTMLElement
  expect(scroller.scrollHeight).toBeGreaterThan(scroller.clientHeight)
  for (let at = 410; at <= COUNT; at += 10) {
    feed.at(at)
    if (at % 200 === 0) await wrote(`w${at - 1} `)
  }
  await wrote(`w${COUNT - 1} `)
  expect(getSelection()?.toString()).toBe(before)
  expect(scroller.scrollTop).toBe(0)
  feed.at(COUNT + 1)
  await vi.waitFor(() => expect(container.querySelector('.rf-stream')?.getAttribute('data-state')).toBe('aborted'))
  await vi.waitFor(() => expect(said).toEqual(['Writing', 'Stopped before the end']))
  expect(part('written').closest('[aria-live], [role=status], output')).toBeNull()
  expect(part('caret')).toBeNull()
})

test.each(['ltr', 'rtl'] as const)('each paragraph goes its own way on a page that is %s', async (dir) => {
  const lines = ['42 rows, left to right.\n', 'אחר כך מימין לשמאל.\n', 'And back!']
  const feed = createScriptedFeed({ script: [{ at: 0, stream: { run: 'run_a', stream: 'text', chunks: lines } }] })
  const { container } = await render(
    <RunfeedProvider client={feed.client.getSnapshot()}>
      <div dir={dir} style={{ inlineSize: 400 }}>
        <StreamText run="run_a" stream="text" />
      </div>
    </RunfeedProvider>,
  )
  await vi.waitFor(() => expect(container.querySelector('[data-part=written]')?.textContent).toBe(lines.join('')))
  const text = container.querySelector('[data-part=written]')?.firstChild as Text
  const box = (container.querySelector('[data-part=text]') as HTMLElement).getBoundingClientRect()
  const boxOf = (word: string): DOMRect => {
    const range = document.createRange()
    range.setStart(text, text.data.indexOf(word))
    range.setEnd(text, text.data.indexOf(word) + word.length)
    return range.getBoundingClientRect()
  }
  // begins at its own side, and the mark at its end is at its end
  expect(boxOf('42').left).toBeCloseTo(box.left, 0)
  expect(boxOf('אחר').right).toBeCloseTo(box.right, 0)
  expect(boxOf('And').left).toBeCloseTo(box.left, 0)
  expect(boxOf('!').left).toBeGreaterThan(boxOf('back').left)
})

test('a text node does not grow for ever', async () => {
  const { feed, part, wrote } = await show()
  for (let at = 200; at <= COUNT; at += 200) {
    feed.at(at)
    await wrote(`w${at - 1} `)
  }
  expect(part('written').textContent).toBe(Array.from({ length: COUNT }, (_, index) => `w${index} `).join(''))
})
