// Handles whose token changes while a component shows their run.
import { act, renderHook } from '@testing-library/react'
import { useRun, useRunChildren, useRunMetadata, useRunStream } from 'runfeed/react'
import { expect, test } from 'vitest'
import type { Frame } from '../../src/protocol/frame.ts'
import { queryName } from '../../src/protocol/want.ts'
import type { RunRef } from '../../src/react/options.ts'
import { record, setUp } from '../client/setup.ts'

const runFrame: Frame = { event: 'run', data: { run: record({ streams: { log: { state: 'open' } } }), cursor: '1.t' } }
const patch = (base: number): Frame => ({
  event: 'patch',
  data: { run: 'run_a', base, cursor: `${base + 1}.t`, at: base, patch: [{ op: 'add', path: '/metadata/n', value: base }], by: null },
})
const chunk = (index: number): Frame => ({ event: 'chunks', data: { run: 'run_a', stream: 'log', index, cursor: `${index + 1}.c`, chunks: [index], by: null } })
const over = { code: 'token_expired', message: 'subscribe again with a new one' } as const
const initialProps = { token: 'first' }

test('a hook that failed for its token asks again when it is given another one, and goes on', async () => {
  const { client, transport, environment, flush } = setUp()
  const errors: (string | undefined)[] = []
  const { result, rerender } = renderHook(
    ({ token }) => useRunMetadata({ id: 'run_a', publicAccessToken: token }, { client, onError: ({ type }) => errors.push(type) }),
    { initialProps },
  )
  await act(flush)
  transport.last.open()
  transport.last.send(runFrame, patch(1), { event: 'denied', data: { run: 'run_a', ...over } })
  await act(flush)
  expect(result.current).toMatchObject({ status: 'error', metadata: { n: 1 }, error: { type: 'token_expired' } })
  rerender({ token: 'second' })
  await act(() => environment.advance(250))
  expect(transport.last.wants).toEqual([{ run: 'run_a', cursor: '2.t', token: 'second' }])
  expect(result.current).toMatchObject({ status: 'success', metadata: { n: 1 }, error: undefined })
  transport.last.open()
  transport.last.send(patch(2))
  await act(flush)
  expect(result.current).toMatchObject({ status: 'success', metadata: { n: 2 } })
  expect(errors).toEqual(['token_expired'])
})

test('a run that was refused by its id is asked for again with its handle', async () => {
  const { client, transport, environment, flush } = setUp()
  const { result, rerender } = renderHook(({ run }: { readonly run: RunRef }) => useRun(run, { client }), {
    initialProps: { run: 'run_a' as RunRef },
  })
  await act(flush)
  transport.last.open()
  transport.last.send({ event: 'denied', data: { run: 'run_a', code: 'forbidden', message: 'no' } })
  await act(flush)
  expect(result.current.error?.type).toBe('forbidden')
  rerender({ run: { id: 'run_a', publicAccessToken: 'good' } })
  await act(() => environment.advance(250))
  transport.last.open()
  transport.last.send(runFrame)
  await act(flush)
  expect(result.current).toMatchObject({ status: 'success', error: undefined })
})

test('another token in time interrupts nothing, and nothing is told twice', async () => {
  const { client, transport, environment, flush } = setUp()
  const told: unknown[] = []
  const statuses: string[] = []
  const { result, rerender } = renderHook(
    ({ token }) => {
      const { status, parts } = useRunStream({ id: 'run_a', publicAccessToken: token }, 'log', {
        client,
        onData: (news) => told.push(...news),
        onStatusChange: () => told.push('status'),
      })
      statuses.push(status)
      return parts
    },
    { initialProps },
  )
  await act(flush)
  transport.last.open()
  transport.last.send(runFrame, chunk(0), chunk(1))
  await act(flush)
  expect(result.current).toEqual([0, 1])
  statuses.length = 0
  rerender({ token: 'second' })
  await act(() => environment.advance(1_000))
  expect(transport.connections).toHaveLength(1)
  for (const data of [
    { run: 'run_a', ...over },
    { run: 'run_a', stream: 'log', ...over },
  ])
    transport.last.send({ event: 'denied', data })
  await act(() => environment.advance(250))
  expect(transport.connections).toHaveLength(2)
  expect(transport.last.wants.map(({ token }) => token)).toEqual(['second', 'second'])
  transport.last.open()
  transport.last.send(chunk(2))
  await act(flush)
  expect([result.current, told]).toEqual([
    [0, 1, 2],
    [0, 1, 2],
  ])
  expect(new Set(statuses)).toEqual(new Set(['success']))
})

test('children are asked for with the handle’s token, and again when it is another one', async () => {
  const { client, transport, environment, flush } = setUp()
  const { result, rerender } = renderHook(({ token }) => useRunChildren({ id: 'run_a', publicAccessToken: token }, { client }), { initialProps })
  await act(flush)
  expect(transport.last.wants).toMatchObject([{ query: { parent: 'run_a' }, token: 'first' }])
  for (const token of ['first', 'second']) {
    transport.last.open()
    transport.last.send({ event: 'denied', data: { query: queryName({ parent: 'run_a' }), code: 'forbidden', message: 'no' } })
    await act(() => environment.advance(250))
    if (token === 'first') rerender({ token: 'second' })
  }
  expect(transport.last.wants).toMatchObject([{ query: { parent: 'run_a' }, token: 'second' }])
  transport.last.open()
  transport.last.send({ event: 'list', data: { query: queryName({ parent: 'run_a' }), runs: [], hasMore: false } })
  await act(flush)
  expect(result.current).toMatchObject({ status: 'success', runs: [], error: undefined })
})
