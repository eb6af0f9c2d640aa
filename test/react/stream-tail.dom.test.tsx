// A negative startIndex counts from the end as it is when the component comes, whoever else reads the stream.
import { act, renderHook } from '@testing-library/react'
import { StrictMode } from 'react'
import { useRunStream } from 'runfeed/react'
import { expect, test } from 'vitest'
import type { Frame } from '../../src/protocol/frame.ts'
import { setUp } from '../client/setup.ts'

const chunk = (index: number): Frame => ({ event: 'chunks', data: { run: 'run_a', stream: 'log', index, cursor: `${index + 1}.c`, chunks: [index], by: null } })

test('each component begins at its own end, and keeps its place when another option changes', async () => {
  const { client, transport, environment, flush } = setUp()
  const say = async (...indexes: readonly number[]): Promise<void> => {
    transport.last.send(...indexes.map(chunk))
    await act(flush)
  }
  interface Options {
    readonly maxParts?: number
    readonly throttle?: number
    readonly token?: string
  }
  const show = (startIndex?: number) =>
    renderHook(
      ({ token, ...options }: Options) =>
        useRunStream(token === undefined ? 'run_a' : { id: 'run_a', publicAccessToken: token }, 'log', { client, startIndex, ...options }).parts,
      { initialProps: {}, wrapper: StrictMode },
    )
  const whole = show()
  await act(flush)
  transport.last.open()
  await say(0, 1, 2)
  const first = show(-1)
  expect(first.result.current).toEqual([2])
  await say(3, 4)
  const [late, later] = [show(-1), show(-2)]
  expect([late.result.current, later.result.current]).toEqual([[4], [3, 4]])
  await say(5)
  expect([first.result.current, late.result.current, later.result.current]).toEqual([
    [2, 3, 4, 5],
    [4, 5],
    [3, 4, 5],
  ])
  for (const options of [{ maxParts: 100 }, { maxParts: 200 }, { throttle: 1 }, { token: 'new' }]) {
    first.rerender(options)
    await act(flush)
    expect(first.result.current).toEqual([2, 3, 4, 5])
  }
  for (const { unmount } of [first, late, later]) unmount()
  await act(() => environment.advance(10_000))
  expect(show(-1).result.current).toEqual([5])
  expect(whole.result.current).toHaveLength(6)
})
