// `metadata.stream`: pumps a source into a stream of the record. What is handed back reads from the record's own log, so that reading it,
// or not, neither stalls nor loses the capture.
import { InvalidRequestError, RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { NAME_PATTERN } from '../protocol/limits.ts'
import { ChunkWriter, type StreamTarget } from './chunk-writer.ts'
import type { RunScope } from './run-scope.ts'
import { WrittenChunks } from './written-chunks.ts'

/** Of a stream's error, in UTF-16 units: a server elsewhere takes no more. */
const MAX_ERROR = 32_768

export async function captureStream<T>(
  scope: RunScope,
  to: 'own' | 'parent' | 'root',
  key: string,
  source: AsyncIterable<T> | ReadableStream<T>,
): Promise<AsyncIterable<T>> {
  if (typeof key !== 'string' || !NAME_PATTERN.test(key)) throw new InvalidRequestError(`"${key}" is no stream key: use 1 to 128 letters, digits and . : / - _`)
  // before the stream is opened: one whose source cannot be read would have no end
  const chunks = chunksOf(key, source)
  const run = scope.updates(to).target
  const target: StreamTarget = {
    backend: scope.host.backend,
    run,
    stream: key,
    by: scope.run.id,
    attempt: run === scope.run.id ? scope.run.attempt : undefined,
  }
  await scope.streams.open(target).catch((thrown: unknown) => {
    letGo(chunks)
    throw thrown
  })
  const written = new WrittenChunks()
  scope.hold(pump(target, chunks, scope, written).catch((thrown: unknown) => scope.host.report(toRunfeedError(thrown))))
  return written.read<T>(target)
}

async function pump<T>(target: StreamTarget, chunks: AsyncIterator<T>, { capturing: signal, host, streams }: RunScope, written: WrittenChunks): Promise<void> {
  const writer = new ChunkWriter(target, undefined, (index, count) => written.add(index, count))
  // one listener for the whole capture, and no promise that outlives a chunk: either would grow with a long stream
  let stop = (): void => {}
  const onAbort = (): void => stop()
  signal.addEventListener('abort', onAbort)
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<T> | 'aborted'>((resolve, reject) => {
        stop = () => resolve('aborted')
        if (signal.aborted) stop()
        else Promise.resolve(chunks.next()).then(resolve, reject)
      })
      if (next === 'aborted') {
        letGo(chunks)
        break
      }
      if (next.done) {
        await writer.drained()
        await streams.end(target)
        written.end()
        return
      }
      await writer.write(next.value)
    }
    await writer.drained()
  } catch (thrown) {
    const error = toRunfeedError(thrown)
    letGo(chunks)
    await writer.drained().catch(() => {})
    // nobody else is told by another run's stream, which stays open
    if (target.attempt === undefined) host.report(new RunfeedError('stream_errored', `stream "${target.stream}" of ${target.run}: ${error.message}`))
    await streams.end(target, error.message.slice(0, MAX_ERROR)).finally(() => written.end(new RunfeedError('stream_errored', error.message)))
  } finally {
    signal.removeEventListener('abort', onAbort)
    // what has not ended by now ends with its run
    written.end(new RunfeedError('stream_aborted', `stream "${target.stream}" ended with its run`))
  }
}

/** @throws InvalidRequestError for what cannot be read */
function chunksOf<T>(key: string, source: AsyncIterable<T> | ReadableStream<T>): AsyncIterator<T> {
  const given: unknown = source
  const isObject = (typeof given === 'object' && given !== null) || typeof given === 'function'
  if (isObject && 'getReader' in given && 'locked' in given) {
    const body = given as ReadableStream<T>
    if (body.locked) throw new InvalidRequestError(`stream "${key}": somebody else reads this ReadableStream already; pass one half of its tee()`)
    const reader = body.getReader()
    // its iterator would cancel it only after the read that is under way, which may never end
    return { next: () => reader.read() as Promise<IteratorResult<T>>, return: async () => (await reader.cancel(), { done: true, value: undefined }) }
  }
  if (isObject && Symbol.asyncIterator in given) return (given as AsyncIterable<T>)[Symbol.asyncIterator]()
  throw new InvalidRequestError(`stream "${key}": pass an AsyncIterable or a ReadableStream`)
}

/** Not awaited: a source that is stuck in its own read would hold the run's end. */
function letGo(chunks: AsyncIterator<unknown>): void {
  void (async () => await chunks.return?.())().catch(() => {})
}
