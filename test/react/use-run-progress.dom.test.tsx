import { renderHook } from '@testing-library/react'
import { type ProgressOptions, useRunProgress } from 'runfeed/react'
import { describe, expect, test, vi } from 'vitest'
import { fakeClient } from './fake-client.ts'

function follow(options: ProgressOptions = {}) {
  const client = fakeClient()
  return { client, ...renderHook(() => useRunProgress('run_a', { client, ...options })) }
}

describe('useRunProgress', () => {
  test('reads metadata.progress by itself, and is indeterminate without it', () => {
    const { client, result } = follow()
    expect(result.current).toMatchObject({ isPending: true, isDeterminate: false, fraction: undefined })
    client.write('run_a', {})
    expect(result.current).toMatchObject({ isSuccess: true, isDeterminate: false, fraction: undefined, runStatus: 'EXECUTING' })
    client.write('run_a', { progress: 0.25 })
    expect(result.current).toMatchObject({ fraction: 0.25, isDeterminate: true })
  })

  test.each<[string, ProgressOptions, number | undefined]>([
    ['keys', { value: 'done', max: 'total' }, 0.5],
    ['paths', { value: '$.rows.done', max: '$.list[1]' }, 0.1],
    ['functions', { value: (run) => Number(run.metadata['done']) * 2, max: () => 20 }, 0.5],
    ['numbers', { value: 3, max: 4 }, 0.75],
    ['what is no number', { value: 'text', max: 'total' }, undefined],
    ['NaN', { value: () => Number.NaN, max: 4 }, undefined],
    ['infinity', { value: 1, max: Number.POSITIVE_INFINITY }, undefined],
    ['a maximum of 0', { value: 0, max: 0 }, undefined],
    ['less than nothing', { value: -3, max: 4 }, 0],
    ['more than all, while it runs', { value: 9, max: 4 }, 0.99],
  ])('%s', (_name, options, fraction) => {
    const { client, result } = follow(options)
    client.write('run_a', { done: 5, total: 10, rows: { done: 1 }, list: [0, 10], text: '5' })
    expect(result.current.fraction).toBe(fraction)
    expect(result.current.status).toBe('success')
  })

  test('a path that is none is an error and does not throw', () => {
    const { client, result } = follow({ value: '$.a[*]' })
    client.write('run_a', {})
    expect(result.current).toMatchObject({ status: 'error', error: { type: 'invalid_operation' } })
  })

  test('never goes back, and is 1 only after success', () => {
    const { client, result } = follow({ value: 'done', max: 'total' })
    client.write('run_a', { done: 7, total: 10 })
    client.write('run_a', { done: 7, total: 20 })
    expect(result.current.fraction).toBe(0.7)
    client.write('run_a', { done: 20, total: 20 })
    expect(result.current).toMatchObject({ fraction: 0.99, isComplete: false })
    client.end('run_a')
    expect(result.current).toMatchObject({ fraction: 1, isComplete: true, isFailed: false })
  })

  test('a failed run stays where it was', () => {
    const { client, result } = follow({ value: 'done', max: 10, failed: 'bad' })
    client.write('run_a', { done: 6, bad: 2 })
    client.end('run_a', 'CRASHED')
    expect(result.current).toMatchObject({ fraction: 0.6, failedFraction: 0.2, isFailed: true, secondsLeft: undefined })
  })

  test('what is read counts from its own beginning: another key brings no fraction and no rate of the one before', () => {
    const client = fakeClient()
    const { result, rerender } = renderHook((sources: ProgressOptions) => useRunProgress('run_a', { client, ...sources }), {
      initialProps: { value: 'downloaded', max: 100 } as ProgressOptions,
    })
    client.write('run_a', { downloaded: 80, parsed: 9, total: 1000 })
    client.write('run_a', { downloaded: 90, parsed: 10, total: 1000 })
    expect(result.current).toMatchObject({ fraction: 0.9, value: 90 })
    rerender({ value: 'parsed', max: 100 })
    const { ratePerSecond } = renderHook(() => useRunProgress('run_a', { client, value: 'parsed', max: 100 })).result.current
    expect(result.current).toMatchObject({ fraction: 0.1, value: 10, ratePerSecond })
    rerender({ value: 'parsed', max: 'total' })
    expect(result.current).toMatchObject({ fraction: 0.01, max: 1000 })
    // a number is a reading and no source, and an inline function is another one in each render
    rerender({ value: 50, max: 100 })
    rerender({ value: 40, max: 100 })
    expect(result.current).toMatchObject({ fraction: 0.5, value: 40 })
    rerender({ value: () => 60, max: 100 })
    rerender({ value: () => 30, max: 100 })
    expect(result.current).toMatchObject({ fraction: 0.6, value: 30 })
  })

  test('the rate is of the last seconds, by the record’s own clock', () => {
    const { client, result } = follow({ value: 'done', max: 100 })
    for (let second = 1; second <= 30; second++) client.write('run_a', { done: second <= 20 ? second : 20 + (second - 20) * 4 })
    expect(result.current.ratePerSecond).toBeCloseTo(4)
    expect(result.current.secondsLeft).toBeCloseTo(10)
  })

  test('onComplete is told though the last state was shown before the end was', () => {
    const onComplete = vi.fn<(run: unknown) => void>()
    const { client } = follow({ onComplete })
    client.write('run_a', { progress: 1 }, { status: 'COMPLETED', finishedAt: 1 })
    expect(onComplete).not.toHaveBeenCalled()
    client.run('run_a').set({ end: { settled: true, live: true } })
    expect(onComplete).toHaveBeenCalledTimes(1)
  })

  test('monotonic: false follows the value', () => {
    const { client, result } = follow({ monotonic: false })
    client.write('run_a', { progress: 0.7 })
    client.write('run_a', { progress: 0.6 })
    expect(result.current.fraction).toBe(0.6)
  })
})
