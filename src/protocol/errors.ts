// Errors are classes with a literal `type` that travels over the wire; match on `type`, never on the text or on `instanceof`.
import type { Json } from './json.ts'

/** The wire form of an error: `{ error: { type, message, ... } }` is the body of every failed request. */
export interface ErrorBody {
  readonly type: string
  readonly message: string
  readonly [detail: string]: Json | undefined
}

/** What every error of this package is. `type` is stable, `message` says what to do next. */
export class RunfeedError extends Error {
  override readonly name: string = 'RunfeedError'
  readonly type: string
  /** Whether the same call may work later. */
  readonly retryable: boolean = false
  /** What else goes over the wire, by name. */
  readonly details: { readonly [name: string]: Json }
  constructor(type: string, message: string, details: { readonly [name: string]: Json } = {}) {
    super(message)
    this.type = type
    this.details = details
  }
  toJSON(): ErrorBody {
    return { type: this.type, message: this.message, ...this.details }
  }
}

/** A value that JSON cannot hold; `path` is where it is (`$.user.name`). */
export class InvalidValueError extends RunfeedError {
  override readonly name: string = 'InvalidValueError'
  constructor(path: string, why: string) {
    super('invalid_value', `${path}: ${why}`, { path })
  }
}

/** A key or path that cannot be used, or an operation that does not fit what is there. */
export class InvalidOperationError extends RunfeedError {
  override readonly name: string = 'InvalidOperationError'
  constructor(key: string, why: string) {
    super('invalid_operation', `${key}: ${why}`, { key })
  }
}

/** The document would be larger than its limit. The old value stays. `size` and `limit` are bytes of JSON. */
export class MetadataTooLargeError extends RunfeedError {
  override readonly name: string = 'MetadataTooLargeError'
  readonly size: number
  readonly limit: number
  constructor(key: string, size: number, limit: number) {
    super('metadata_too_large', `${key}: metadata would be ${size} bytes, the limit is ${limit}; keep large values elsewhere and store a reference`, {
      key,
      size,
      limit,
    })
    this.size = size
    this.limit = limit
  }
}

/** A payload, an output or a chunk over its limit. */
export class TooLargeError extends RunfeedError {
  override readonly name: string = 'TooLargeError'
  constructor(what: string, size: number, limit: number) {
    super('too_large', `${what} is ${size} bytes, the limit is ${limit}`, { what, size, limit })
  }
}

export class NotFoundError extends RunfeedError {
  override readonly name: string = 'NotFoundError'
  constructor(what: string) {
    super('not_found', `${what} does not exist`, { what })
  }
}

/** The log was cut: a version before `oldest` can no longer be read. */
export class VersionGoneError extends RunfeedError {
  override readonly name: string = 'VersionGoneError'
  constructor(run: string, version: number, oldest: number) {
    super('version_gone', `version ${version} of ${run} is no longer kept; the oldest is ${oldest}`, { run, version, oldest })
  }
}

/** The run has ended, and what was asked for is for running runs. */
export class RunEndedError extends RunfeedError {
  override readonly name: string = 'RunEndedError'
  constructor(run: string) {
    super('run_ended', `${run} has ended; trigger it again, or replay it`, { run })
  }
}

/** The write names an attempt that is no longer the run's; whoever executes it must stop. */
export class StaleAttemptError extends RunfeedError {
  override readonly name: string = 'StaleAttemptError'
  constructor(run: string, attempt: number, current: number) {
    super('stale_attempt', `${run} is at attempt ${current}; attempt ${attempt} may not write any more`, { run, attempt, current })
  }
}

/** Something said in a request is wrong; `message` names the field. */
export class InvalidRequestError extends RunfeedError {
  override readonly name: string = 'InvalidRequestError'
  constructor(message: string, details: { readonly [name: string]: Json } = {}) {
    super('invalid_request', message, details)
  }
}

/** A want that the server refused, while the others on the connection go on. */
export class DeniedError extends RunfeedError {
  override readonly name: string = 'DeniedError'
}

/** The server could not be reached, or the connection broke; the same call may work later. */
export class ConnectionError extends RunfeedError {
  override readonly name: string = 'ConnectionError'
  override readonly retryable: boolean = true
  constructor(message: string, cause?: unknown) {
    super('connection', message)
    if (cause !== undefined) this.cause = cause
  }
}

/** The server answered with a status that is not success. 408, 429 and 5xx may be tried again (RFC 9110, 15). */
export class HttpError extends RunfeedError {
  override readonly name: string = 'HttpError'
  override readonly retryable: boolean
  readonly status: number
  /** What `Retry-After` asked for, in ms. */
  readonly retryAfter: number | undefined
  constructor(status: number, body: ErrorBody | undefined, retryAfter?: number) {
    const { type = `http_${status}`, message = `the server answered ${status}` } = body ?? {}
    super(type, message, body && detailsOf(body))
    this.status = status
    this.retryAfter = retryAfter
    this.retryable = status === 408 || status === 429 || status >= 500
  }
}

/** What came over the wire is no frame of this protocol. */
export class ProtocolError extends RunfeedError {
  override readonly name: string = 'ProtocolError'
  constructor(message: string) {
    super('protocol', message)
  }
}

function detailsOf({ type: _type, message: _message, ...details }: ErrorBody): { readonly [name: string]: Json } {
  return details as { readonly [name: string]: Json }
}

/** An error as it came in an answer. */
export const fromErrorBody = (body: ErrorBody): RunfeedError => new RunfeedError(body.type, body.message, detailsOf(body))

/** Any thrown thing as one of ours, so that readers can match on `type`. */
export function toRunfeedError(thrown: unknown): RunfeedError {
  if (thrown instanceof RunfeedError) return thrown
  const error = new RunfeedError('internal', textOf(thrown))
  if (thrown instanceof Error) error.cause = thrown
  return error
}

/** What can be thrown need not have a text: there may be no `toString`, and getters may throw. Whoever reports it may not fail of it. */
export function textOf(value: unknown): string {
  try {
    return String(value instanceof Error ? value.message : value)
  } catch {
    return '[object Object]'
  }
}
