// Concurrency slots: who executes holds one, who waits for others does not.

export class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(count: number) {
    this.#free = count
  }

  /** Slots that a new run could have now: nobody who waits to go on is passed over. */
  get free(): number {
    return this.#waiting.length > 0 ? 0 : this.#free
  }

  take(): void {
    this.#free--
  }
  release(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free++
  }
  /** Resolves with a slot held, or without one as soon as `signal` is aborted. @returns whether it is held */
  async acquire(signal: AbortSignal): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--
      return true
    }
    if (signal.aborted) return false
    return await new Promise<boolean>((resolve) => {
      const have = (): void => {
        signal.removeEventListener('abort', giveUp)
        resolve(true)
      }
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(have), 1)
        resolve(false)
      }
      signal.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(have)
    })
  }
}
