// Who executes what, and until when. Kept in memory: on the next start of the process whatever it was executing has crashed, and the worker
// of another process, which the record names, gets a lease anew.
// By a clock of its own, which nobody sets: by the time of the day a dead worker would hold its runs for as long as a clock was set back, and
// a live one lose them when it is set on.

interface Lease {
  readonly worker: string
  until: number
  /** However often it is renewed. */
  end?: number
}

export class Leases {
  readonly #held = new Map<string, Lease>()
  readonly #ms: number
  readonly #elapsed: () => number
  readonly #onDue: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false

  /**
   * @param elapsed - ms since any moment.
   * @param onDue - called now and then while there are leases, to look for those that are out.
   */
  constructor(ms: number, elapsed: () => number, onDue: () => void) {
    this.#ms = ms
    this.#elapsed = elapsed
    this.#onDue = onDue
  }

  take(run: string, worker: string): void {
    this.#held.set(run, { worker, until: this.#elapsed() + this.#ms })
    this.#arm()
  }

  isHeldBy(run: string, worker: string): boolean {
    return this.#held.get(run)?.worker === worker
  }

  renew(run: string): void {
    const lease = this.#held.get(run)
    if (lease) lease.until = this.#elapsed() + this.#ms
  }

  /** No renewal goes beyond `ms` from now. */
  endIn(run: string, ms: number): void {
    const lease = this.#held.get(run)
    if (lease) lease.end = this.#elapsed() + ms
  }

  /** Whether it is out although it may have been renewed. */
  isEnded(run: string): boolean {
    const end = this.#held.get(run)?.end
    return end !== undefined && end <= this.#elapsed()
  }

  drop(run: string): void {
    this.#held.delete(run)
  }

  out(): readonly string[] {
    const now = this.#elapsed()
    return [...this.#held].flatMap(([run, { until, end = until }]) => (Math.min(until, end) <= now ? [run] : []))
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  /** One timer, only while there is something to watch, so that an engine nobody closes keeps neither a process nor a page alive. */
  #arm(): void {
    if (this.#timer !== undefined || this.#stopped || this.#held.size === 0) return
    const wait = Math.max(20, this.#ms / 4)
    const due = performance.now() + wait
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      // this process was held up, asleep or busy: renewals may be waiting behind this very timer, and live runs would crash by the dozen. One that
      // is due when the process stops was a third of a lease ago, and the timer is due a quarter later: a late quarter more is still within it
      const wasHeldUp = performance.now() - due > this.#ms / 4
      if (wasHeldUp) for (const run of this.#held.keys()) this.renew(run)
      else this.#onDue()
      this.#arm()
    }, wait)
    const timer: unknown = this.#timer
    if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function') timer.unref()
  }
}
