import { act, renderHook } from '@testing-library/react'
import { createRunClient } from 'runfeed'
import { createRunHooks, type InvalidEvent, useRunStream, useRunText } from 'runfeed/react'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { defineRun } from '../../src/contract/define-run.ts'
import type { StreamSnapshot } from '../../src/store/snapshot.ts'
import { setUp as realClient } from '../client/setup.ts'
import { fakeClient, type FakeSource, logOf } from './fake-client.ts'

const setUp = () => {
  const client = fakeClient()
  return {
    client,
    say: (chunks: readonly (string | number | { n: number })[], rest = {}) =>
      client.stream('run_a', 'text').set({ log: logOf(chunks), state: 'open', ...rest }),
  }
}

describe('useRunStream', () => {
  test('waits, opens, ends; parts are one array per flush, made when read', () => {
    const { client, say } = setUp()
    const { result, rerender } = renderHook(() => useRunStream('run_a', 'text', { client }))
    expect(result.current).toMatchObject({ status: 'pending', streamState: 'waiting', parts: undefined })
    say(['a', 'b'])
    const source = client.stream('run_a', 'text').getSnapshot()
    const slice = vi.spyOn(source.log, 'slice')
    expect(result.current.streamState).toBe('open')
    expect(slice).not.toHaveBeenCalled()
    const { parts } = result.current
    expect(parts).toEqual(['a', 'b'])
    rerender()
    expect(result.current.parts).toBe(parts)
    expect(slice).toHaveBeenCalledTimes(1)
    say(['a', 'b', 'c'], { state: 'errored', failure: 'out of ink' })
    expect(result.current).toMatchObject({ status: 'success', streamState: 'errored', failure: 'out of ink', parts: ['a', 'b', 'c'] })
  })

  test('waits for a later part as for the first', async () => {
    const { client, transport, flush } = realClient()
    const { result, unmount } = renderHook(() => useRunStream('run_a', 'text', { client, startIndex: 5 }))
    const text = renderHook(() => useRunText('run_a', 'text', { client, startIndex: 5 }))
    expect(result.current).toMatchObject({ status: 'pending', parts: undefined, streamState: 'waiting' })
    expect(text.result.current).toMatchObject({ status: 'pending', text: undefined })
    await act(flush)
    transport.last.send({ event: 'chunks', data: { run: 'run_a', stream: 'text', index: 5, cursor: '6.c', chunks: ['f'], by: null } })
    await act(flush)
    expect(result.current).toMatchObject({ status: 'success', parts: ['f'] })
    expect(text.result.current.text).toBe('f')
    for (const leave of [unmount, text.unmount]) leave()
    client.close()
  })

  test('another stream key is another stream', () => {
    const { client, say } = setUp()
    const { result, rerender } = renderHook(({ stream }) => useRunStream('run_a', stream, { client }), { initialProps: { stream: 'text' } })
    say(['a'])
    rerender({ stream: 'log' })
    expect(result.current).toMatchObject({ isPending: true, parts: undefined })
    expect(client.followed()).toEqual(['run_a log undefined'])
  })

  test('folds each part once, with the newest reducer, and begins again where the stream was opened again', () => {
    const { client, say } = setUp()
    const reduced: number[] = []
    const { result, rerender } = renderHook(() =>
      useRunStream<string, string>('run_a', 'text', {
        client,
        initial: '',
        reduce: (text, part, index) => {
          reduced.push(index)
          return text + part
        },
      }),
    )
    say(['a', 'b'])
    for (let i = 0; i < 10; i++) rerender()
    say(['a', 'b', 'c'])
    expect(result.current.value).toBe('abc')
    expect(new Set(reduced)).toEqual(new Set([0, 1, 2]))
    expect(reduced.length).toBeLessThanOrEqual(6)
    say(['a', 'b', 'c', 'd'], { start: 3 })
    expect(result.current).toMatchObject({ value: 'd', parts: ['d'], isTruncated: false })
  })

  test('maxParts shows the last ones and says so', () => {
    const { client, say } = setUp()
    const { result } = renderHook(() => useRunStream('run_a', 'text', { client, maxParts: 2 }))
    say(['a', 'b'])
    expect(result.current.isTruncated).toBe(false)
    say(['a', 'b', 'c'])
    expect(result.current).toMatchObject({ parts: ['b', 'c'], isTruncated: true })
    expect(result.current.log.at(0)).toBeUndefined()
  })

  test('numbers that are none are an error, and do not throw', () => {
    const client = createRunClient({ baseUrl: 'https://runs.test' })
    const { result } = renderHook(() => [
      useRunStream('run_a', 'text', { client, startIndex: 1.5 }),
      useRunStream('run_a', 'text', { client, maxParts: -1 }),
      useRunStream('run_a', 'text', { client, maxParts: -5, onData: () => {} }),
    ])
    for (const { error } of result.current) expect(error).toMatchObject({ type: 'invalid_request', message: expect.stringContaining('whole numbers') })
    client.close()
  })

  test('maxParts of typed parts has the client let go of the others; each is judged once, and an earlier result keeps what it showed', () => {
    const { client } = setUp()
    const asked = vi.spyOn(client, 'stream')
    let judged = 0
    const schema = z.number().transform((n) => (judged++, { n }))
    const shown = (): FakeSource<StreamSnapshot> => client.stream('run_a', 'text')
    const { result } = renderHook(() => useRunStream('run_a', 'text', { client, schema, maxParts: 2 }))
    expect(asked).toHaveBeenLastCalledWith('run_a', 'text', undefined, 2)
    const results: (typeof result.current)[] = []
    const to = (length: number, cuts: readonly number[] = []): void => {
      shown().set({ log: logOf([length - 2, length - 1], length - 2, cuts), state: 'open' })
      results.push(result.current)
    }
    for (let length = 2; length <= 5000; length += 2) to(length)
    expect(judged).toBe(5000)
    // a restart of the server took some back: what is shown moves back with it
    to(3000, [2990])
    to(3002, [2990])
    expect(judged).toBe(5004)
    for (const { parts, log } of results) expect(parts).toEqual([{ n: log.length - 2 }, { n: log.length - 1 }])
    // what one hears of each part is heard of all of them
    renderHook(() => useRunStream('run_a', 'text', { client, schema, maxParts: 2, onInvalid: () => {} }))
    expect(asked).toHaveBeenLastCalledWith('run_a', 'text', undefined, undefined)
  })

  test('a refused part is left out and named by its index', () => {
    const { client, say } = setUp()
    const contract = defineRun({ id: 'c', streams: { text: z.object({ n: z.coerce.number() }) } })
    const hooks = createRunHooks(contract)
    const onInvalid = vi.fn<(event: unknown) => void>()
    const { result } = renderHook(() => hooks.useRunStream('run_a', 'text', { client, onInvalid }))
    say([{ n: 1 }, 'bad', { n: 3 }])
    expect(result.current).toMatchObject({ status: 'success', parts: [{ n: 1 }, { n: 3 }], issues: [{ path: [1] }], raw: 'bad' })
    expect([...result.current.log]).toEqual([{ n: 1 }, { n: 3 }])
    expect(onInvalid).toHaveBeenCalledTimes(1)
  })

  test('onData gets what maxParts does not show, nothing that the schema refuses, and all before the end', () => {
    const { client, say } = setUp()
    const told: unknown[] = []
    const onData = (parts: readonly string[], from: number): void => void told.push(from, ...parts)
    renderHook(() => useRunStream('run_a', 'text', { client, schema: z.string(), maxParts: 1, onData, onComplete: () => told.push('end') }))
    say(['a', 'b', 'c'])
    say(['a', 'b', 'c', 4])
    act(() => {
      say(['a', 'b', 'c', 4, 'e', 'f'], { state: 'closed' })
      client.end('run_a')
    })
    expect(told).toEqual([0, 'a', 'b', 'c', 4, 'e', 'f', 'end'])
  })

  test('onData tells no part twice when it comes and goes beside maxParts, which makes another source', async () => {
    const { client, transport, flush } = realClient()
    const onData = vi.fn<(parts: readonly unknown[], first: number) => void>()
    const { rerender, unmount } = renderHook(({ isOn }) => useRunStream('run_a', 'text', { client, maxParts: 10, onData: isOn ? onData : undefined }), {
      initialProps: { isOn: true },
    })
    const send = async (index: number, chunks: readonly string[]): Promise<void> => {
      const cursor = `${index + chunks.length}.c`
      transport.last.send({ event: 'chunks', data: { run: 'run_a', stream: 'text', index, cursor, chunks, by: null } })
      await act(flush)
    }
    await act(flush)
    await send(0, ['a', 'b'])
    rerender({ isOn: false })
    await act(flush)
    rerender({ isOn: true })
    await act(flush)
    await send(2, ['c'])
    expect(onData.mock.calls).toEqual([
      [['a', 'b'], 0],
      [['c'], 2],
    ])
    unmount()
    client.close()
  })

  test('onData says of each part where it is, also after one that the schema refuses', () => {
    const { client, say } = setUp()
    const onData = vi.fn<(parts: readonly number[], first: number) => void>()
    const schema = z.number()
    renderHook(() => useRunStream('run_a', 'text', { client, schema, onData }))
    say(['bad', 1, 2, 'bad', 'bad', 5])
    say(['bad', 1, 2, 'bad', 'bad', 5, 'bad', 7])
    expect(onData.mock.calls).toEqual([
      [[1, 2], 1],
      [[5], 5],
      [[7], 7],
    ])
  })

  test('onInvalid is told of each refused part once, by its index', () => {
    const { client, say } = setUp()
    const onInvalid = vi.fn<(event: InvalidEvent) => void>()
    const schema = z.string()
    renderHook(() => useRunStream('run_a', 'text', { client, schema, onInvalid }))
    for (const chunks of [['a'], ['a', 1], ['a', 1, 'b'], ['a', 1, 'b', 'c']]) say(chunks)
    expect(onInvalid.mock.calls).toMatchObject([[{ runId: 'run_a', version: 1, raw: 1, issues: [{ path: [1] }] }]])
    say(['a', 1, 'b', 'c', 5])
    expect(onInvalid.mock.calls[1]).toMatchObject([{ version: 4, raw: 5, issues: [{ path: [4] }] }])
    expect(onInvalid).toHaveBeenCalledTimes(2)
  })

  test('onInvalid misses none where many are refused at once, also by a schema that is made in each render', () => {
    const { client, say } = setUp()
    const onInvalid = vi.fn<(event: InvalidEvent) => void>()
    const many = Array.from({ length: 250 }, (_, index) => index)
    const { rerender, result } = renderHook(() => useRunStream('run_a', 'text', { client, schema: z.string(), onInvalid }))
    say(['a', ...many])
    rerender()
    expect(onInvalid.mock.calls.map(([{ version, raw, issues }]) => [version, raw, issues.map(({ path }) => path)])).toEqual(
      many.map((raw) => [raw + 1, raw, [[raw + 1]]]),
    )
    expect(result.current).toMatchObject({ parts: ['a'], raw: 249 })
    expect(result.current.issues).toHaveLength(100)
  })

  test('stop stays, also where the run is asked for and other parts are wanted later', () => {
    const { client, say } = setUp()
    const { result, rerender } = renderHook(
      ({ isMore }) => useRunStream('run_a', 'text', { client, maxParts: 9, ...(isMore && { onComplete: () => {}, onData: () => {} }) }),
      { initialProps: { isMore: false } },
    )
    say(['a'])
    act(() => result.current.stop())
    say(['a', 'b'])
    rerender({ isMore: true })
    expect(client.followed()).toEqual([])
    expect(result.current).toMatchObject({ parts: ['a'], connectionStatus: 'closed' })
  })

  test('onData gets each part once', () => {
    const { client, say } = setUp()
    const got: [number, readonly unknown[]][] = []
    const { rerender } = renderHook(() => useRunStream('run_a', 'text', { client, onData: (parts, first) => got.push([first, parts]) }))
    say(['a', 'b'])
    rerender()
    say(['a', 'b', 'c', 'd'])
    expect(got).toEqual([
      [0, ['a', 'b']],
      [2, ['c', 'd']],
    ])
  })

  describe('after a crash of the server has put other parts at known indexes', () => {
    const CUT = { log: logOf([{ n: 1 }, { n: 20 }, 'new bad'], 0, [1]) }

    test('they are judged, and the refused ones of before are not named', () => {
      const { client, say } = setUp()
      const schema = z.object({ n: z.number() })
      const onData = vi.fn<(parts: readonly unknown[], first: number) => void>()
      const onInvalid = vi.fn<(event: { raw: unknown }) => void>()
      const options = { client, schema, onData, onInvalid }
      const { result } = renderHook(() => useRunStream('run_a', 'text', options))
      const slow = renderHook(() => useRunStream('run_a', 'text', { client, schema, throttle: 60_000 }))
      say([{ n: 1 }, 'bad', { n: 3 }, { n: 4 }])
      const { parts, log } = result.current
      const slowParts = slow.result.current.parts
      say([], CUT)
      slow.rerender()
      expect(result.current).toMatchObject({ parts: [{ n: 1 }, { n: 20 }], issues: [{ path: [2] }], raw: 'new bad' })
      expect([...result.current.log]).toEqual([{ n: 1 }, { n: 20 }])
      expect(onInvalid.mock.calls.map(([{ raw }]) => raw)).toEqual(['bad', 'new bad'])
      expect(onData.mock.calls).toEqual([
        [[{ n: 1 }], 0],
        [[{ n: 3 }, { n: 4 }], 2],
        [[{ n: 20 }], 1],
      ])
      // what was shown before stays what it was
      expect([parts, ...log]).toEqual([[{ n: 1 }, { n: 3 }, { n: 4 }], { n: 1 }, { n: 3 }, { n: 4 }])
      expect(slow.result.current.parts).toEqual(slowParts)
    })

    test('they are folded anew, also where as many have come as were lost', () => {
      const { client, say } = setUp()
      const { result } = renderHook(() => useRunStream<string, string>('run_a', 'text', { client, initial: '', reduce: (text, part) => text + part }))
      say(['a', 'old', 'old'])
      say([], { log: logOf(['a', 'new', 'new'], 0, [1]) })
      expect(result.current).toMatchObject({ value: 'anewnew', parts: ['a', 'new', 'new'] })
      // a cut behind what was folded takes nothing back
      say([], { log: logOf(['a', 'new', 'new', '!'], 0, [1, 3]) })
      expect(result.current.value).toBe('anewnew!')
    })
  })

  test('follows the run only where its end is asked for', () => {
    const { client, say } = setUp()
    const onComplete = vi.fn<(run: unknown) => void>()
    const { result, rerender } = renderHook(({ told }) => useRunStream('run_a', 'text', { client, onComplete: told ? onComplete : undefined }), {
      initialProps: { told: false },
    })
    say(['a'])
    expect(client.followed()).toEqual(['run_a text undefined'])
    rerender({ told: true })
    expect(client.followed()).toContain('run_a')
    expect(result.current.parts).toEqual(['a'])
    client.end('run_a')
    expect(onComplete).toHaveBeenCalledTimes(1)
  })

  test('disabled: one frozen result with the initial value', () => {
    const { result, rerender } = renderHook(() => useRunStream<string, string[]>(null, 'text', { initial: [], client: fakeClient() }))
    const first = result.current
    rerender()
    expect(result.current).toBe(first)
    expect(first).toMatchObject({ status: 'pending', isEnabled: false, value: [] })
  })
})
