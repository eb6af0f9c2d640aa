// Who writes which of the run's own streams now. Several may write one at once, and only the last of them ends it: an end that came earlier
// would cut off what the others still have to say.
import { endStream, openStream, type StreamEnd, type StreamTarget } from './chunk-writer.ts'

interface Writers {
  count: number
  /** What the first of them to fail met. */
  failure: string | undefined
  /** The end that is under way: an opening waits for it, or it would close what was just opened. */
  ending: Promise<void>
}

export class StreamWriters {
  readonly #writers = new Map<string, Writers>()

  /** Opens the stream for one more writer. @throws what the opening met: there is no such writer then */
  async open(target: StreamTarget): Promise<void> {
    const writers = this.#of(target)
    writers.count++
    try {
      await writers.ending
      await openStream(target)
    } catch (thrown) {
      writers.count--
      throw thrown
    }
  }

  /** One writer has said its last. @param failure - why it says no more */
  async end(target: StreamTarget, failure?: string): Promise<void> {
    const writers = this.#of(target)
    writers.failure ??= failure
    if (--writers.count > 0) return
    const ended = endStream(target, this.endOf(target))
    writers.failure = undefined
    writers.ending = ended.catch(() => {})
    await ended
  }

  /** How the stream ends, as far as its writers are known. */
  endOf(target: StreamTarget): StreamEnd {
    const { failure } = this.#of(target)
    return failure === undefined ? { state: 'closed' } : { state: 'errored', error: failure }
  }

  #of({ run, stream }: StreamTarget): Writers {
    const key = `${run} ${stream}`
    let writers = this.#writers.get(key)
    if (!writers) this.#writers.set(key, (writers = { count: 0, failure: undefined, ending: Promise.resolve() }))
    return writers
  }
}
