// The run record: what everybody who watches sees.
import type { Json, JsonObject } from './json.ts'
import type { RunStatus } from './status.ts'

/** Why a run ended without success. `type` is an error class's or `crashed`, `canceled`, ... */
export interface RunFailure {
  readonly type: string
  readonly message: string
  readonly stack?: string
}

export type StreamState = 'open' | 'closed' | 'errored' | 'aborted'
export interface StreamSummary {
  readonly state: StreamState
  /** Why the stream ended as `errored`. */
  readonly error?: string
}

/**
 * One run. Times are ms since the epoch. `version` counts commits from 1; the length of a stream is outside of it.
 * The type parameters are metadata, output and payload, as a contract types them.
 */
export interface Run<M = JsonObject, O = Json, P = Json> {
  /** `run_...` */
  readonly id: string
  readonly namespace: string
  /** The task's id. */
  readonly task: string
  readonly status: RunStatus
  readonly tags: readonly string[]
  readonly parentId: string | null
  /** The run that was triggered from outside; its own id there. */
  readonly rootId: string
  /** 0 for a root. */
  readonly depth: number
  /** 0 until it is first executed. */
  readonly attempt: number
  readonly replayOf: string | null
  readonly payload: P
  readonly metadata: M
  /** Absent until the run completes. */
  readonly output: O | undefined
  readonly error: RunFailure | null
  readonly createdAt: number
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly cancelRequestedAt: number | null
  readonly updatedAt: number
  readonly version: number
  readonly streams: { readonly [key: string]: StreamSummary }
}

/** What a run is made from. The engine fills in the rest, `rootId` and `depth` from the parent's record. */
export interface NewRun {
  /** Chosen by whoever makes it, so that the call can be repeated: `newRunId()`. @defaultValue the engine's */
  readonly id?: string
  /** @defaultValue the parent's, else `default` */
  readonly namespace?: string
  readonly task: string
  readonly payload: Json
  readonly metadata?: JsonObject
  readonly tags?: readonly string[]
  readonly parentId?: string
  /** The parent waits for it, also where it is there already: canceling the parent cancels it too. @defaultValue false */
  readonly isAwaited?: boolean
  readonly replayOf?: string
  /** Not executed before then, ms since the epoch; DELAYED meanwhile. */
  readonly delayUntil?: number
  /** EXPIRED when nobody has begun to execute it by then, ms since the epoch. */
  readonly expiresAt?: number
  /** Executions in all, the first included. @defaultValue what the worker that claims it first says of the task, else 1 */
  readonly maxAttempts?: number
  /** Ms that one attempt may execute; what it waits for others does not count. @defaultValue no limit */
  readonly maxDuration?: number
  /** A second run of the same task and key is not made: the first one is answered. */
  readonly idempotencyKey?: string
  /** Runs of one task with one key share the task's concurrency limit; each key has it whole. */
  readonly concurrencyKey?: string
}

const ALPHABET = '0123456789abcdefghijklmnopqrstuvwxyz'
const random = (length: number): string => {
  let out = ''
  // 252 is the largest multiple of 36 in a byte: what is above would favour the first letters
  while (out.length < length)
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) if (byte < 252 && out.length < length) out += ALPHABET[byte % 36]
  return out
}
export const newRunId = (): string => `run_${random(20)}`
/** Names one writer (one attempt of one run, or one process), so that a repeated commit is known. */
export const newWriterId = (): string => `w_${random(12)}`
