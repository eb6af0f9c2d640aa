// Reads a stream of a run from its record, from an index to its end.
import type { RunBackend } from '../protocol/engine.ts'
import { RunfeedError } from '../protocol/errors.ts'
import { topics } from '../protocol/want.ts'
import { nextWake } from './next-wake.ts'
import { retrying } from './retrying.ts'

export const READ_BYTES: number = 64 * 1024

/**
 * Ends where the stream ends.
 *
 * @param signal - of the run that captures it: a stream that is open when it is aborted gets no end before its run has one, and its run waits for the reader.
 * @throws RunfeedError `stream_errored`, `stream_aborted`; `stream_gap` where the record cut it before it was read.
 */
export async function* readStream<T>(backend: RunBackend, run: string, stream: string, from: number, signal: AbortSignal): AsyncGenerator<T, void, undefined> {
  const bell = nextWake(backend, [topics.stream(run, stream)])
  signal.addEventListener('abort', bell.stop)
  try {
    for (let index = from; ; ) {
      // taken before the read: what comes between the read and the wait rings it
      const woken = bell.next()
      const { state, length, error } = await retrying(async () => await backend.chunks.info(run, stream), backend.patience)
      while (index < length) {
        const at = index
        const read = await retrying(async () => await backend.chunks.read(run, stream, at, READ_BYTES), backend.patience)
        if (read.chunks.length === 0) break
        // never a hole in silence: it was cut at its bound before it was read
        if (read.index > at) throw new RunfeedError('stream_gap', `chunks ${at} to ${read.index - 1} of stream "${stream}" are no longer kept; read it sooner`)
        // the reader may change what it is handed; the record may not change with it
        yield* structuredClone(read.chunks) as readonly T[]
        index = read.index + read.chunks.length
      }
      if (state === 'closed') return
      if (state === 'errored') throw new RunfeedError('stream_errored', error ?? `stream "${stream}" failed`)
      if (state === 'aborted' || signal.aborted) throw new RunfeedError('stream_aborted', `stream "${stream}" ended with its run`)
      await woken
    }
  } finally {
    signal.removeEventListener('abort', bell.stop)
    bell.stop()
  }
}
