// Triggering, following and canceling against a real server; and the states of one call.
import { act, render, renderHook, waitFor } from '@testing-library/react'
import { StrictMode, useCallback, useEffect, useLayoutEffect } from 'react'
import { createRunClient, isTerminalStatus, type RunHandle } from 'runfeed'
import { createRunHooks, useCancelRun, useConnection, useRun, useTriggerRun } from 'runfeed/react'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { scriptedRun } from '../../src/testing/scripted-run.ts'
import { double } from './contracts.ts'
import { fakeClient } from './fake-client.ts'
import { startThread } from './thread.ts'

vi.setConfig({ testTimeout: 60_000 })

async function setUp() {
  const server = await startThread()
  const client = createRunClient({ baseUrl: server.url })
  onTestFinished(() => client.close())
  return { server, client }
}

test('triggers, follows what was triggered, and ends with its typed output', async () => {
  const { client } = await setUp()
  const hooks = createRunHooks(double)
  const onTrigger = vi.fn<(handle: RunHandle) => void>()
  const { result } = renderHook(
    () => {
      const action = hooks.useTriggerRun({ client, onTrigger })
      return { action, run: hooks.useRun(action.handle, { client }), connection: useConnection({ client }) }
    },
    { wrapper: StrictMode },
  )
  expect(result.current.action).toMatchObject({ status: 'idle', handle: undefined, isPending: false })
  expect(result.current.run).toMatchObject({ status: 'pending', isEnabled: false })
  expect(result.current.connection.status).toBe('idle')
  const { trigger } = result.current.action
  act(() => void trigger({ n: 21 }))
  expect(result.current.action).toMatchObject({ status: 'pending', isPending: true, handle: undefined })
  await waitFor(() => expect(result.current.run.run?.output).toBe(42))
  expect(result.current.action).toMatchObject({ status: 'success', isSuccess: true })
  expect(result.current.action.trigger).toBe(trigger)
  expect(result.current.run.run).toMatchObject({ id: result.current.action.handle?.id, payload: { n: 21 }, metadata: { half: 21 } })
  expect(onTrigger).toHaveBeenCalledExactlyOnceWith(result.current.action.handle)
  act(() => result.current.action.reset())
  expect(result.current.action).toMatchObject({ status: 'idle', handle: undefined })
})

test('what the server refuses is in `error`, and rejects for who awaits it', async () => {
  const { client } = await setUp()
  const onError = vi.fn<(error: unknown) => void>()
  const { result } = renderHook(() => useTriggerRun('nobody', { client, onError }))
  let rejected: unknown
  await act(async () => {
    rejected = await result.current.trigger(null).catch((error: unknown) => error)
  })
  expect(result.current).toMatchObject({ status: 'error', isError: true, error: { type: 'not_found' }, handle: undefined })
  expect(result.current.error).toBe(rejected)
  expect(onError).toHaveBeenCalledExactlyOnceWith(rejected)
})

test('a page that is loaded again cancels by id what another one triggered; leaving does not', async () => {
  const { client, server } = await setUp()
  const first = renderHook(() => useTriggerRun<null>('wait', { client }))
  let id = ''
  await act(async () => {
    ;({ id } = await first.result.current.trigger(null))
  })
  const watching = renderHook(() => useRun(id, { client, select: ({ status }) => status }))
  await waitFor(() => expect(watching.result.current.run).toBe('EXECUTING'))
  first.unmount()
  watching.unmount()
  client.close()
  expect((await server.run(id)).cancelRequestedAt).toBeNull()

  const later = createRunClient({ baseUrl: server.url })
  onTestFinished(() => later.close())
  const { result } = renderHook(() => ({
    run: useRun(id, { client: later, select: ({ status }) => status }),
    cancel: useCancelRun(id, { client: later }),
  }))
  await waitFor(() => expect(result.current.run.run).toBe('EXECUTING'))
  act(() => void result.current.cancel.cancel())
  await waitFor(() => expect(result.current.run.run).toBe('CANCELED'))
  expect(result.current.cancel).toMatchObject({ status: 'success', run: { id } })
  expect(isTerminalStatus((await server.run(id)).status)).toBe(true)
})

test('the newest call counts, and none after the component has gone', async () => {
  const client = fakeClient()
  const answers: ((handle: RunHandle) => void)[] = []
  client.runs.trigger = () => new Promise((resolve) => answers.push(resolve))
  const { result, unmount } = renderHook(() => useTriggerRun('t', { client }), { wrapper: StrictMode })
  act(() => {
    void result.current.trigger(1)
    void result.current.trigger(2)
  })
  await act(async () => answers[1]?.({ id: 'run_second' }))
  expect(result.current).toMatchObject({ status: 'success', handle: { id: 'run_second' } })
  await act(async () => answers[0]?.({ id: 'run_first' }))
  expect(result.current.handle?.id).toBe('run_second')
  act(() => {
    void result.current.trigger(3)
    result.current.reset()
  })
  await act(async () => answers[2]?.({ id: 'run_third' }))
  expect(result.current.status).toBe('idle')
  const complaints = vi.spyOn(console, 'error')
  let last: Promise<RunHandle> | undefined
  act(() => {
    last = result.current.trigger(4)
  })
  unmount()
  answers[3]?.({ id: 'run_fourth' })
  // who awaits it gets it all the same
  expect(await last).toEqual({ id: 'run_fourth' })
  expect(complaints).not.toHaveBeenCalled()
})

