// Lists that are live: against a real server, and case by case.
import { act, renderHook, waitFor } from '@testing-library/react'
import { createRunClient, defineRun, RunfeedError, type RunQuery } from 'runfeed'
import { createRunHooks, type RunsOptions, type RunSummary, useRunChildren, useRuns } from 'runfeed/react'
import { useState } from 'react'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import type { Run } from '../../src/protocol/run.ts'
import { queryName } from '../../src/protocol/want.ts'
import { scriptedRun } from '../../src/testing/scripted-run.ts'
import { type FakeClient, fakeClient } from './fake-client.ts'
import { startThread } from './thread.ts'

vi.setConfig({ testTimeout: 60_000 })

async function connect() {
  const server = await startThread()
  const client = createRunClient({ baseUrl: server.url })
  onTestFinished(() => client.close())
  return client
}

describe('of a server', () => {
  test('runs come, change and go, newest first, and pages are added', async () => {
    const client = await connect()
    const tags = ['list']
    const { result } = renderHook(() => ({
      all: useRuns({ tag: 'list' }, { client, limit: 2 }),
      waiting: useRuns({ tag: 'list', status: ['EXECUTING'] }, { client, select: (runs) => runs.map(({ id }) => id) }),
    }))
    await waitFor(() => expect(result.current.all.runs).toEqual([]))
    const { id: first } = await client.runs.trigger('wait', null, { tags })
    await waitFor(() => expect(result.current.waiting.runs).toEqual([first]))
    const { id: second } = await client.runs.trigger('count', 2, { tags })
    const { id: third } = await client.runs.trigger('count', 3, { tags })
    await waitFor(() =>
      expect(result.current.all.runs?.map(({ id, metadata }) => [id, metadata['n']])).toEqual([
        [third, 3],
        [second, 2],
      ]),
    )
    expect(result.current.all).toMatchObject({ hasMore: true, isLoadingMore: false })
    act(() => result.current.all.loadMore())
    // what is shown stays while more is on its way
    expect(result.current.all.runs).toHaveLength(2)
    await waitFor(() => expect(result.current.all.runs?.map(({ id }) => id)).toEqual([third, second, first]))
    expect(result.current.all.hasMore).toBe(false)
    await act(async () => void (await client.runs.cancel(first)))
    await waitFor(() => expect(result.current.waiting.runs).toEqual([]))
    await waitFor(() => expect(result.current.all.runs?.[2]?.status).toBe('CANCELED'))
  })

  test('more than a live list holds: each run once, in order, and those of an older page are as live as the first', async () => {
    const client = await connect()
    const { id: oldest } = await client.runs.trigger('wait', null, { tags: ['long'] })
    for (let page = 0; page < 3; page++) await Promise.all(Array.from({ length: 80 }, () => client.runs.trigger('double', { n: 1 }, { tags: ['long'] })))
    const { result } = renderHook(() => useRuns({ tag: 'long' }, { client, limit: 120 }))
    for (const shown of [120, 240, 241]) {
      await waitFor(() => expect(result.current.runs).toHaveLength(shown))
      expect(result.current).toMatchObject({ hasMore: shown < 241, error: undefined })
      act(() => result.current.loadMore())
    }
    const inOrder = async () => {
      const first = await client.runs.list({ tag: 'long', limit: 200 })
      const rest = await client.runs.list({ tag: 'long', limit: 200, ...(first.next !== undefined && { after: first.next }) })
      return [...first.runs, ...rest.runs].map(({ id }) => id)
    }
    expect(result.current.runs?.map(({ id }) => id)).toEqual(await inOrder())
    await waitFor(() => expect(result.current.runs?.at(-1)).toMatchObject({ id: oldest, status: 'EXECUTING' }))
    await act(async () => void (await client.runs.cancel(oldest)))
    await waitFor(() => expect(result.current.runs?.at(-1)).toMatchObject({ id: oldest, status: 'CANCELED' }))
    // what newer ones push out of the live list stays
    for (let n = 0; n < 5; n++) await client.runs.trigger('double', { n: 1 }, { tags: ['long'] })
    await waitFor(() => expect(result.current.runs).toHaveLength(246))
    expect(result.current.runs?.map(({ id }) => id)).toEqual(await inOrder())
    await waitFor(() => expect(result.current.runs?.every(({ finishedAt }) => finishedAt !== null)).toBe(true))
    expect(JSON.stringify(result.current.runs)).not.toContain('"payload":{')
  })

  test('children of a run', async () => {
    const client = await connect()
    const { id } = await client.runs.trigger('parent', 3)
    const { result } = renderHook(() => useRunChildren(id, { client, select: (runs) => runs.filter(({ status }) => status === 'COMPLETED').length }))
    await waitFor(() => expect(result.current.runs).toBe(3))
  })

  test('what a query may not be is an error, and does not throw', async () => {
    const client = await connect()
    const onError = vi.fn<(error: unknown) => void>()
    const { result } = renderHook(() => useRuns({ status: ['EXECUTING'] }, { client, onError }))
    await waitFor(() => expect(result.current.isError).toBe(true))
    expect(result.current.error?.type).toMatch(/invalid_request|forbidden/)
    expect(onError).toHaveBeenCalledExactlyOnceWith(result.current.error)
  })
})

