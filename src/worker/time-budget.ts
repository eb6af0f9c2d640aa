// The time that an attempt may execute: it runs while the attempt does, and stands still while it waits for other runs.

/** A longer timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

export class TimeBudget {
  #left: number
  #since: number | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #onOut: () => void

  /** @param ms - `null`: no limit. */
  constructor(ms: number | null, onOut: () => void) {
    this.#left = ms ?? Number.POSITIVE_INFINITY
    this.#onOut = onOut
  }

  resume(): void {
    if (this.#since !== undefined || this.#left === Number.POSITIVE_INFINITY) return
    this.#since = performance.now()
    this.#timer = setTimeout(
      () => {
        this.pause()
        if (this.#left > 0) this.resume()
        else this.#onOut()
      },
      Math.min(this.#left, MAX_TIMER_MS),
    )
    this.#timer.unref()
  }

  pause(): void {
    if (this.#since === undefined) return
    clearTimeout(this.#timer)
    // a timer may be early by a part of a millisecond
    this.#left = Math.max(0, Math.floor(this.#left - (performance.now() - this.#since)))
    this.#since = undefined
  }

  /** It is not needed any more. */
  stop(): void {
    this.pause()
    this.#left = Number.POSITIVE_INFINITY
  }
}
