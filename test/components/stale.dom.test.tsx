// A lost connection: a short one shows nothing, one that shows stays long enough to be read.
import { act, render } from '@testing-library/react'
import { RunProgress, RunStatusBadge, StreamText } from 'runfeed/components'
import { RunfeedProvider } from 'runfeed/react'
import { createScriptedFeed } from 'runfeed/testing'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { environment } from '../../src/transport/environment.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const LOST = 10_000

/** Plays a drop of `ms`, and tells at which ms of it each component showed that the connection was gone: `[from, to]`. */
async function drop(ms: number) {
  const feed = createScriptedFeed({
    script: [
      { at: 0, run: { id: 'run_a', metadata: { done: 1, total: 2 } } },
      { at: 0, stream: { run: 'run_a', stream: 'text', chunks: ['some '] } },
      { at: LOST, connection: 'lost' },
      { at: LOST + ms, connection: 'back' },
    ],
    // the next attempt is under way at once, and is there when the network is
    environment: { ...environment, random: () => 0 },
  })
  const { container } = render(
    <RunfeedProvider client={feed.client.getSnapshot()}>
      <RunStatusBadge run="run_a" />
      <RunProgress run="run_a" value="done" max="total" />
      <StreamText run="run_a" stream="text" />
    </RunfeedProvider>,
  )
  const shown: { [component: string]: number[] } = { badge: [], progress: [], stream: [] }
  for (let at = LOST - 1_000; at <= LOST + ms + 5_000; at += 100) {
    feed.at(at)
    await act(() => vi.advanceTimersByTimeAsync(100))
    for (const name of Object.keys(shown)) if (container.querySelector(`.rf-${name}`)?.hasAttribute('data-stale')) shown[name]?.push(at - LOST)
  }
  const words = container.textContent
  return { words, spans: Object.values(shown).map((times) => [times[0], times.at(-1)]) }
}

test('of 1 s shows nothing', async () => {
  const { spans } = await drop(1_000)
  expect(spans).toEqual([
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
  ])
})

test('of 5 s shows after 2 s, until it is back', async () => {
  const { spans, words } = await drop(5_000)
  for (const [from, to] of spans) {
    expect(from).toBeGreaterThanOrEqual(1_900)
    expect(from).toBeLessThanOrEqual(2_100)
    expect(to).toBeGreaterThanOrEqual(4_800)
    expect(to).toBeLessThanOrEqual(5_200)
  }
  expect(words).not.toContain('Reconnecting')
})

test('that is over as soon as it shows stays for 1.5 s', async () => {
  const { spans } = await drop(2_200)
  for (const [from = 0, to = 0] of spans) {
    expect(to - from).toBeGreaterThanOrEqual(1_400)
    expect(to - from).toBeLessThanOrEqual(1_700)
  }
})