describe('case by case', () => {
  const run = (id: string, n: unknown, version = 1): Run => scriptedRun({ id, version, metadata: { n: n as number } })
  function follow<T = readonly RunSummary[]>(client: FakeClient, query: RunQuery | undefined, options: RunsOptions<RunSummary, T> = {}) {
    const shown: unknown[] = []
    const view = renderHook(
      (props: { query: RunQuery | undefined }) => {
        const result = useRuns<T>(props.query, { client, ...options })
        shown.push(result.runs)
        return result
      },
      { initialProps: { query } },
    )
    return { ...view, shown }
  }
  const LIST = { tag: 'x', limit: 50 }

  test('an inline query asks once; another one never shows the runs of the one before', () => {
    const client = fakeClient()
    const { result, rerender, shown } = follow(client, { tag: 'x' })
    client.runList(LIST).set({ runs: [run('run_1', 1)] })
    for (let i = 0; i < 100; i++) rerender({ query: { tag: 'x' } })
    expect(client.runList(LIST).subscriptions).toBe(1)
    expect(result.current.runs).toHaveLength(1)
    const before = shown.length
    rerender({ query: { tag: 'y' } })
    expect(shown.slice(before)).toEqual(shown.slice(before).map(() => undefined))
    expect(result.current).toMatchObject({ status: 'pending', runs: undefined })
    expect(client.followed()).toHaveLength(1)
  })

  test('no query and `enabled: false` ask for nothing; no ids are no runs', () => {
    const client = fakeClient()
    expect(follow(client, undefined).result.current).toMatchObject({ status: 'pending', isEnabled: false, runs: undefined })
    expect(follow(client, { tag: 'x' }, { enabled: false }).result.current.isEnabled).toBe(false)
    expect(follow(client, { ids: [] }).result.current).toMatchObject({ status: 'success', runs: [] })
    expect(client.followed()).toEqual([])
  })

  test('a query of what is not known yet is disabled, and never a wider one', () => {
    const client = fakeClient()
    const hooks = createRunHooks(defineRun({ id: 'bake' }))
    const { result } = renderHook(() => [
      useRuns({ parent: undefined }, { client }),
      useRuns({ task: 'bake', tag: '' }, { client }),
      useRuns({ tag: 'x', ids: null }, { client }),
      useRuns({ tag: 'x', task: undefined }, { client }),
      hooks.useRuns({ parent: undefined }, { client }),
    ])
    for (const { isEnabled, status } of result.current) expect([isEnabled, status]).toEqual([false, 'pending'])
    expect(client.followed()).toEqual([])
    // any status is asked for, and a contract knows its task
    renderHook(() => [useRuns({ tag: 'x', status: undefined }, { client }), hooks.useRuns({ tag: 'x', task: undefined }, { client })])
    expect(client.followed()).toEqual([queryName(LIST), queryName({ ...LIST, task: 'bake' })])
  })

  test('renders only when what is selected has changed', () => {
    const client = fakeClient()
    const { result, shown } = follow(client, { tag: 'x' }, { select: (runs) => runs.map(({ id }) => id) })
    client.runList(LIST).set({ runs: [run('run_1', 1), run('run_2', 1)] })
    const first = result.current.runs
    const before = shown.length
    for (let n = 2; n < 12; n++) client.runList(LIST).set({ runs: [run('run_1', n, n), run('run_2', 1)] })
    expect(shown).toHaveLength(before)
    expect(result.current.runs).toBe(first)
  })

  test('loadMore shows one page more each time and keeps what is shown; a list that cannot be longer stays as it is, with the error', () => {
    const client = fakeClient()
    const { result } = follow(client, { tag: 'x' }, { limit: 90 })
    client.runList({ tag: 'x', limit: 90 }).set({ runs: [run('run_1', 1)], hasMore: true })
    act(() => result.current.loadMore())
    expect(result.current).toMatchObject({ status: 'success', runs: [{ id: 'run_1' }], isLoadingMore: true })
    act(() => result.current.loadMore())
    client.runList({ tag: 'x', limit: 180 }).set({ runs: [run('run_1', 1), run('run_2', 1)], hasMore: true })
    expect(result.current).toMatchObject({ isLoadingMore: false, hasMore: true, runs: { length: 2 } })
    expect(client.followed()).toHaveLength(1)
    act(() => result.current.loadMore())
    const refusal = new RunfeedError('forbidden', 'not so many')
    client.runList({ tag: 'x', limit: 200 }).set({ error: refusal })
    expect(result.current).toMatchObject({ status: 'error', error: refusal, isLoadingMore: false, hasMore: true, runs: { length: 2 } })
    act(() => result.current.loadMore())
    expect(result.current).toMatchObject({ status: 'success', isLoadingMore: true })
    client.runList({ tag: 'x', limit: 200 }).set({ error: undefined, runs: [run('run_1', 1)], hasMore: false })
    expect(result.current).toMatchObject({ status: 'success', isLoadingMore: false, hasMore: false, runs: { length: 1 } })
    expect(client.followed()).toHaveLength(1)
  })

  test('a contract parses each run once per version, and one bad run leaves the others alone', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const client = fakeClient()
    const hooks = createRunHooks(defineRun({ id: 'c', metadata: z.object({ n: z.coerce.bigint() }) }))
    const list = client.runList({ tag: 'x', task: 'c', limit: 50 })
    const { result, rerender } = renderHook(() => hooks.useRuns({ tag: 'x' }, { client }))
    const [one, two] = [run('run_1', 1), run('run_2', 2)]
    list.set({ runs: [one, two] })
    expect(result.current.runs?.map(({ metadata }) => metadata)).toEqual([{ n: 1n }, { n: 2n }])
    const [typed] = result.current.runs ?? []
    list.set({ runs: [one, run('run_2', 'two', 2)] })
    rerender()
    expect(result.current.runs?.[0]).toBe(typed)
    expect(result.current).toMatchObject({ status: 'success', runs: [{ id: 'run_1' }, { id: 'run_2', version: 2, metadata: { n: 2n } }] })
    expect(result.current.issues).toMatchObject([{ path: ['run_2', 'metadata', 'n'] }])
    const strict = renderHook(({ mode }) => hooks.useRuns({ tag: 'x' }, { client, mode }), { initialProps: { mode: 'keep-last' as 'keep-last' | 'strict' } })
    expect(strict.result.current.status).toBe('success')
    strict.rerender({ mode: 'strict' })
    expect(strict.result.current).toMatchObject({ status: 'error', error: { type: 'invalid_data' }, runs: [{ id: 'run_1' }, { id: 'run_2' }] })
  })

  test('initial data is shown until the list is here', () => {
    const client = fakeClient()
    const { result } = follow(client, { tag: 'x' }, { initialData: [{ ...run('run_0', 0), tags: ['x'] }] })
    expect(result.current).toMatchObject({ status: 'success', runs: [{ id: 'run_0' }] })
    client.runList(LIST).set({ runs: [run('run_1', 1)] })
    expect(result.current.runs).toMatchObject([{ id: 'run_1' }])
  })

  test('initial data of another query is none: not its runs, and not those of them that fit', () => {
    const client = fakeClient()
    const initialData = [scriptedRun({ id: 'run_1', tags: ['x'] }), scriptedRun({ id: 'run_2', tags: ['x', 'y'] })]
    const { result, rerender, shown } = follow(client, { tag: 'x' }, { initialData })
    expect(result.current.runs).toHaveLength(2)
    const before = shown.length
    rerender({ query: { tag: 'y' } })
    expect(result.current).toMatchObject({ status: 'pending', runs: undefined })
    expect(shown.slice(before)).toEqual(shown.slice(before).map(() => undefined))
    rerender({ query: { tag: 'x', status: ['EXECUTING'] } })
    expect(result.current.runs).toHaveLength(2)
  })

  test('inline initial data is told once, and does not loop where that sets a state', () => {
    const client = fakeClient()
    const onData = vi.fn<(runs: readonly unknown[]) => void>()
    const { result } = renderHook(() => {
      const [seen, see] = useState<readonly unknown[]>()
      const initialData = [scriptedRun({ id: 'run_a', tags: ['x'] })]
      const { runs } = useRuns({ tag: 'x' }, { client, initialData, onData: (data) => (onData(data), see(data)) })
      return { seen, runs }
    })
    expect(onData).toHaveBeenCalledTimes(1)
    expect(result.current.seen).toBe(result.current.runs)
  })

  test('onData is told of each list; unmounting leaves nothing', () => {
    const client = fakeClient()
    const told: number[] = []
    const { unmount, rerender } = follow(client, { tag: 'x' }, { onData: (runs) => told.push(runs.length) })
    client.runList(LIST).set({ runs: [] })
    rerender({ query: { tag: 'x' } })
    client.runList(LIST).set({ runs: [run('run_1', 1)] })
    expect(told).toEqual([0, 1])
    unmount()
    expect([client.followed(), client.connection.listeners.size]).toEqual([[], 0])
  })

  test('without a client the result says so', () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    expect(renderHook(() => useRuns({ tag: 'x' })).result.current).toMatchObject({ status: 'error', error: { type: 'no_client' } })
  })
})
