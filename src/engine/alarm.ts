// One timer for all that an engine must do at a time of its own: delayed runs, expiry, retention. What is due is asked of the storage when
// it rings, so a ring too many costs nothing, and nothing is lost with the timer.

/** setTimeout takes no more: what is further off is looked at again on the way. */
const MAX_WAIT_MS = 2 ** 31 - 1

export class Alarm {
  readonly #now: () => number
  readonly #onDue: () => void
  #timer: ReturnType<typeof setTimeout> | undefined
  #at = Number.POSITIVE_INFINITY
  #stopped = false

  constructor(now: () => number, onDue: () => void) {
    this.#now = now
    this.#onDue = onDue
  }

  /** Rings at `at`, ms since the epoch, or before. Whoever is called sets it on. */
  set(at: number): void {
    if (this.#stopped || at >= this.#at) return
    this.#at = at
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        this.#at = Number.POSITIVE_INFINITY
        this.#onDue()
      },
      Math.min(MAX_WAIT_MS, Math.max(0, at - this.#now())),
    )
    const timer: unknown = this.#timer
    // an engine that nobody closes keeps no process alive; in a browser a timer is a number
    if (typeof timer === 'object' && timer !== null && 'unref' in timer && typeof timer.unref === 'function') timer.unref()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }
}
