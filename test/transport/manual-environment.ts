// A clock that moves when the test says so, and a page that is seen when it says so.
import type { Environment } from '../../src/transport/environment.ts'

interface Timer {
  at: number
  readonly task: () => void
}

/** Lets everything run that waits for promises alone. */
export async function settled(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await turn()
}

/** Of the event loop: browsers have no setImmediate, and hold timers back. */
function turn(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve))
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}

export class ManualEnvironment implements Environment {
  #now = 1_000_000
  #timers = new Set<Timer>()
  #wakers = new Set<() => void>()
  #sleepers = new Set<() => void>()
  /** What `random` gives. 1 makes every jittered wait its whole length. */
  chance = 1

  now = (): number => this.#now
  random = (): number => this.chance
  setTimer = (task: () => void, ms: number): (() => void) => {
    const timer = { at: this.#now + ms, task }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }
  onWake = (listener: () => void): (() => void) => {
    this.#wakers.add(listener)
    return () => void this.#wakers.delete(listener)
  }
  onSleep = (listener: () => void): (() => void) => {
    this.#sleepers.add(listener)
    return () => void this.#sleepers.delete(listener)
  }

  get timers(): number {
    return this.#timers.size
  }
  get wakers(): number {
    return this.#wakers.size + this.#sleepers.size
  }
  wake(): void {
    for (const waker of this.#wakers) waker()
  }
  /** The page is frozen, or left. */
  fallAsleep(): void {
    for (const sleeper of this.#sleepers) sleeper()
  }

  /** Runs what is due in the next `ms`, in order, and what that leads to. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settled()
      const next = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!next) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.task()
    }
    this.#now = end
    await settled()
  }

  /** Somebody sets the clock; timers run as before. */
  setClock(by: number): void {
    this.#now += by
    for (const timer of this.#timers) timer.at += by
  }

  /** The machine slept: the clock is later, and no timer has run. */
  sleep(ms: number): void {
    this.#now += ms
  }
}
