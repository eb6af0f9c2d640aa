// How an attempt ended, and what follows from it: the run's end, or another attempt.
import type { Commit, RunEnd } from '../protocol/engine.ts'
import { RunfeedError, TooLargeError, toRunfeedError } from '../protocol/errors.ts'
import { jsonBytes, toJson } from '../protocol/json.ts'
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.ts'
import type { RunFailure } from '../protocol/run.ts'
import { AbortRunError } from '../task/abort-run-error.ts'
import type { RunResult } from '../task/hooks.ts'
import type { TaskDefinition } from '../task/task-definition.ts'

/** In UTF-16 units. A message can hold whatever was answered somewhere; a server elsewhere would refuse it, and the run's end with it. */
const MAX_TEXT = 32_768
const MAX_NAME = 256

export interface Conclusion {
  /** How the run ends when no attempt is left. */
  readonly end: RunEnd
  readonly result: RunResult
  /** Another attempt follows instead. */
  readonly retry?: NonNullable<Commit['retry']>
  /** The run is somebody else's now: there is nothing left to say. */
  readonly isLost: boolean
}

/** What a conclusion is drawn from. */
export interface Facts {
  readonly attempt: number
  readonly maxAttempts: number
  readonly settings: TaskDefinition['settings']
}

/** @throws InvalidValueError, TooLargeError for an output that cannot be stored */
export function succeeded(output: unknown): Conclusion {
  const result: RunResult = { ok: true, output }
  if (output === undefined) return { end: { status: 'COMPLETED' }, result, isLost: false }
  const stored = toJson(output, 'output')
  const bytes = jsonBytes(stored)
  if (bytes > MAX_PAYLOAD_BYTES) throw new TooLargeError('output', bytes, MAX_PAYLOAD_BYTES)
  return { end: { status: 'COMPLETED', output: stored }, result, isLost: false }
}

export function failed(thrown: unknown, facts: Facts): Conclusion {
  const error = failureOf(thrown)
  // the same payload would be refused again
  const isFinal = thrown instanceof AbortRunError || error.type === 'invalid_payload'
  return conclude('FAILED', error, thrown, isFinal ? undefined : facts.settings.backoff(facts.attempt), facts)
}

/** @param reason - why the signal was aborted */
export function aborted(reason: unknown, facts: Facts): Conclusion {
  const { type, message } = toRunfeedError(reason)
  const error: RunFailure = { type, message: message.slice(0, MAX_TEXT) }
  if (type === 'canceled') return conclude('CANCELED', error, reason, undefined, facts)
  if (type === 'timed_out') return conclude('TIMED_OUT', error, reason, undefined, facts)
  // the worker goes away: that is no reason to wait
  return { ...conclude('CRASHED', error, reason, 0, facts), isLost: type === 'stale_attempt' || type === 'run_ended' }
}

function conclude(status: RunEnd['status'], error: RunFailure, thrown: unknown, wait: number | undefined, { attempt, maxAttempts }: Facts): Conclusion {
  const isRetry = wait !== undefined && attempt < maxAttempts
  return {
    end: { status, error },
    result: { ok: false, status, error: thrown },
    isLost: false,
    ...(isRetry && { retry: { at: Date.now() + wait, error } }),
  }
}

export function failureOf(thrown: unknown): RunFailure {
  const { type, message } = toRunfeedError(thrown)
  if (!(thrown instanceof Error)) return { type: 'thrown', message: message.slice(0, MAX_TEXT) }
  const name = thrown instanceof RunfeedError ? type : textIn(thrown, 'name')
  const stack = textIn(thrown, 'stack')
  return {
    type: name ? name.slice(0, MAX_NAME) : 'Error',
    message: message.slice(0, MAX_TEXT),
    ...(stack !== undefined && { stack: stack.slice(0, MAX_TEXT) }),
  }
}

/** Some libraries take these away, put something else there, or throw when one looks. */
function textIn(thrown: Error, member: 'name' | 'stack'): string | undefined {
  try {
    return typeof thrown[member] === 'string' ? thrown[member] : undefined
  } catch {
    return undefined
  }
}
