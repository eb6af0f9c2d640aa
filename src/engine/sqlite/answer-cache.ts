// The last answers to a run's writers: most commits come from writers that were just there, and asking the file first costs a third of a commit.
import type { Answered } from '../storage.ts'

const MAX_WRITERS = 16

export class AnswerCache {
  readonly #answers = new Map<string, Answered<unknown>>()
  #isWhole: boolean

  /** @param isWhole - the run is new: nobody else has said anything. */
  constructor(isWhole: boolean) {
    this.#isWhole = isWhole
  }

  /** Whether the file knows no more of the writer than this. */
  knows(writer: string): boolean {
    return this.#isWhole || this.#answers.has(writer)
  }
  get(writer: string): Answered<unknown> | undefined {
    return this.#answers.get(writer)
  }
  set(writer: string, said: Answered<unknown>): void {
    // the one that spoke last is the last to go
    this.#answers.delete(writer)
    this.#answers.set(writer, said)
    const [oldest] = this.#answers.keys()
    if (this.#answers.size <= MAX_WRITERS || oldest === undefined) return
    this.#answers.delete(oldest)
    this.#isWhole = false
  }
}
