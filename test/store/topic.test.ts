// Two phases: publish everything, then notify.
import { afterEach, expect, test, vi } from 'vitest'
import { frameScheduler } from '../../src/store/scheduler.ts'
import { Publisher, Topic } from '../../src/store/topic.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const manual = () => {
  const tasks: (() => void)[] = []
  return { tasks, publisher: new Publisher({ schedule: (task) => (tasks.push(task), () => {}) }) }
}

test('readers see what was published, all topics of a flush at once', () => {
  const { tasks, publisher } = manual()
  const a = new Topic(publisher, 0)
  const b = new Topic(publisher, 0)
  const seen: number[][] = []
  a.subscribe(() => seen.push([a.getSnapshot(), b.getSnapshot()]))
  b.subscribe(() => seen.push([a.getSnapshot(), b.getSnapshot()]))
  a.latest = 1
  a.latest = 2
  b.latest = 3
  expect([a.getSnapshot(), a.latest, tasks.length]).toEqual([0, 2, 1])
  publisher.flush()
  expect(seen).toEqual([
    [2, 3],
    [2, 3],
  ])
})

test('what comes back to what it was is no news', () => {
  const { publisher } = manual()
  const topic = new Topic(publisher, 0)
  const listener = vi.fn<() => void>()
  topic.subscribe(listener)
  topic.latest = 1
  topic.latest = 0
  publisher.flush()
  expect(listener).not.toHaveBeenCalled()
})

test('one listener may subscribe twice, and what a listener writes is for the next flush', () => {
  const { publisher } = manual()
  const topic = new Topic(publisher, 0)
  const listener = vi.fn<() => void>(() => {
    if (topic.latest < 2) topic.latest++
  })
  const stop = topic.subscribe(listener)
  topic.subscribe(listener)
  stop()
  stop()
  topic.latest = 1
  publisher.flush()
  expect(listener).toHaveBeenCalledTimes(1)
  expect(topic.getSnapshot()).toBe(1)
  publisher.flush()
  expect(topic.getSnapshot()).toBe(2)
})

test('a frame where there are frames, a timer where it does not come', () => {
  vi.useFakeTimers()
  const frames: ((() => void) | undefined)[] = []
  vi.stubGlobal('requestAnimationFrame', (task: () => void) => frames.push(task))
  vi.stubGlobal('cancelAnimationFrame', (id: number) => {
    frames[id - 1] = undefined
  })
  const task = vi.fn<() => void>()
  frameScheduler.schedule(task)
  frames[0]?.()
  vi.advanceTimersByTime(1_000)
  expect(task).toHaveBeenCalledTimes(1)
  frameScheduler.schedule(task)
  vi.advanceTimersByTime(100)
  expect(task).toHaveBeenCalledTimes(2)
  expect(frames[1]).toBeUndefined()
  frameScheduler.schedule(task)()
  vi.advanceTimersByTime(1_000)
  vi.unstubAllGlobals()
  frameScheduler.schedule(task)
  vi.advanceTimersByTime(16)
  expect(task).toHaveBeenCalledTimes(3)
})
