// What was captured of one source, to be read back from the record of its stream. Its end is that of the source: others may go on writing the
// stream, and another run's ends with that run, which may be waiting for this one.
import { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { StreamTarget } from './chunk-writer.ts'
import { retrying } from './retrying.ts'

const READ_BYTES = 64 * 1024

export class WrittenChunks {
  /** Indexes in the stream, `to` excluded: others write between them. */
  readonly #ranges: { from: number; to: number }[] = []
  #end: { readonly error: RunfeedError | undefined } | undefined
  #wake = (): void => {}

  add(index: number, count: number): void {
    const last = this.#ranges.at(-1)
    if (last?.to === index) last.to += count
    else this.#ranges.push({ from: index, to: index + count })
    this.#wake()
  }

  /** The first end stands. */
  end(error?: RunfeedError): void {
    this.#end ??= { error }
    this.#wake()
  }

  /** Ends where the source ended. @throws RunfeedError `stream_errored`, `stream_aborted`; `stream_gap` where the record cut it before it was read. */
  async *read<T>({ backend, run, stream }: StreamTarget): AsyncGenerator<T, void, undefined> {
    for (;;) {
      const [range] = this.#ranges
      if (!range) {
        if (this.#end?.error) throw this.#end.error
        if (this.#end) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      const { from, to } = range
      const read = await retrying(async () => await backend.chunks.read(run, stream, from, READ_BYTES), backend.patience)
      if (read.index > from || read.chunks.length === 0)
        throw new RunfeedError('stream_gap', `chunk ${from} of stream "${stream}" is no longer kept; read it sooner`)
      const chunks: readonly Json[] = read.chunks.slice(0, to - from)
      range.from += chunks.length
      if (range.from === range.to) this.#ranges.shift()
      yield* structuredClone(chunks) as readonly T[]
    }
  }
}
