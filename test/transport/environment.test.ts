// When waiting is pointless: the network is back, the page is seen again or comes out of the back/forward cache.
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { environment } from '../../src/transport/environment.ts'

afterEach(() => vi.unstubAllGlobals())

test('wakes for a page that is seen, and lets go of everything', () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const events = new EventTarget()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events))
  vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events))
  const listener = vi.fn<() => void>()
  const stop = environment.onWake(listener)
  const fire = (): void => {
    events.dispatchEvent(new Event('online'))
    events.dispatchEvent(new Event('pageshow'))
    page.dispatchEvent(new Event('visibilitychange'))
  }
  fire()
  expect(listener).toHaveBeenCalledTimes(3)
  page.visibilityState = 'hidden'
  page.dispatchEvent(new Event('visibilitychange'))
  expect(listener).toHaveBeenCalledTimes(3)
  stop()
  page.visibilityState = 'visible'
  fire()
  expect(listener).toHaveBeenCalledTimes(3)
})

test('tells of a page that is frozen, left, and resumed, hidden or not', () => {
  const page = Object.assign(new EventTarget(), { visibilityState: 'hidden' })
  const events = new EventTarget()
  vi.stubGlobal('document', page)
  vi.stubGlobal('addEventListener', events.addEventListener.bind(events))
  vi.stubGlobal('removeEventListener', events.removeEventListener.bind(events))
  const slept = vi.fn<() => void>()
  const woken = vi.fn<() => void>()
  const stops = [environment.onSleep?.(slept), environment.onWake(woken)]
  page.dispatchEvent(new Event('freeze'))
  events.dispatchEvent(new Event('pagehide'))
  expect(slept).toHaveBeenCalledTimes(2)
  page.dispatchEvent(new Event('resume'))
  expect(woken).toHaveBeenCalledTimes(1)
  for (const stop of stops) stop?.()
  page.dispatchEvent(new Event('freeze'))
  page.dispatchEvent(new Event('resume'))
  expect([slept, woken].map(({ mock }) => mock.calls.length)).toEqual([2, 1])
})

test.each([2 ** 31, 1e300, Number.POSITIVE_INFINITY])('a wait of %d ms is none that ends at once', (ms) => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const task = vi.fn<() => void>()
  const cancel = environment.setTimer(task, ms)
  vi.advanceTimersByTime(3_600_000)
  expect(task).not.toHaveBeenCalled()
  cancel()
})

test('asks for nothing that is not there', () => {
  vi.stubGlobal('addEventListener', undefined)
  vi.stubGlobal('removeEventListener', undefined)
  expect(() => environment.onWake(() => {})()).not.toThrow()
  expect(() => environment.onSleep?.(() => {})()).not.toThrow()
})
