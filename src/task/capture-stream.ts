// `metadata.stream`: pumps a source into a stream of the record. What is handed back reads from the record's own log, so that reading it,
// or not, neither stalls nor loses the capture.
import type { RunBackend } from '../protocol/engine.ts'
import { InvalidRequestError, type RunfeedError, TooLargeError, toRunfeedError } from '../protocol/errors.ts'
import { type Json, jsonBytes, toJson } from '../protocol/json.ts'
import { MAX_CHUNK_BYTES, NAME_PATTERN } from '../protocol/limits.ts'
import { readStream } from './read-stream.ts'
import { retrying } from './retrying.ts'
import type { RunScope } from './run-scope.ts'

/** The source waits while so much of it is not yet in the record. */
const MAX_PENDING_BYTES = 256 * 1024

interface StreamTarget {
  readonly backend: RunBackend
  readonly run: string
  readonly stream: string
  readonly by: string
  /** Set on the run's own stream alone: another run may write to it, not end it. */
  readonly attempt: number | undefined
}

export async function captureStream<T>(
  scope: RunScope,
  to: 'own' | 'parent' | 'root',
  key: string,
  source: AsyncIterable<T> | ReadableStream<T>,
): Promise<AsyncIterable<T>> {
  if (!NAME_PATTERN.test(key)) throw new InvalidRequestError(`"${key}" is no stream key: use 1 to 128 letters, digits and . : / - _`)
  if (!(Symbol.asyncIterator in source)) throw new InvalidRequestError(`stream "${key}": pass an AsyncIterable or a ReadableStream`)
  const run = scope.updates(to).target
  const target: StreamTarget = {
    backend: scope.host.backend,
    run,
    stream: key,
    by: scope.run.id,
    attempt: run === scope.run.id ? scope.run.attempt : undefined,
  }
  const { start } = await open(target)
  scope.hold(pump(target, source, scope).catch((thrown: unknown) => scope.host.report(toRunfeedError(thrown))))
  return readStream<T>(scope.host.backend, run, key, start)
}

async function open({ backend, run, stream, attempt, by }: StreamTarget): Promise<{ readonly start: number }> {
  await retrying(async () => await backend.record.commit({ run, streams: { [stream]: { state: 'open' } }, ...(attempt === undefined ? { by } : { attempt }) }))
  return await backend.chunks.info(run, stream)
}

async function pump<T>(target: StreamTarget, source: AsyncIterable<T> | ReadableStream<T>, { signal }: RunScope): Promise<void> {
  const writer = new ChunkWriter(target)
  const chunks = (source as AsyncIterable<T>)[Symbol.asyncIterator]()
  // one listener for the whole capture, and no promise that outlives a chunk: either would grow with a long stream
  let stop = (): void => {}
  const onAbort = (): void => stop()
  signal.addEventListener('abort', onAbort)
  try {
    for (;;) {
      const next = await new Promise<IteratorResult<T> | 'aborted'>((resolve, reject) => {
        stop = () => resolve('aborted')
        if (signal.aborted) stop()
        else chunks.next().then(resolve, reject)
      })
      if (next === 'aborted') {
        // not awaited: a source that is stuck in its own read would hold the run's end
        void Promise.resolve(chunks.return?.()).catch(() => {})
        break
      }
      if (next.done) {
        await writer.drained()
        await end(target, { state: 'closed' })
        return
      }
      await writer.write(next.value)
    }
    await writer.drained()
  } catch (thrown) {
    const error = toRunfeedError(thrown)
    void Promise.resolve(chunks.return?.()).catch(() => {})
    await writer.drained().catch(() => {})
    await end(target, { state: 'errored', error: error.message })
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

async function end(
  { backend, run, stream, attempt }: StreamTarget,
  streams: { readonly state: 'closed' } | { readonly state: 'errored'; readonly error: string },
): Promise<void> {
  if (attempt !== undefined) await retrying(async () => await backend.record.commit({ run, attempt, streams: { [stream]: streams } }))
}

/** Gathers chunks while an append is in flight; one that finds none leaves at once. */
class ChunkWriter {
  readonly #target: StreamTarget
  #pending: Json[] = []
  #bytes = 0
  #sending: Promise<void> | undefined
  #error: RunfeedError | undefined

  constructor(target: StreamTarget) {
    this.#target = target
  }

  async write(value: unknown): Promise<void> {
    if (this.#error) throw this.#error
    const chunk = toJson(value, `stream "${this.#target.stream}"`)
    const bytes = jsonBytes(chunk)
    if (bytes > MAX_CHUNK_BYTES) throw new TooLargeError(`a chunk of stream "${this.#target.stream}"`, bytes, MAX_CHUNK_BYTES)
    this.#pending.push(chunk)
    this.#bytes += bytes
    this.#sending ??= this.#send()
    if (this.#bytes > MAX_PENDING_BYTES) await this.#sending
  }

  async drained(): Promise<void> {
    while (this.#sending) await this.#sending
    if (this.#error) throw this.#error
  }

  async #send(): Promise<void> {
    const { backend, run, stream, by, attempt } = this.#target
    try {
      while (this.#pending.length > 0) {
        const chunks = this.#pending
        this.#pending = []
        this.#bytes = 0
        await retrying(async () => await backend.chunks.append(run, stream, chunks, attempt === undefined ? { by } : { by, attempt }))
      }
    } catch (thrown) {
      this.#error = toRunfeedError(thrown)
    } finally {
      this.#sending = undefined
    }
  }
}
