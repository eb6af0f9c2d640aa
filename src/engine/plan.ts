// What was asked for a run beside its record: when it may begin, how often, and with whom it shares a limit.
import { InvalidRequestError } from '../protocol/errors.ts'
import { MAX_KEY_LENGTH } from '../protocol/limits.ts'
import type { NewRun, Run } from '../protocol/run.ts'

export interface RunPlan {
  /** When a DELAYED run is queued, ms since the epoch. */
  readonly delayUntil: number | null
  readonly expiresAt: number | null
  /** 0 where nobody has said it yet: the first claim does. */
  readonly maxAttempts: number
  readonly maxDuration: number | null
  readonly idempotencyKey: string | null
  /** `''` for none. */
  readonly concurrencyKey: string
  /** An attempt of it was executed and is over. One that was given back was not executed, and its number is used up all the same. */
  readonly hasExecuted: boolean
  /** Its parent waits for it. */
  readonly isAwaited: boolean
  /** Who took its last attempt, where that outlives this process; else `null`. */
  readonly remoteWorker: string | null
}

/** @throws InvalidRequestError naming the field */
export function planOf(wanted: NewRun): RunPlan {
  return {
    delayUntil: time('delayUntil', wanted.delayUntil),
    expiresAt: time('expiresAt', wanted.expiresAt),
    maxAttempts: whole('maxAttempts', wanted.maxAttempts) ?? 0,
    maxDuration: whole('maxDuration', wanted.maxDuration),
    idempotencyKey: key('idempotencyKey', wanted.idempotencyKey),
    concurrencyKey: key('concurrencyKey', wanted.concurrencyKey) ?? '',
    hasExecuted: false,
    isAwaited: wanted.isAwaited ?? false,
    remoteWorker: null,
  }
}

/** When the engine must look at a run by itself; `null` for never. Expiry is for runs that nobody has begun to execute. */
export function dueAt({ status }: Pick<Run, 'status'>, { delayUntil, expiresAt, hasExecuted }: RunPlan): number | null {
  const expires = hasExecuted ? null : expiresAt
  if (status === 'QUEUED') return expires
  if (status !== 'DELAYED') return null
  return expires === null ? delayUntil : Math.min(delayUntil ?? expires, expires)
}

function time(field: string, value: number | undefined): number | null {
  if (value === undefined) return null
  if (!Number.isFinite(value) || Math.abs(value) > 8.64e15) throw new InvalidRequestError(`${field} is ${value}; it is a time in ms since the epoch`, { field })
  return Math.ceil(value)
}

function whole(field: string, value: number | undefined): number | null {
  if (value === undefined) return null
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidRequestError(`${field} is ${value}; it is a whole number from 1`, { field })
  return value
}

function key(field: string, value: string | undefined): string | null {
  if (value === undefined) return null
  if (value === '' || value.length > MAX_KEY_LENGTH) throw new InvalidRequestError(`${field}: use 1 to ${MAX_KEY_LENGTH} characters`, { field })
  // a database would keep the same sign for any half, and two keys be one
  if (/\p{Cs}/u.test(value)) throw new InvalidRequestError(`${field}: it ends or begins in the middle of a character; cut it elsewhere`, { field })
  return value
}