test('a callback that throws is uncaught, and takes nothing away from the result', async () => {
  const client = fakeClient()
  client.runs.trigger = () => Promise.resolve({ id: 'run_a' })
  const mistake = new Error('the page’s own')
  const before = process.listeners('uncaughtException')
  for (const listener of before) process.off('uncaughtException', listener)
  const uncaught = new Promise((resolve) => process.once('uncaughtException', resolve))
  onTestFinished(() => {
    for (const listener of before) process.on('uncaughtException', listener)
  })
  const onTrigger = (): void => {
    throw mistake
  }
  const { result } = renderHook(() => useTriggerRun('t', { client, onTrigger }))
  await act(async () => expect(await result.current.trigger(1)).toEqual({ id: 'run_a' }))
  expect(result.current).toMatchObject({ status: 'success', handle: { id: 'run_a' } })
  expect(await uncaught).toBe(mistake)
})

test('a result is the same object while nothing changes, and says nothing of another run', async () => {
  const client = fakeClient()
  client.runs.cancel = () => Promise.resolve(scriptedRun({ id: 'run_a' }))
  const { result, rerender } = renderHook(({ id }) => ({ cancel: useCancelRun(id, { client }), trigger: useTriggerRun('t', { client }) }), {
    initialProps: { id: 'run_a' },
  })
  const { cancel, trigger } = result.current
  rerender({ id: 'run_a' })
  expect(result.current.cancel).toBe(cancel)
  expect(result.current.trigger).toBe(trigger)
  await act(async () => void (await cancel.cancel()))
  expect(result.current.cancel).toMatchObject({ status: 'success', run: { id: 'run_a' } })
  rerender({ id: 'run_b' })
  expect(result.current.cancel).toMatchObject({ status: 'idle', run: undefined, cancel: cancel.cancel })
})

test('a child that triggers as soon as it is there is shown as pending', () => {
  const client = fakeClient()
  client.runs.trigger = () => new Promise(() => {})
  const Child = ({ start }: { start: () => void }) => {
    useEffect(start, [start])
    return null
  }
  const Parent = () => {
    const { trigger, status } = useTriggerRun('t', { client })
    const start = useCallback(() => void trigger(1), [trigger])
    return (
      <p>
        <Child start={start} />
        {status}
      </p>
    )
  }
  expect(render(<Parent />).container.textContent).toBe('pending')
})

// React 17 has no effect that comes before its children's layout effects
const isEarly = inject('versions').react !== '17'

test('who calls in an effect acts on what this render says, in its own layout effect and in those of its children', () => {
  const client = fakeClient()
  const acted: string[] = []
  const record = (on: unknown): Promise<never> => {
    acted.push(String(on))
    return new Promise(() => {})
  }
  client.runs.trigger = record
  client.runs.cancel = record
  const Child = ({ cancel, id }: { cancel: () => unknown; id: string }) => {
    useEffect(() => void cancel(), [cancel, id])
    return null
  }
  const Early = ({ cancel, id }: { cancel: () => unknown; id: string }) => {
    useLayoutEffect(() => void cancel(), [cancel, id])
    return null
  }
  const Parent = ({ n }: { n: number }) => {
    const { trigger } = useTriggerRun(`task${n}`, { client })
    const { cancel } = useCancelRun(`run_${n}`, { client })
    const again = useCancelRun(`run_early${n}`, { client })
    useLayoutEffect(() => void trigger(n), [n, trigger])
    return (
      <>
        <Child cancel={cancel} id={`${n}`} />
        {isEarly && <Early cancel={again.cancel} id={`${n}`} />}
      </>
    )
  }
  const view = render(<Parent n={1} />)
  view.rerender(<Parent n={2} />)
  const early = isEarly ? ['run_early1', 'run_early2'] : []
  expect(acted.sort()).toEqual(['run_1', 'run_2', ...early, 'task1', 'task2'])
})

test('without a run or a client the error says so', async () => {
  const none = renderHook(() => useCancelRun(undefined, { client: fakeClient() }))
  await act(async () => void (await none.result.current.cancel().catch(() => {})))
  expect(none.result.current.error?.type).toBe('no_run')
  const lost = renderHook(() => useTriggerRun('t'))
  await act(async () => void (await lost.result.current.trigger(1).catch(() => {})))
  expect(lost.result.current.error?.type).toBe('no_client')
  expect(renderHook(() => useConnection()).result.current).toMatchObject({ status: 'failed', error: { type: 'no_client' } })
})

test('useConnection tells of the wire and opens nothing', () => {
  const client = fakeClient()
  const { result, unmount } = renderHook(() => useConnection({ client }))
  expect(result.current.status).toBe('open')
  client.connection.set({ status: 'reconnecting' })
  expect(result.current.status).toBe('reconnecting')
  expect(client.followed()).toEqual([])
  unmount()
  expect(client.connection.listeners.size).toBe(0)
})
