// Suspense: once, never again on updates, and never for ever.
import { act, cleanup, render, screen } from '@testing-library/react'
import { Component, type ReactNode, startTransition, StrictMode, Suspense, useEffect, useState } from 'react'
import { createRunHooks, RunfeedProvider, useSuspenseRun, useSuspenseRunMetadata } from 'runfeed/react'
import { afterEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { defineRun } from '../../src/contract/define-run.ts'
import { RunfeedError } from '../../src/protocol/errors.ts'
import { scriptedRun } from '../../src/testing/scripted-run.ts'
import { type FakeClient, fakeClient } from './fake-client.ts'

class Boundary extends Component<{ readonly children: ReactNode }, { readonly error?: Error }> {
  override state: { readonly error?: Error } = {}
  static getDerivedStateFromError = (error: Error) => ({ error })
  override render() {
    return this.state.error ? <p>failed: {(this.state.error as RunfeedError).type}</p> : this.props.children
  }
}

function show(client: FakeClient, Reader: () => ReactNode, strict = false) {
  let fallbacks = 0
  const Fallback = () => {
    // those that are shown: React also renders one that a transition then leaves out
    useEffect(() => {
      fallbacks++
    }, [])
    return <p>waiting</p>
  }
  const page = (
    <RunfeedProvider client={client}>
      <Boundary>
        <Suspense fallback={<Fallback />}>
          <Reader />
        </Suspense>
      </Boundary>
    </RunfeedProvider>
  )
  const view = render(strict ? <StrictMode>{page}</StrictMode> : page)
  return { ...view, text: () => view.container.textContent, fallbacks: () => fallbacks }
}
// React tries again in a microtask of its own
const settled = (change: () => void): Promise<void> => act(async () => change())

afterEach(() => {
  cleanup()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

test.each([false, true])('suspends until the run is known, once (StrictMode %s)', async (strict) => {
  const client = fakeClient()
  const page = show(client, () => <b>{useSuspenseRun('run_a').run.version}</b>, strict)
  expect(page.text()).toBe('waiting')
  expect(client.followed()).toEqual(['run_a'])
  await settled(() => client.write('run_a', {}))
  expect(page.text()).toBe('1')
  const before = page.fallbacks()
  for (let n = 0; n < 10; n++) await settled(() => client.write('run_a', { n }))
  client.connection.set({ status: 'reconnecting' })
  expect(page.text()).toBe('11')
  expect(page.fallbacks()).toBe(before)
  // the component alone: what was held for it has been let go
  expect(client.run('run_a').listeners.size).toBe(1)
  page.unmount()
  expect(client.followed()).toEqual([])
})

test('metadata: waits through what the schema refuses, and keeps the last good one after', async () => {
  const client = fakeClient()
  const schema = z.object({ n: z.number() })
  const renders = vi.fn<() => void>()
  const page = show(client, () => {
    renders()
    const { metadata, issues } = useSuspenseRunMetadata('run_a', { schema })
    return <b>{`${metadata.n} ${issues.length}`}</b>
  })
  await settled(() => client.write('run_a', {}))
  await settled(() => client.write('run_a', { n: 'bad' }))
  expect(page.text()).toBe('waiting')
  const tries = renders.mock.calls.length
  // news wakes it, and nothing else does
  await settled(() => {})
  expect(renders).toHaveBeenCalledTimes(tries)
  await settled(() => client.write('run_a', { n: 3 }))
  expect(page.text()).toBe('3 0')
  await settled(() => client.write('run_a', { n: 'bad' }))
  expect(page.text()).toBe('3 1')
})

test('a run that ends without a good document does not suspend for ever', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const client = fakeClient()
  const page = show(client, () => <b>{useSuspenseRunMetadata('run_a', { schema: z.object({ n: z.number() }) }).metadata.n}</b>)
  await settled(() => client.write('run_a', { n: 'bad' }))
  await settled(() => client.end('run_a'))
  expect(page.text()).toBe('failed: invalid_data')
})

test('a run that cannot be read reaches the boundary; one that fails later keeps what is shown', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const client = fakeClient()
  const lost = show(client, () => <b>{useSuspenseRun('run_a').run.id}</b>)
  await settled(() => client.run('run_a').set({ error: new RunfeedError('forbidden', 'no') }))
  expect(lost.text()).toBe('failed: forbidden')
  const page = show(client, () => {
    const { run, status } = useSuspenseRun('run_b')
    return <b>{`${run.id} ${status}`}</b>
  })
  await settled(() => client.write('run_b', {}))
  await settled(() => client.run('run_b').set({ error: new RunfeedError('forbidden', 'no') }))
  expect(page.text()).toBe('run_b error')
})

test('what select gives may be undefined: what fails later is in `error` all the same', async () => {
  const client = fakeClient()
  const page = show(client, () => {
    const run = useSuspenseRun('run_a', { select: ({ output }) => output })
    const metadata = useSuspenseRunMetadata('run_a', { select: (d) => d['n'] })
    return <b>{JSON.stringify([run.status, run.run, metadata.status, metadata.metadata])}</b>
  })
  await settled(() => client.write('run_a', {}))
  expect(page.text()).toBe('["success",null,"success",null]')
  await settled(() => client.run('run_a').set({ error: new RunfeedError('forbidden', 'no') }))
  expect(page.text()).toBe('["error",null,"error",null]')
})

test('initial data and a run that is known already do not suspend', async () => {
  const client = fakeClient()
  client.write('run_a', { n: 1 })
  const { useSuspenseRun: useTyped } = createRunHooks(defineRun({ id: 'c', metadata: z.object({ n: z.coerce.string() }) }))
  const page = show(client, () => <b>{useTyped('run_a').run.metadata?.n}</b>)
  const other = show(client, () => <b>{useSuspenseRun('run_b', { initialData: scriptedRun({ id: 'run_b' }) }).run.id}</b>)
  expect([page.text(), other.text(), page.fallbacks(), other.fallbacks()]).toEqual(['1', 'run_b', 0, 0])
  await settled(() => {})
})

test('another run suspends anew, inside a transition too', async () => {
  const client = fakeClient()
  client.write('run_a', {})
  let go = (_: string): void => {}
  const page = show(client, () => {
    const [id, setId] = useState('run_a')
    go = (next) => startTransition(() => setId(next))
    return <b>{useSuspenseRun(id).run.id}</b>
  })
  await settled(() => go('run_b'))
  // a transition keeps what is shown
  expect(page.text()).toBe('run_a')
  await settled(() => client.write('run_b', {}))
  expect(page.text()).toBe('run_b')
  expect(page.fallbacks()).toBe(0)
  expect(client.followed()).toEqual(['run_b'])
})

test('what was suspended and left is let go after a while', async () => {
  vi.useFakeTimers()
  const client = fakeClient()
  const page = show(client, () => <b>{useSuspenseRun('run_a').run.id}</b>)
  expect(client.followed()).toEqual(['run_a'])
  // who still waits asks again
  await act(async () => void (await vi.advanceTimersByTimeAsync(60_000)))
  expect(client.followed()).toEqual(['run_a'])
  page.unmount()
  await act(async () => void (await vi.advanceTimersByTimeAsync(30_000)))
  expect(client.followed()).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})

test('without a client the error reaches the boundary', () => {
  vi.spyOn(console, 'error').mockImplementation(() => {})
  const Reader = () => <b>{useSuspenseRun('run_a').run.id}</b>
  render(
    <Boundary>
      <Reader />
    </Boundary>,
  )
  expect(screen.getByText('failed: no_client')).toBeDefined()
})
