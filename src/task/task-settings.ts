// What a task says about how its runs are executed: checked once, when the task is declared.
import type { NewRun } from '../protocol/run.ts'
import { countOf, type Duration, msOf, positiveMsOf, refused } from './duration.ts'
import { expiryOf } from './new-run.ts'

export interface TaskQueue {
  /** Runs of this task that execute at once, in one worker; with a `concurrencyKey`, of each key. @defaultValue the worker's concurrency */
  readonly concurrencyLimit?: number
}

/** The wait before attempt n + 1 is `minTimeout * factor ** (n - 1)`, at most `maxTimeout`. */
export interface RetryOptions {
  /** Executions in all, the first included. @defaultValue 1 */
  readonly maxAttempts?: number
  /** Ms, or text such as '30s'. @defaultValue 1000 */
  readonly minTimeout?: Duration
  /** Ms, or text such as '5m'. @defaultValue 60000 */
  readonly maxTimeout?: Duration
  /** @defaultValue 2 */
  readonly factor?: number
  /** Waits half to all of it, so that what failed together does not come back together. @defaultValue true */
  readonly randomize?: boolean
}

export interface TaskSettings {
  readonly queue?: TaskQueue
  /** How a run that failed is tried again. */
  readonly retry?: RetryOptions
  /** What one attempt may execute, ms or text such as '5m'; waiting for other runs does not count. Then it ends as TIMED_OUT. @defaultValue no limit */
  readonly maxDuration?: Duration
  /** How long a run waits to be executed, ms or text such as '1h'. Then it ends as EXPIRED. @defaultValue no limit */
  readonly ttl?: Duration
}

export interface CheckedSettings {
  readonly concurrencyLimit: number | undefined
  readonly maxAttempts: number | undefined
  readonly maxDuration: number | undefined
  readonly ttl: number | undefined
  /** Ms to wait after a failed attempt, the first being 1. */
  backoff(attempt: number): number
}

/** @throws InvalidRequestError naming the option */
export function checkSettings({ queue, retry = {}, maxDuration, ttl }: TaskSettings): CheckedSettings {
  const min = msOf('retry.minTimeout', retry.minTimeout ?? 1000)
  const max = msOf('retry.maxTimeout', retry.maxTimeout ?? 60_000)
  const { factor = 2, randomize = true } = retry
  if (typeof factor !== 'number' || !(factor >= 1)) throw refused('retry.factor', factor, 'it is a number from 1')
  if (typeof randomize !== 'boolean') throw refused('retry.randomize', randomize, 'it is true or false')
  return {
    concurrencyLimit: queue?.concurrencyLimit === undefined ? undefined : countOf('queue.concurrencyLimit', queue.concurrencyLimit),
    maxAttempts: retry.maxAttempts === undefined ? undefined : countOf('retry.maxAttempts', retry.maxAttempts),
    maxDuration: maxDuration === undefined ? undefined : positiveMsOf('maxDuration', maxDuration),
    ttl: ttl === undefined ? undefined : msOf('ttl', ttl),
    backoff: (attempt) => {
      const wait = Math.min(max, min * factor ** (attempt - 1))
      return Math.round(randomize ? wait * (0.5 + Math.random() / 2) : wait)
    },
  }
}

/** A run to be, with what its task says where the trigger said nothing. */
export function withSettings(run: NewRun, { maxAttempts, maxDuration, ttl }: Partial<Pick<CheckedSettings, 'maxAttempts' | 'maxDuration' | 'ttl'>>): NewRun {
  return {
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(maxDuration !== undefined && { maxDuration }),
    ...(ttl !== undefined && { expiresAt: expiryOf(run.delayUntil, ttl) }),
    ...run,
  }
}
