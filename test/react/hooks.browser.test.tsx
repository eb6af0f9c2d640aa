// In a real browser, by its own frames: how often components render, whether siblings ever differ, and what is left after they have gone.
import { useLayoutEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { createRunClient, type RunClient } from 'runfeed'
import { RunfeedProvider, useRun, useRunMetadata, useRunText } from 'runfeed/react'
import { createScriptedFeed, type Script, type ScriptedFeed } from 'runfeed/testing'
import { beforeEach, expect, test, vi } from 'vitest'
import { cdp } from 'vitest/browser'
import { render } from 'vitest-browser-react'

const UPDATES = 1000
const script: Script = [
  { at: 0, run: { id: 'run_a', metadata: { n: 0 } } },
  { at: 0, stream: { run: 'run_a', stream: 'text', chunks: ['-'] } },
  ...Array.from({ length: UPDATES }, (_, i) => ({ at: i + 1, run: { id: 'run_a', metadata: { n: i + 1 } } })),
  ...Array.from({ length: UPDATES }, (_, i) => ({ at: i + 1, stream: { run: 'run_a', stream: 'text', chunks: ['x'] } })),
]

let renders = 0
/** What each commit showed, where it was not one version. */
let torn: string[] = []
beforeEach(() => {
  renders = 0
  torn = []
})

function Cell() {
  const { metadata } = useRunMetadata('run_a', { select: (d) => d['n'] })
  useLayoutEffect(() => void renders++)
  return <i>{JSON.stringify(metadata)}</i>
}
function Table({ cells }: { readonly cells: number }) {
  const { run } = useRun('run_a', { select: ({ metadata }) => metadata['n'] })
  useLayoutEffect(() => {
    const seen = new Set([JSON.stringify(run) ?? '', ...[...document.querySelectorAll('i')].map((each) => each.textContent)])
    if (seen.size > 1) torn.push([...seen].join())
  })
  return (
    <div>
      {Array.from({ length: cells }, (_, i) => (
        <Cell key={i} />
      ))}
      <b>{useRunText('run_a', 'text').text?.length}</b>
    </div>
  )
}
const page = (client: RunClient, cells: number) => (
  <RunfeedProvider client={client}>
    <Table cells={cells} />
  </RunfeedProvider>
)
/** What a page of much text costs. */
function burn(): void {
  const until = performance.now() + 40
  while (performance.now() < until);
}
function SlowText({ client }: { readonly client: RunClient }) {
  const { text } = useRunText('run_a', 'text', { client })
  burn()
  useLayoutEffect(() => void renders++)
  return <pre>{text}</pre>
}
const shows = (n: number) =>
  vi.waitFor(() => {
    expect(new Set([...document.querySelectorAll('i')].map((each) => each.textContent))).toEqual(new Set([String(n)]))
    expect(document.querySelector('b')?.textContent).toBe(String(n + 1))
  }, 20_000)

test('100 components on one run render once per publication, and all show the same one', async () => {
  const feed = createScriptedFeed({ script })
  const client = feed.client.getSnapshot()
  const screen = await render(page(client, 100))
  await shows(0)
  let publications = 0
  const stop = client.run('run_a').subscribe(() => publications++)
  renders = 0
  // several updates a frame, as a feed brings them
  for (let at = 10; at <= UPDATES; at += 10) {
    feed.at(at)
    if (at % 50 === 0) await new Promise((resolve) => requestAnimationFrame(resolve))
  }
  await shows(UPDATES)
  expect(renders).toBeLessThanOrEqual(100 * publications)
  expect(publications).toBeLessThan(UPDATES / 2)
  expect(torn).toEqual([])
  expect(feed.connections).toBe(1)
  stop()
  await screen.unmount()
})

test('300 chunks in 1.2 s under a render of 40 ms: not a render per chunk, and the last one is on screen', async () => {
  const chunks = 300
  const feed = createScriptedFeed({
    script: Array.from({ length: chunks }, (_, i) => ({ at: i * 4, stream: { run: 'run_a', stream: 'text', chunks: ['x'] } })),
    at: -1,
  })
  const client = feed.client.getSnapshot()
  const screen = await render(<SlowText client={client} />)
  const begin = performance.now()
  renders = 0
  // what has come by now, however late this is called: a server does not wait for a page
  await new Promise<void>((resolve) => {
    const tick = (): void => {
      feed.at(performance.now() - begin)
      if (feed.now >= feed.duration) return resolve()
      setTimeout(tick)
    }
    tick()
  })
  await vi.waitFor(() => expect(document.querySelector('pre')?.textContent).toBe('x'.repeat(chunks)), 20_000)
  expect(renders).toBeLessThanOrEqual(35)
  await screen.unmount()
})

test('after the last component and the linger nothing is left: no connection, no timer that fires, no document in memory', async () => {
  const watch = async (): Promise<{ feed: ScriptedFeed; snapshot: WeakRef<object>; client: WeakRef<object> }> => {
    const feed = createScriptedFeed({ script })
    const client = createRunClient({ transport: feed, linger: 10 })
    // a root of our own: the testing library keeps its last page
    const host = document.body.appendChild(document.createElement('div'))
    const root = createRoot(host)
    root.render(page(client, 20))
    await shows(0)
    root.unmount()
    await vi.waitFor(() => expect(feed.connections).toBe(0))
    host.remove()
    return { feed, snapshot: new WeakRef(client.run('run_a').getSnapshot()), client: new WeakRef(client) }
  }
  const left = await watch()
  // React keeps the last tree that it committed until it commits another one
  const other = await render(<p>another page</p>)
  await vi.waitFor(async () => {
    await cdp().send('HeapProfiler.collectGarbage')
    expect({ snapshot: left.snapshot.deref() !== undefined, client: left.client.deref() !== undefined }).toEqual({ snapshot: false, client: false })
  }, 10_000)
  expect(left.feed.connections).toBe(0)
  await other.unmount()
})
