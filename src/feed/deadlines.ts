// Many moments, one timer. The clock is asked and not the timer: whoever injects a clock calls `look` when it has moved.

export interface Moment {
  /** Ms since the epoch; it does not change. */
  readonly at: number
  due(): void
}

/** setTimeout takes no more, and a machine that slept is noticed within it. */
const MAX_WAIT_MS = 60_000

export class Deadlines {
  readonly #now: () => number
  /** The earliest first. */
  readonly #moments: Moment[] = []
  #timer: ReturnType<typeof setTimeout> | undefined
  #timerAt = 0

  /** @param now - ms since the epoch. */
  constructor(now: () => number) {
    this.#now = now
  }

  add(moment: Moment): void {
    this.#moments.splice(this.#placeOf(moment.at), 0, moment)
    this.#arm()
  }

  /** Nothing is due any more; one that was due, or was deleted before, is not missed. */
  delete(moment: Moment): void {
    for (let i = this.#placeOf(moment.at) - 1; this.#moments[i]?.at === moment.at; i--) {
      if (this.#moments[i] !== moment) continue
      this.#moments.splice(i, 1)
      if (this.#moments.length === 0) this.#disarm()
      return
    }
  }

  /** Calls what is due now. */
  look(): void {
    for (let first = this.#moments[0]; first && first.at <= this.#now(); first = this.#moments[0]) {
      this.#moments.shift()
      first.due()
    }
    this.#arm()
  }

  /** After all that are at the same time. */
  #placeOf(at: number): number {
    let low = 0
    let high = this.#moments.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#moments[middle] as Moment).at <= at) low = middle + 1
      else high = middle
    }
    return low
  }

  #arm(): void {
    const first = this.#moments[0]
    if (!first) return this.#disarm()
    if (this.#timer && this.#timerAt <= first.at) return
    this.#disarm()
    this.#timerAt = first.at
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined
        this.look()
      },
      Math.min(MAX_WAIT_MS, Math.max(0, first.at - this.#now())),
    )
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
