import { renderHook } from '@testing-library/react'
import { type TextOptions, useRunStream, useRunText } from 'runfeed/react'
import { expect, test, vi } from 'vitest'
import { type FakeClient, fakeClient, logOf } from './fake-client.ts'

function setUp(options: TextOptions = {}, client: FakeClient = fakeClient()) {
  const view = renderHook(() => useRunText('run_a', 'text', { client, ...options }))
  const say = (chunks: readonly (string | { say: string })[], rest = {}) => client.stream('run_a', 'text').set({ log: logOf(chunks), state: 'open', ...rest })
  return { ...view, client, say }
}

test('waits, grows by what is new, and ends', () => {
  const { result, say } = setUp()
  expect(result.current).toMatchObject({ status: 'pending', text: undefined, streamState: 'waiting' })
  say([])
  expect(result.current).toMatchObject({ status: 'success', text: '' })
  say(['Hel', 'lo'])
  expect(result.current.text).toBe('Hello')
  say(['Hel', 'lo', '!'], { state: 'closed' })
  expect(result.current).toMatchObject({ text: 'Hello!', streamState: 'closed', isTruncated: false })
})

test('formats each part once, however long the text is, and makes no array of parts', () => {
  const format = vi.fn<(part: unknown) => string>((part) => (part as { say: string }).say)
  const { result, say, client, rerender } = setUp({ format })
  const parts: { say: string }[] = []
  for (let n = 0; n < 50; n++) {
    parts.push({ say: 'x' })
    say([...parts])
    rerender()
  }
  const slice = vi.spyOn(client.stream('run_a', 'text').getSnapshot().log, 'slice')
  rerender()
  expect(result.current.text).toBe('x'.repeat(50))
  // React may read a snapshot twice in one render, but never from the beginning again
  expect(format.mock.calls.length).toBeLessThanOrEqual(100)
  expect(slice).not.toHaveBeenCalled()
})

test('what is no string is JSON; a stream that is opened again begins again', () => {
  const { result, say } = setUp()
  say(['a', { say: 'b' }])
  expect(result.current.text).toBe('a{"say":"b"}')
  say(['a', 'b', 'c'], { start: 2 })
  expect(result.current.text).toBe('c')
})

test('a format that throws is an error and keeps the text so far', () => {
  const { result, say } = setUp({
    format: (part) => {
      if (part === 'b') throw new Error('no b')
      return String(part)
    },
  })
  say(['a', 'b'])
  expect(result.current).toMatchObject({ status: 'error', error: { message: 'no b' }, text: 'a' })
})

test('is the same result while nothing changes, and disabled without a run', () => {
  const { result, say, rerender } = setUp()
  say(['a'])
  const first = result.current
  rerender()
  expect(result.current).toBe(first)
  const client = fakeClient()
  const idle = renderHook(() => [useRunText(undefined, 'text', { client }), useRunStream(undefined, 'text', { client })])
  expect(idle.result.current[0]).toMatchObject({ status: 'pending', text: undefined, isEnabled: false })
  expect(client.followed()).toEqual([])
})
