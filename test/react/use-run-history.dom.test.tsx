import { act, renderHook, waitFor } from '@testing-library/react'
import { StrictMode } from 'react'
import { ConnectionError, createRunClient, HttpError } from 'runfeed'
import { useRunHistory } from 'runfeed/react'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { RunVersion } from '../../src/protocol/rest.ts'
import { fakeClient } from './fake-client.ts'
import { startThread } from './thread.ts'

vi.setConfig({ testTimeout: 60_000 })

/** A run with so many versions, of which the server answers at most two at once. */
function paged(count: number) {
  const client = fakeClient()
  const versions: RunVersion[] = Array.from({ length: count }, (_, i) => ({ version: i + 1, at: i, by: null, patch: [] }))
  const history = vi.fn<typeof client.runs.history>(async (_run, { after = 0, limit = 100 } = {}) => ({
    oldest: 1,
    versions: versions.filter(({ version }) => version > after).slice(0, Math.min(limit, 2)),
  }))
  client.runs.history = history
  return { client, history, add: () => versions.push({ version: versions.length + 1, at: 0, by: null, patch: [] }) }
}
const numbers = (versions: readonly RunVersion[] | undefined) => versions?.map(({ version }) => version)

test('pages of a real run, oldest first, to its end', async () => {
  const server = await startThread()
  const client = createRunClient({ baseUrl: server.url })
  onTestFinished(() => client.close())
  const { id } = await client.runs.trigger('count', 5)
  await waitFor(async () => expect((await server.run(id)).status).toBe('COMPLETED'))
  const { version } = await server.run(id)
  const { result } = renderHook(() => useRunHistory(id, { client, limit: 3 }), { wrapper: StrictMode })
  expect(result.current).toMatchObject({ status: 'pending', versions: undefined, isEnabled: true })
  await waitFor(() => expect(result.current.versions).toHaveLength(3))
  expect(result.current).toMatchObject({ status: 'success', oldest: 1, hasMore: true })
  for (let page = 2; result.current.hasMore; page++) {
    act(() => result.current.loadMore())
    await waitFor(() => expect(result.current.isLoadingMore).toBe(false))
    expect(result.current.versions?.length).toBe(Math.min(3 * page, version - 1))
  }
  // the first version is the run as it was made: no change of anything
  expect(numbers(result.current.versions)).toEqual(Array.from({ length: version - 1 }, (_, i) => i + 2))
})

test('a short answer is not the end; loadMore on the last page brings what has come since', async () => {
  const { client, add } = paged(5)
  const { result } = renderHook(() => useRunHistory('run_a', { client, limit: 4 }))
  await waitFor(() => expect(numbers(result.current.versions)).toEqual([1, 2, 3, 4]))
  expect(result.current.hasMore).toBe(true)
  act(() => result.current.loadMore())
  expect(result.current).toMatchObject({ isLoadingMore: true, versions: [{}, {}, {}, {}] })
  await waitFor(() => expect(numbers(result.current.versions)).toEqual([1, 2, 3, 4, 5]))
  expect(result.current.hasMore).toBe(false)
  add()
  act(() => result.current.loadMore())
  await waitFor(() => expect(result.current.versions).toHaveLength(6))
})

test('new versions of a real run come as they are made, until the page is full', async () => {
  const server = await startThread()
  const client = createRunClient({ baseUrl: server.url })
  onTestFinished(() => client.close())
  const { id } = await client.runs.trigger('wait', null)
  const { result } = renderHook(() => useRunHistory(id, { client, limit: 5 }), { wrapper: StrictMode })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  let n = 0
  while ((await server.run(id)).version < 6) await server.write(id, { n: ++n })
  await waitFor(() => expect(numbers(result.current.versions)).toEqual([2, 3, 4, 5, 6]))
  await server.write(id, { n: ++n })
  await waitFor(() => expect(result.current.hasMore).toBe(true))
  expect(result.current.versions).toHaveLength(5)
  act(() => result.current.loadMore())
  await waitFor(() => expect(numbers(result.current.versions)).toEqual([2, 3, 4, 5, 6, 7]))
  expect(result.current.hasMore).toBe(false)
  await server.write(id, { n: ++n })
  await waitFor(() => expect(result.current.versions?.at(-1)).toMatchObject({ version: 8, patch: [{ path: '/metadata', value: { n } }] }))
  await client.runs.cancel(id)
  await waitFor(() => expect(result.current.versions?.at(-1)?.patch).toContainEqual({ op: 'replace', path: '/status', value: 'CANCELED' }))
})

