// When a topic that changed is read: at once after a quiet tick, else at the tick's end, and never twice at the same time.
// So a run has at most one version frame per tick, however many commits it had.

export class Ticker {
  readonly #work: () => Promise<void>
  readonly #tick: number
  #last = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: Promise<void> | undefined
  #first: Promise<void> | undefined
  #again = false
  #isStopped = false

  /** @param work - must not throw. @param tick - ms. */
  constructor(work: () => Promise<void>, tick: number) {
    this.#work = work
    this.#tick = tick
  }

  /** Something may have changed. */
  ring(): void {
    if (this.#isStopped) return
    if (this.#running) this.#again = true
    else if (!this.#timer) {
      const wait = this.#last + this.#tick - performance.now()
      if (wait <= 0) void this.#run()
      else this.#timer = setTimeout(() => void this.#run(), wait)
    }
  }

  /** Resolves when the topic has been read once. */
  first(): Promise<void> {
    return (this.#first ??= this.#running ?? this.#run())
  }

  /** Resolves when a reading is over that began after this call; it does not wait for the tick. */
  async fresh(): Promise<void> {
    await this.#running
    await (this.#running ?? this.#run())
  }

  async #run(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#again = false
    this.#last = performance.now()
    await (this.#running = this.#work())
    this.#running = undefined
    if (this.#again) this.ring()
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
