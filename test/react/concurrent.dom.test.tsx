// Concurrent React: siblings show one version, transitions lose nothing.
import { act, render, waitFor } from '@testing-library/react'
import { startTransition, useEffect, useLayoutEffect, useState } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { RunfeedProvider, useRun, useRunMetadata } from 'runfeed/react'
import { afterEach, expect, test, vi } from 'vitest'
import { type FakeClient, fakeClient } from './fake-client.ts'

vi.setConfig({ testTimeout: 60_000 })
afterEach(() => vi.restoreAllMocks())

/** Publishes without `act`: as a feed does, at any moment. */
function publish(client: FakeClient, n: number): void {
  const topic = client.run('run_a')
  const before = topic.getSnapshot().run
  if (!before) throw new Error('write once before')
  const value = { ...topic.getSnapshot(), run: { ...before, version: n, metadata: { n } } }
  topic.getSnapshot = () => value
  for (const listener of topic.listeners) listener()
}

/** As long as a slice of time that React renders in. */
function burn(): void {
  const until = performance.now() + 3
  while (performance.now() < until);
}

test('siblings always show one version, also where a slow render is interrupted by news', async () => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: false })
  try {
    const client = fakeClient()
    client.write('run_a', { n: 1 })
    let version = 1
    const torn: string[] = []
    let commits = 0
    const Slow = () => {
      const { metadata } = useRunMetadata('run_a', { select: (d) => d['n'] })
      burn()
      return <i>{JSON.stringify(metadata)}</i>
    }
    const host = document.body.appendChild(document.createElement('div'))
    const grow = new EventTarget()
    const List = () => {
      const [count, setCount] = useState(0)
      useEffect(() => grow.addEventListener('grow', (event) => startTransition(() => setCount((event as CustomEvent<number>).detail))), [])
      const { run } = useRun('run_a', { select: (record) => record.version })
      useLayoutEffect(() => {
        commits++
        const seen = new Set([String(run), ...[...host.querySelectorAll('i')].map((each) => each.textContent)])
        if (seen.size > 1) torn.push([...seen].join())
      })
      return Array.from({ length: count }, (_, i) => <Slow key={i} />)
    }
    const root = createRoot(host)
    flushSync(() =>
      root.render(
        <RunfeedProvider client={client}>
          <List />
        </RunfeedProvider>,
      ),
    )
    for (const count of [20, 30, 25]) {
      grow.dispatchEvent(new CustomEvent('grow', { detail: count }))
      // news comes between the slices of the slow render
      const news = setInterval(() => (version % 10 === 0 ? clearInterval(news) : publish(client, ++version)))
      await waitFor(() => expect(host.querySelectorAll('i')).toHaveLength(count))
      clearInterval(news)
      version += 10 - (version % 10) + 1
      publish(client, version)
      await waitFor(() => expect(new Set([...host.querySelectorAll('i')].map((each) => each.textContent))).toEqual(new Set([String(version)])))
    }
    expect(commits).toBeGreaterThan(3)
    expect(torn).toEqual([])
    root.unmount()
    expect(client.followed()).toEqual([])
  } finally {
    Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true })
  }
})

test('an id that changes in a transition shows the old run until the new page is there', async () => {
  const client = fakeClient()
  client.write('run_a', { n: 1 })
  client.write('run_b', { n: 2 })
  const pairs: string[] = []
  const Reader = () => {
    const [id, setId] = useState('run_a')
    const { run } = useRun(id, { select: (record) => record.id })
    pairs.push(`${id} ${run}`)
    return <button onClick={() => startTransition(() => setId('run_b'))}>{run}</button>
  }
  const view = render(
    <RunfeedProvider client={client}>
      <Reader />
    </RunfeedProvider>,
  )
  await act(async () => view.getByRole('button').click())
  expect(view.container.textContent).toBe('run_b')
  expect(new Set(pairs)).toEqual(new Set(['run_a run_a', 'run_b run_b']))
  expect(client.followed()).toEqual(['run_b'])
})
