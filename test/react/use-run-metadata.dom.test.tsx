import { act, cleanup, render, renderHook } from '@testing-library/react'
import { StrictMode } from 'react'
import { RunfeedProvider, useRun, useRunMetadata } from 'runfeed/react'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { scriptedRun } from '../../src/testing/scripted-run.ts'
import { type FakeClient, fakeClient } from './fake-client.ts'

const N = z.object({ n: z.number() })

function follow<T>(client: FakeClient, hook: (id: string | undefined) => T, id: string | undefined = 'run_a', strict = false) {
  const shown: T[] = []
  const view = renderHook(
    ({ run }: { run: string | undefined }) => {
      const result = hook(run)
      shown.push(result)
      return result
    },
    {
      initialProps: { run: id as string | undefined },
      wrapper: ({ children }) => {
        const inner = <RunfeedProvider client={client}>{children}</RunfeedProvider>
        return strict ? <StrictMode>{inner}</StrictMode> : inner
      },
    },
  )
  return { ...view, shown, to: (run: string | undefined) => view.rerender({ run }) }
}

describe('a live document', () => {
  test('that is empty is pending without issues; a refused one before the first good is pending with them', () => {
    const client = fakeClient()
    const { result } = follow(client, (id) => useRunMetadata(id, { schema: N }))
    expect(result.current).toMatchObject({ status: 'pending', metadata: undefined, issues: [], isEnabled: true })
    client.write('run_a', {})
    expect(result.current).toMatchObject({ status: 'pending', issues: [] })
    client.write('run_a', { n: 'x' })
    expect(result.current).toMatchObject({ status: 'pending', metadata: undefined, raw: { n: 'x' }, issues: [{ path: ['n'] }] })
    client.write('run_a', { n: 1 })
    expect(result.current).toMatchObject({ status: 'success', metadata: { n: 1 }, raw: undefined, issues: [] })
  })

  test('good, bad, good: the last good one stays, and a later component sees it too', () => {
    const client = fakeClient()
    const onInvalid = vi.fn<(event: unknown) => void>()
    const { result } = follow(client, (id) => useRunMetadata(id, { schema: N, onInvalid }))
    client.write('run_a', { n: 1 })
    const first = result.current.metadata
    client.write('run_a', { n: 'bad' })
    expect(result.current.isSuccess).toBe(true)
    expect(result.current.metadata).toBe(first)
    expect(result.current).toMatchObject({ issues: [{ path: ['n'] }], raw: { n: 'bad' } })
    expect(onInvalid).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ runId: 'run_a', version: 2, raw: { n: 'bad' } }))
    const late = follow(client, (id) => useRunMetadata(id, { schema: N }))
    expect(late.result.current.metadata).toBe(first)
    client.write('run_a', { n: 3 })
    expect(result.current).toMatchObject({ metadata: { n: 3 }, issues: [], raw: undefined })
    expect(client.run('run_a').subscriptions).toBe(2)
  })

  test('keeps its last good value with an inline schema', () => {
    const client = fakeClient()
    const { result } = follow(client, (id) => useRunMetadata(id, { schema: z.object({ n: z.number() }) }))
    client.write('run_a', { n: 1 })
    client.write('run_a', { n: 'bad' })
    expect(result.current).toMatchObject({ status: 'success', metadata: { n: 1 }, issues: [{ path: ['n'] }] })
  })

  test('what another schema made of it is not kept: this one judges the last good document itself', () => {
    const client = fakeClient()
    const Loose = z.object({ total: z.string() })
    const whole = renderHook(({ schema }) => useRunMetadata<z.ZodType<object>>('run_a', { client, schema }), {
      initialProps: { schema: Loose as z.ZodType<object> },
    })
    const perKey = renderHook(({ total }) => useRunMetadata('run_a', { client, schema: { total, step: z.number() } }), {
      initialProps: { total: z.coerce.string() as z.ZodType },
    })
    client.write('run_a', { total: '7', step: 1 })
    client.write('run_a', { total: '8', step: 'two' })
    expect(whole.result.current).toMatchObject({ status: 'success', metadata: { total: '8' } })
    expect(perKey.result.current.metadata).toEqual({ total: '8', step: 1 })
    whole.rerender({ schema: z.object({ total: z.number() }) })
    expect(whole.result.current).toMatchObject({ status: 'pending', metadata: undefined, issues: [{ path: ['total'] }], raw: { total: '8' } })
    perKey.rerender({ total: z.number() })
    expect(perKey.result.current.metadata).toEqual({ step: 1 })
    // the newest document is refused by it, the last good one of before is not
    whole.rerender({ schema: Loose })
    client.write('run_a', { total: 9 })
    whole.rerender({ schema: z.object({ total: z.string().transform(Number) }) })
    expect(whole.result.current).toMatchObject({ status: 'success', metadata: { total: 8 }, issues: [{ path: ['total'] }] })
  })

  test('strict: a refusal is an error, the next good document a success again', () => {
    const client = fakeClient()
    const onError = vi.fn<(error: unknown) => void>()
    const { result } = follow(client, (id) => useRunMetadata(id, { schema: N, mode: 'strict', onError }))
    client.write('run_a', {})
    expect(result.current.status).toBe('pending')
    client.write('run_a', { n: 1 })
    client.write('run_a', { n: 'bad' })
    expect(result.current).toMatchObject({ status: 'error', error: { type: 'invalid_data' }, metadata: { n: 1 } })
    client.write('run_a', { n: 2 })
    expect(result.current).toMatchObject({ status: 'success', metadata: { n: 2 }, error: undefined })
    expect(onError).toHaveBeenCalledTimes(1)
  })

  test('with one schema per key is judged key by key', () => {
    const client = fakeClient()
    const shape = { total: z.number(), done: z.number().default(0), at: z.coerce.date().optional() }
    const { result } = follow(client, (id) => useRunMetadata(id, { schema: shape }))
    client.write('run_a', {})
    expect(result.current).toMatchObject({ status: 'success', metadata: { done: 0 }, issues: [] })
    client.write('run_a', { total: 5, done: 1, at: '2030-01-01' })
    expect(result.current.metadata?.at).toEqual(new Date('2030-01-01'))
    client.write('run_a', { total: 'many', done: 2 })
    expect(result.current).toMatchObject({ status: 'success', metadata: { total: 5, done: 2 }, issues: [{ path: ['total'] }] })
    client.write('run_a', { done: 3 })
    expect(result.current.metadata).toEqual({ done: 3 })
  })

  test('an async schema is refused by name, and not by throwing', () => {
    const client = fakeClient()
    const schema = z.object({ n: z.number().refine(async () => true) })
    const { result } = follow(client, (id) => useRunMetadata(id, { schema }))
    client.write('run_a', { n: 1 })
    expect(result.current.status).toBe('error')
  })
})