test('follows one request at a time, and asks for nothing while nothing changes', async () => {
  const { client, history, add } = paged(0)
  const { result, rerender } = renderHook(() => useRunHistory('run_a', { client, limit: 100 }))
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  for (let n = 1; n <= 20; n++) {
    add()
    client.write('run_a', { n })
  }
  await waitFor(() => expect(numbers(result.current.versions)).toEqual(Array.from({ length: 20 }, (_, at) => at + 1)))
  const asked = history.mock.calls.length
  expect(asked).toBeLessThan(20)
  // what a feed tells without a version that is newer
  client.run('run_a').set({ end: { settled: true, live: true } })
  rerender()
  expect(history).toHaveBeenCalledTimes(asked)
})

test('another run never shows the history of the one before, and disabled asks for nothing', async () => {
  const { client, history } = paged(1)
  const { result, rerender } = renderHook(({ id }) => useRunHistory(id, { client }), { initialProps: { id: undefined as string | undefined } })
  expect(result.current).toMatchObject({ status: 'pending', isEnabled: false })
  expect(history).not.toHaveBeenCalled()
  rerender({ id: 'run_a' })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  const asked = history.mock.calls.length
  rerender({ id: 'run_b' })
  expect(result.current).toMatchObject({ status: 'pending', versions: undefined })
  await waitFor(() => expect(result.current.isSuccess).toBe(true))
  expect(history.mock.calls.slice(asked).map(([id]) => id)).toEqual(['run_b', 'run_b'])
})

test('a failure is told once, keeps what is there, and loadMore tries again', async () => {
  const { client, history } = paged(4)
  const onError = vi.fn<(error: unknown) => void>()
  const { result } = renderHook(() => useRunHistory('run_a', { client, limit: 2, onError }))
  await waitFor(() => expect(result.current.versions).toHaveLength(2))
  history.mockRejectedValueOnce(new Error('no net'))
  act(() => result.current.loadMore())
  await waitFor(() => expect(result.current.isError).toBe(true))
  expect(result.current).toMatchObject({ error: { message: 'no net' }, versions: [{ version: 1 }, { version: 2 }] })
  expect(onError).toHaveBeenCalledTimes(1)
  act(() => result.current.loadMore())
  await waitFor(() => expect(numbers(result.current.versions)).toEqual([1, 2, 3, 4]))
  expect(result.current.error).toBeUndefined()
})

test('what cannot be read for a while is read later by itself, also after the run has ended; what is refused is not asked for again', async () => {
  // no wait between two tries
  const random = vi.spyOn(Math, 'random').mockReturnValue(0)
  onTestFinished(() => random.mockRestore())
  const { client, history, add } = paged(1)
  const answer = history.getMockImplementation()
  const onError = vi.fn<(error: unknown) => void>()
  const { result } = renderHook(() => useRunHistory('run_a', { client, onError }))
  await waitFor(() => expect(numbers(result.current.versions)).toEqual([1]))
  history.mockImplementation(() => Promise.reject(new ConnectionError('no net')))
  add()
  client.write('run_a', { n: 1 })
  add()
  client.end('run_a')
  await waitFor(() => expect(history.mock.calls.length).toBeGreaterThan(4))
  expect(result.current).toMatchObject({ status: 'error', error: { message: 'no net' }, versions: [{ version: 1 }] })
  expect(onError).toHaveBeenCalledTimes(1)
  if (answer) history.mockImplementation(answer)
  await waitFor(() => expect(numbers(result.current.versions)).toEqual([1, 2, 3]))
  expect(result.current).toMatchObject({ status: 'success', error: undefined, hasMore: false })

  // the first page too
  history.mockRejectedValueOnce(new HttpError(503, undefined))
  const first = renderHook(() => useRunHistory('run_b', { client }))
  await waitFor(() => expect(first.result.current).toMatchObject({ status: 'success', versions: { length: 3 } }))

  history.mockRejectedValue(new HttpError(403, undefined))
  const refused = renderHook(() => useRunHistory('run_c', { client }))
  await waitFor(() => expect(refused.result.current.isError).toBe(true))
  const asked = history.mock.calls.length
  client.write('run_d', {})
  const other = renderHook(() => useRunHistory('run_d', { client }))
  await waitFor(() => expect(other.result.current.isError).toBe(true))
  expect(history).toHaveBeenCalledTimes(asked + 1)
})

test('a page is of 1 to 1,000 versions, as a server takes it', async () => {
  const { client, history } = paged(0)
  for (const [limit, asked] of [
    [5000, 1000],
    [0, 1],
    [2.5, 2],
  ]) {
    renderHook(() => useRunHistory('run_a', { client, limit }))
    await waitFor(() => expect(history.mock.lastCall?.[1]?.limit).toBe(asked))
  }
})

test('a request that nobody waits for is aborted', () => {
  const { client, history } = paged(1)
  let signal: AbortSignal | undefined
  history.mockImplementation((_run, _page, given) => {
    signal = given
    return new Promise(() => {})
  })
  const { unmount } = renderHook(() => useRunHistory('run_a', { client }))
  expect(signal?.aborted).toBe(false)
  unmount()
  expect(signal?.aborted).toBe(true)
})
