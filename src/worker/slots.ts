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
  /** Resolves with a slot held. */
  async acquire(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