describe('what is followed', () => {
  test('1,000 renders with everything inline: one subscription, the newest closures', () => {
    const client = fakeClient()
    const seen: number[] = []
    let round = 0
    const { rerender, result, to } = follow(client, (id) =>
      useRunMetadata(id && { id, publicAccessToken: 't' }, {
        schema: z.object({ n: z.number() }),
        select: (d) => ({ half: d.n / 2 }),
        onData: () => seen.push(round),
      }),
    )
    client.write('run_a', { n: 2 })
    const first = result.current
    for (round = 1; round <= 1000; round++) rerender({ run: 'run_a' })
    expect(result.current).toBe(first)
    expect(client.run('run_a').subscriptions).toBe(1)
    client.write('run_a', { n: 4 })
    expect(seen).toEqual([0, 1001])
    expect(result.current.metadata).toEqual({ half: 2 })
    to('run_a')
  })

  test('StrictMode ends with one listener, and unmounting cancels nothing', () => {
    const client = fakeClient()
    const { unmount } = follow(client, (id) => useRunMetadata(id), 'run_a', true)
    expect(client.run('run_a').listeners.size).toBe(1)
    unmount()
    expect(client.followed()).toEqual([])
    expect(client.connection.listeners.size).toBe(0)
    expect(client.cancels).toEqual([])
  })

  test('another id never shows the data of the one before', () => {
    const client = fakeClient()
    const { result, shown, to } = follow(client, (id) => ({ id, ...useRun(id, { select: (run) => run.id }) }))
    client.write('run_a', { n: 1 })
    expect(result.current.run).toBe('run_a')
    to('run_b')
    expect(result.current).toMatchObject({ status: 'pending', run: undefined })
    client.write('run_b', {})
    to('run_a')
    expect(result.current.run).toBe('run_a')
    for (const each of shown) expect([undefined, each.id]).toContain(each.run)
    expect(client.followed()).toEqual(['run_a'])
  })

  test.each([
    { enabled: true, id: 'run_a', follows: true },
    { enabled: undefined, id: 'run_a', follows: true },
    { enabled: false, id: 'run_a', follows: false },
    { enabled: true, id: undefined, follows: false },
    { enabled: true, id: '', follows: false },
  ])('enabled $enabled with id $id', ({ enabled, id, follows }) => {
    const client = fakeClient()
    const { result, rerender } = renderHook(() => useRunMetadata(id, { enabled, client }))
    expect(result.current).toMatchObject({ status: 'pending', isEnabled: follows })
    expect(client.followed()).toEqual(follows ? ['run_a'] : [])
    if (follows) return
    const first = result.current
    rerender()
    expect(result.current).toBe(first)
    expect(Object.isFrozen(first)).toBe(true)
  })

  test('without a client the result says so', () => {
    const { result } = renderHook(() => useRun('run_a'))
    expect(result.current).toMatchObject({ status: 'error', error: { type: 'no_client' } })
  })

  test('stop lets go and keeps what is shown', () => {
    const client = fakeClient()
    const { result } = follow(client, (id) => useRunMetadata(id))
    client.write('run_a', { n: 1 })
    act(() => result.current.stop())
    expect(client.followed()).toEqual([])
    expect(result.current).toMatchObject({ metadata: { n: 1 }, connectionStatus: 'closed', isStale: true })
  })

  test('stop stays, whatever other options change, and ends with another run', () => {
    const client = fakeClient()
    const { result, rerender } = renderHook(({ id, throttle }) => useRunMetadata(id, { client, throttle }), { initialProps: { id: 'run_a', throttle: 0 } })
    client.write('run_a', { n: 1 })
    act(() => result.current.stop())
    client.write('run_a', { n: 2 })
    rerender({ id: 'run_a', throttle: 100 })
    expect(client.followed()).toEqual([])
    expect(result.current).toMatchObject({ metadata: { n: 1 }, connectionStatus: 'closed' })
    rerender({ id: 'run_b', throttle: 100 })
    expect(client.followed()).toEqual(['run_b'])
  })
})

