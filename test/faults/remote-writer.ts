// Work elsewhere, which says by REST alone what it does: each thing again and again until it is answered, and never twice.
import type { Json, JsonObject } from 'runfeed'
import { newRunId, newWriterId } from '../../src/protocol/run.ts'

/** One to four bytes a letter in UTF-8: a cut within one must not become another letter. */
const LETTERS = ['a', 'é', '→', '𝄞', '👩‍🚀']
export const letters = (step: number): string => LETTERS.map((letter) => `${letter}${step}`).join('')

/** Between two attempts to reach a server that is away. */
const RETRY_MS = 20

export interface Said {
  readonly metadata: JsonObject
  readonly streams: { readonly [stream: string]: readonly Json[] }
}

export class RemoteWriter {
  readonly id: string = newRunId()
  readonly said: Said
  readonly #url: () => string
  readonly #steps: number
  readonly #writer = newWriterId()
  #sequence = 0

  /** @param url - where the server is now. */
  constructor(url: () => string, steps: number) {
    this.#url = url
    this.#steps = steps
    const counted = Array.from({ length: steps }, (_, step) => step)
    this.said = {
      metadata: { done: steps, last: counted.slice(-5), nested: { step: steps - 1, schlüssel: letters(steps - 1) } },
      streams: { numbers: counted, words: counted.flatMap((step) => (step % 3 === 0 ? [letters(step), letters(-step)] : [letters(step)])) },
    }
  }

  /** @param tag - of the run. */
  async begin(tag: string): Promise<void> {
    const run = { id: this.id, task: 'elsewhere', payload: { large: 'x'.repeat(500) }, tags: [tag] }
    await this.#call('/v1/runs/begin', { run, worker: this.#writer })
    await this.#commit({ streams: { numbers: { state: 'open' }, words: { state: 'open' } } })
  }

  /** @param before - called before each step. */
  async work(before: (step: number) => Promise<void>): Promise<void> {
    for (let step = 0; step < this.#steps; step++) {
      await before(step)
      await this.#commit({
        operations: [
          { op: 'increment', key: 'done', by: 1 },
          { op: 'append', key: 'last', value: step, max: 5 },
          { op: 'set', key: '$.nested.step', value: step },
          { op: 'set', key: '$.nested["schlüssel"]', value: letters(step) },
        ],
      })
      await this.#append('numbers', [step])
      await this.#append('words', step % 3 === 0 ? [letters(step), letters(-step)] : [letters(step)])
    }
    await this.#commit({ streams: { numbers: { state: 'closed' } } })
    await this.#commit({ end: { status: 'COMPLETED', output: 'all of it' } })
  }

  async #commit(commit: object): Promise<void> {
    await this.#call(`/v1/runs/${this.id}/commits`, { ...commit, attempt: 1, writer: this.#next() })
  }
  async #append(stream: string, chunks: readonly Json[]): Promise<void> {
    await this.#call(`/v1/runs/${this.id}/chunks/${stream}`, { chunks, by: this.id, attempt: 1, writer: this.#next() })
  }
  #next(): { readonly id: string; readonly sequence: number } {
    return { id: this.#writer, sequence: ++this.#sequence }
  }

  async #call(path: string, body: object): Promise<void> {
    for (;;) {
      const answer = await fetch(this.#url() + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }).catch(
        () => undefined,
      )
      const text = await answer?.text().catch(() => undefined)
      if (answer?.ok && text !== undefined) return
      if (answer && answer.status < 500) throw new Error(`${path} was answered ${answer.status}: ${text}`)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}
