// Writes chunks into a stream of a run: gathered while an append is in flight, in order, with bounded memory.
import type { RunBackend } from '../protocol/engine.ts'
import { type RunfeedError, TooLargeError, toRunfeedError } from '../protocol/errors.ts'
import { type Json, jsonBytes, toJson } from '../protocol/json.ts'
import { MAX_CHUNK_BYTES } from '../protocol/limits.ts'
import { newWriterId } from '../protocol/run.ts'
import { retrying } from './retrying.ts'

/** The source waits while so much of it is not yet in the record. */
const MAX_PENDING_BYTES = 256 * 1024
/** One append's most: a server elsewhere takes no more in one request. */
const MAX_APPEND = 10_000

export interface StreamTarget {
  readonly backend: RunBackend
  readonly run: string
  readonly stream: string
  readonly by: string
  /** Set on the run's own stream alone: another run may write to it, not end it. */
  readonly attempt: number | undefined
}

export async function openStream({ backend, run, stream, attempt, by }: StreamTarget): Promise<void> {
  // the run's own opening may be said twice; another run's, said again after the stream was closed, would be refused
  const from = attempt === undefined ? { by, writer: { id: newWriterId(), sequence: 1 } } : { attempt }
  const commit = { run, streams: { [stream]: { state: 'open' } }, ...from } as const
  await retrying(async () => await backend.record.commit(commit), backend.patience)
}

export type StreamEnd = { readonly state: 'closed' } | { readonly state: 'errored'; readonly error: string }

/** Another run’s stream is not ended: that is for the run itself. */
export async function endStream({ backend, run, stream, attempt }: StreamTarget, end: StreamEnd): Promise<void> {
  if (attempt !== undefined) await retrying(async () => await backend.record.commit({ run, attempt, streams: { [stream]: end } }), backend.patience)
}

/** Gathers chunks while an append is in flight; one that finds none leaves at once. */
export class ChunkWriter {
  readonly #target: StreamTarget
  readonly #writer = newWriterId()
  #sequence = 0
  #pending: Json[] = []
  #bytes = 0
  #sending: Promise<void> | undefined
  #error: RunfeedError | undefined

  readonly #opened: Promise<unknown>

  readonly #stored: (index: number, count: number) => void

  /**
   * @param opened - the stream is open: nothing is sent before.
   * @param stored - told where chunks are, once they are in the record.
   */
  constructor(target: StreamTarget, opened: Promise<unknown> = Promise.resolve(), stored: (index: number, count: number) => void = () => {}) {
    this.#target = target
    this.#opened = opened
    this.#stored = stored
  }

  /** Bytes that wait to be sent. */
  get pendingBytes(): number {
    return this.#bytes
  }

  /** Resolves when there is room for more. @throws InvalidValueError, TooLargeError; what the sending of earlier chunks met. */
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
      await this.#opened
      while (this.#pending.length > 0) {
        const chunks = this.#pending.slice(0, MAX_APPEND)
        this.#pending = this.#pending.slice(MAX_APPEND)
        if (this.#pending.length === 0) this.#bytes = 0
        // the same sequence number each time: the record knows whether it had them
        const from = { by, writer: { id: this.#writer, sequence: ++this.#sequence }, ...(attempt === undefined ? {} : { attempt }) }
        const { index } = await retrying(async () => await backend.chunks.append(run, stream, chunks, from), backend.patience)
        this.#stored(index, chunks.length)
      }
    } catch (thrown) {
      this.#error = toRunfeedError(thrown)
    } finally {
      this.#sending = undefined
    }
  }
}