describe('when a component renders', () => {
  test('only when what it selects has changed', () => {
    const client = fakeClient()
    client.write('run_a', { a: { x: 1 }, b: 0 })
    const { shown } = follow(client, (id) => useRunMetadata(id, { select: (d) => ({ a: d['a'] }) }))
    const before = shown.length
    for (let b = 1; b <= 10; b++) client.write('run_a', { a: { x: 1 }, b })
    expect(shown).toHaveLength(before)
    client.write('run_a', { a: { x: 2 }, b: 0 })
    expect(shown).toHaveLength(before + 1)
  })

  test('isEqual decides', () => {
    const client = fakeClient()
    client.write('run_a', { n: 1 })
    const { shown, result } = follow(client, (id) =>
      useRunMetadata(id, { schema: N, select: (d) => d.n, isEqual: (a, b) => Math.floor(a / 10) === Math.floor(b / 10) }),
    )
    const before = shown.length
    for (let n = 2; n < 10; n++) client.write('run_a', { n })
    expect([shown.length, result.current.metadata]).toEqual([before, 1])
    client.write('run_a', { n: 10 })
    expect([shown.length, result.current.metadata]).toEqual([before + 1, 10])
  })

  describe('with a throttle', () => {
    afterEach(() => {
      cleanup()
      vi.useRealTimers()
    })
    test('200 updates in 2 s at 500 ms: at most five more renders, other renders see the gated value, the last one is exact', () => {
      vi.useFakeTimers()
      const client = fakeClient()
      const { shown, result, rerender } = follow(client, (id) => useRunMetadata(id, { throttle: 500, select: (d) => d['n'] }))
      const before = shown.length
      for (let n = 1; n <= 200; n++) {
        client.write('run_a', { n })
        act(() => void vi.advanceTimersByTime(10))
      }
      expect(shown.length - before).toBeLessThanOrEqual(5)
      const gated = result.current.metadata
      client.write('run_a', { n: 201 })
      rerender({ run: 'run_a' })
      expect(result.current.metadata).toBe(gated)
      act(() => void vi.advanceTimersByTime(500))
      expect(result.current.metadata).toBe(201)
    })

    test('what is written after the end waits as all else does', () => {
      vi.useFakeTimers()
      const client = fakeClient()
      const { shown, result } = follow(client, (id) => useRunMetadata(id, { throttle: 500 }))
      client.write('run_a', { n: 0 })
      const { run } = client.run('run_a').getSnapshot()
      client.run('run_a').set({ run: run && { ...run, status: 'COMPLETED', finishedAt: 5 }, end: { settled: false, live: true } })
      const before = shown.length
      for (let n = 1; n <= 50; n++) client.write('run_a', { n })
      act(() => void vi.advanceTimersByTime(500))
      expect(shown.length - before).toBeLessThanOrEqual(1)
      expect(result.current.metadata).toEqual({ n: 50 })
    })

    test('the end does not wait', () => {
      vi.useFakeTimers()
      const client = fakeClient()
      const onComplete = vi.fn<(run: unknown) => void>()
      const { result } = follow(client, (id) => useRunMetadata(id, { throttle: 60_000, onComplete }))
      client.write('run_a', { n: 1 })
      client.write('run_a', { n: 2 })
      expect(result.current.metadata).toEqual({ n: 1 })
      client.end('run_a')
      expect(result.current.metadata).toEqual({ n: 2 })
      expect(onComplete).toHaveBeenCalledTimes(1)
    })
  })

  test('the wire is apart from the data and from the run', () => {
    const client = fakeClient()
    const { result } = follow(client, (id) => useRun(id))
    client.write('run_a', {})
    expect(result.current).toMatchObject({ status: 'success', connectionStatus: 'open', isStale: false })
    client.connection.set({ status: 'reconnecting' })
    expect(result.current).toMatchObject({ status: 'success', connectionStatus: 'reconnecting', isStale: true })
    client.end('run_a', 'FAILED')
    expect(result.current).toMatchObject({ status: 'success', isStale: false, run: { status: 'FAILED' } })
  })
})

