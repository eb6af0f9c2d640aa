// A server and its reader, as they are beside each other in this bench.
import type { JsonObject } from 'runfeed'

export interface Contender {
  /** Where the server is. */
  readonly url: string
  /** Reads from `url`, behind which the server is. Resolves when the reader has the document. */
  read(url: string): Promise<void>
  /** `n` of the document becomes this. Resolves when the reader has it. */
  change(n: number): Promise<void>
  close(): Promise<void>
}

/** @param document - has an `n`, which is 0. */
export type Open = (document: JsonObject) => Promise<Contender>

/** Resolves what is waited for once it has come. */
export class Arrivals {
  #last = Number.NEGATIVE_INFINITY
  readonly #waiting = new Map<number, () => void>()

  came(n: unknown): void {
    if (typeof n !== 'number') return
    this.#last = n
    for (const [wanted, resolve] of this.#waiting)
      if (wanted <= n) {
        this.#waiting.delete(wanted)
        resolve()
      }
  }
  async of(n: number): Promise<void> {
    if (n > this.#last) await new Promise<void>((resolve) => this.#waiting.set(n, resolve))
  }
}
