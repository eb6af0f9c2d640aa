// What `logger` says in a run: lines in the run's stream `log`, opened by the first one.
import type { Commit } from '../protocol/engine.ts'
import { RunfeedError, textOf, toRunfeedError } from '../protocol/errors.ts'
import { isForbiddenName, type Json, type JsonObject, jsonBytes, toJson } from '../protocol/json.ts'
import { MAX_CHUNK_BYTES } from '../protocol/limits.ts'
import { ChunkWriter, type StreamTarget } from './chunk-writer.ts'
import type { RunScope } from './run-scope.ts'

export type LogLevel = 'debug' | 'info' | 'log' | 'warn' | 'error'

const STREAM = 'log'
/** Nobody waits for a line to be stored: beyond this, lines are counted and left out. */
const MAX_PENDING_BYTES = 8 * 1024 * 1024
const MAX_MESSAGE = 10_000

export class RunLog {
  readonly #scope: RunScope
  #writer: ChunkWriter | undefined
  #hasEnded = false
  #failure: RunfeedError | undefined
  #leftOut = 0

  constructor(scope: RunScope) {
    this.#scope = scope
  }

  /** @returns false once the run's last line is taken: the line is then for somebody else. */
  line(level: LogLevel, message: unknown, fields: object | undefined): boolean {
    if (this.#hasEnded) return false
    this.#writer ??= this.#open()
    if (this.#writer.pendingBytes > MAX_PENDING_BYTES) this.#leftOut++
    else this.#write(this.#writer, lineOf(level, message, fields))
    return true
  }

  /**
   * Every line is stored, or never will be. Lines that come later are not taken.
   * @returns what the run's last commit says of the stream.
   */
  async end(isSuccess: boolean): Promise<Commit['streams']> {
    const writer = this.#writer
    this.#hasEnded = true
    if (!writer) return undefined
    await writer.drained().catch((thrown: unknown) => this.#fail(thrown))
    if (this.#leftOut > 0) this.#write(writer, lineOf('warn', `${this.#leftOut} lines were left out: they came faster than they could be stored`, undefined))
    await writer.drained().catch((thrown: unknown) => this.#fail(thrown))
    // a stream that could not be opened is not closed; otherwise whoever reads it would wait for nothing but an abort
    return isSuccess && !this.#failure ? { [STREAM]: this.#scope.streams.endOf(this.#target) } : undefined
  }

  get #target(): StreamTarget {
    const { run, host } = this.#scope
    return { backend: host.backend, run: run.id, stream: STREAM, by: run.id, attempt: run.attempt }
  }

  #open(): ChunkWriter {
    const target = this.#target
    return new ChunkWriter(target, this.#scope.streams.open(target))
  }

  #write(writer: ChunkWriter, line: JsonObject): void {
    writer.write(line).catch((thrown: unknown) => this.#fail(thrown))
  }

  /** Told once: every line after the first would say the same. */
  #fail(thrown: unknown): void {
    if (this.#failure) return
    this.#failure = toRunfeedError(thrown)
    this.#scope.host.report(new RunfeedError('log', `what logger says is not stored: ${this.#failure.message}`))
  }
}

function lineOf(level: LogLevel, said: unknown, fields: object | undefined): JsonObject {
  const message = textOf(said)
  const own = { level, message, at: Date.now() }
  // once before the fields for the order in which it reads, once after them because a field may have such a name
  const line: JsonObject = { ...own, ...(fields && fieldsOf(fields)), ...own }
  return jsonBytes(line) <= MAX_CHUNK_BYTES ? line : { ...own, message: message.slice(0, MAX_MESSAGE), isCut: true }
}

function fieldsOf(fields: object): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[isForbiddenName(name) ? `_${name}` : name, fieldOf(value)]])),
  )
}

/** A field as JSON, or as text where it cannot be: a log that refuses a line tells nothing. */
function fieldOf(value: unknown): Json {
  if (value instanceof Error) return { name: value.name, message: value.message, ...(value.stack === undefined ? {} : { stack: value.stack }) }
  try {
    // one level down, as it is in its line
    return (toJson([value]) as readonly [Json])[0]
  } catch {
    return textOf(value)
  }
}
