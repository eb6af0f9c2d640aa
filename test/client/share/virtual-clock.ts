// Time for a whole process: clients, server and engine wait by it. A schedule of minutes takes milliseconds, and the same one is the same every time.

interface Timer {
  readonly order: number
  at: number
  readonly every: number | undefined
  readonly task: () => void
}

export class VirtualClock {
  /** The same in each schedule. */
  #now = Date.UTC(2030, 0)
  #order = 0
  readonly #timers = new Set<Timer>()

  now = (): number => this.#now

  /** @returns gives it up. */
  after(ms: number, task: () => void, every?: number): () => void {
    const timer: Timer = { order: ++this.#order, at: this.#now + Math.max(1, Number.isFinite(ms) ? Math.ceil(ms) : 1), every, task }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  /** Runs the next timer that is due by `end`, when nothing is left that waits for promises alone. @returns whether there was one. */
  step(end: number): boolean {
    let next: Timer | undefined
    for (const timer of this.#timers) if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer
    if (!next || next.at > end) {
      this.#now = end
      return false
    }
    this.#now = Math.max(this.#now, next.at)
    if (next.every === undefined) this.#timers.delete(next)
    else next.at = this.#now + Math.max(1, next.every)
    next.task()
    return true
  }

  /** Takes the place of the process's own. @returns puts that back. */
  install(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis
    const { now } = Date
    const { performance } = globalThis
    const begun = this.#now
    const handle = (cancel: () => void): object => ({ cancel, unref: () => {}, ref: () => {} })
    const clear = (given: { readonly cancel?: () => void } | undefined): void => given?.cancel?.()
    Object.assign(globalThis, {
      setTimeout: (task: (...given: unknown[]) => void, ms = 0, ...given: unknown[]) => handle(this.after(ms, () => task(...given))),
      setInterval: (task: () => void, ms: number) => handle(this.after(ms, task, ms)),
      clearTimeout: clear,
      clearInterval: clear,
    })
    Date.now = this.now
    Object.defineProperty(globalThis, 'performance', { configurable: true, writable: true, value: { now: () => this.#now - begun } })
    return () => {
      Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval })
      Date.now = now
      Object.defineProperty(globalThis, 'performance', { configurable: true, writable: true, value: performance })
    }
  }
}
