// So many calls at once, the others in their order: a run that waits for a thousand children looks at them without a thousand connections.

export class Turnstile {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(places: number) {
    this.#free = places
  }

  async pass<T>(call: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await call()
    } finally {
      // handed on, not given back: nobody overtakes who waits
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }
}