describe('callbacks', () => {
  test('onComplete once per run id, after the last state is shown, though the selection did not change', () => {
    const client = fakeClient()
    const ends: string[] = []
    const { to, rerender } = follow(
      client,
      (id) => {
        const { run } = useRun(id, { select: () => 'same', onComplete: (done, { live }) => ends.push(`${done.id} ${done.status} ${live}`) })
        return run
      },
      'run_a',
      true,
    )
    client.write('run_a', { n: 1 })
    client.end('run_a')
    client.run('run_a').set({ end: { settled: true, live: true } })
    rerender({ run: 'run_a' })
    expect(ends).toEqual(['run_a COMPLETED true'])
    to('run_b')
    client.end('run_b', 'FAILED')
    to('run_a')
    expect(ends).toEqual(['run_a COMPLETED true', 'run_b FAILED true'])
  })

  test('onStatusChange tells what has changed since it was first shown, also where the selection did not', () => {
    const client = fakeClient()
    const changes: string[] = []
    const { to, rerender } = follow(
      client,
      (id) => useRun(id, { select: () => 'same', onStatusChange: (status, { version }, previous) => changes.push(`${previous} ${status} ${version}`) }),
      'run_a',
      true,
    )
    client.write('run_a', {}, { status: 'QUEUED' })
    client.write('run_a', { n: 1 })
    expect(changes).toEqual([])
    client.write('run_a', {}, { status: 'EXECUTING' })
    rerender({ run: 'run_a' })
    client.end('run_a')
    expect(changes).toEqual(['QUEUED EXECUTING 3', 'EXECUTING COMPLETED 4'])
    // another run's status is none of this one's
    client.write('run_b', {}, { status: 'QUEUED' })
    to('run_b')
    expect(changes).toHaveLength(2)
  })

  test('a version whose number is made twice, after a crash of the server, is told twice; one that is read twice is not', () => {
    const client = fakeClient()
    const onData = vi.fn<(metadata: unknown) => void>()
    const onInvalid = vi.fn<(event: { raw: unknown }) => void>()
    renderHook(() => [useRunMetadata('run_a', { client, onData }), useRunMetadata('run_a', { client, schema: N, onInvalid })])
    client.write('run_a', { n: 1 }, { version: 12 })
    client.write('run_a', { n: 2 }, { version: 12 })
    const { run } = client.run('run_a').getSnapshot()
    client.run('run_a').set({ run: run && { ...run, metadata: { n: 2 } } })
    expect(onData.mock.calls).toEqual([[{ n: 1 }], [{ n: 2 }]])
    client.write('run_a', { n: 'x' }, { version: 13 })
    client.write('run_a', { n: 'y' }, { version: 13 })
    expect(onInvalid.mock.calls.map(([{ raw }]) => raw)).toEqual([{ n: 'x' }, { n: 'y' }])
  })

  test('throwOnError reaches a boundary; nothing throws without it', () => {
    const client = fakeClient()
    const fail = (): void => client.run('run_a').set({ error: Object.assign(new Error('no'), { type: 'forbidden' }) as never })
    const Reader = ({ boundary }: { boundary: boolean }) => <p>{useRun('run_a', { client, throwOnError: boundary }).status}</p>
    const { container, unmount } = render(<Reader boundary={false} />)
    fail()
    expect(container.textContent).toBe('error')
    unmount()
    const quiet = vi.spyOn(console, 'error').mockImplementation(() => {})
    // what had failed before is asked for again
    render(<Reader boundary />)
    expect(fail).toThrow('no')
    quiet.mockRestore()
  })

  test('initial data is shown until there is something newer, and never for another run', () => {
    const client = fakeClient()
    const { result, to } = follow(client, (id) => useRunMetadata(id, { initialData: scriptedRun({ id: 'run_a', version: 3, metadata: { n: 3 } }) }))
    expect(result.current).toMatchObject({ status: 'success', metadata: { n: 3 } })
    client.write('run_a', { n: 1 })
    expect(result.current.metadata).toEqual({ n: 3 })
    client.write('run_a', { n: 4 }, { version: 4 })
    expect(result.current.metadata).toEqual({ n: 4 })
    to('run_b')
    expect(result.current.isPending).toBe(true)
  })
})
