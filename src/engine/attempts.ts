// An attempt that is over while the run is not: it goes back to the queue, at once or later, as long as attempts are left.
import type { Commit } from '../protocol/engine.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import type { RunFailure } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import { cancelQueued, endIn, endRun } from './end.ts'
import { Change, isLive, type RunState } from './state.ts'
import type { Turn } from './turn.ts'

const hasAttemptLeft = ({ run, plan }: RunState): boolean => run.attempt < plan.maxAttempts

/** Open streams stay open: the next attempt opens them again, or the run's end closes them. @throws InvalidRequestError */
export function retryIn(change: Change, state: RunState, { at, error }: NonNullable<Commit['retry']>, now: number): void {
  const { run, plan } = state
  // who asked for another attempt had not heard of the cancel
  if (run.cancelRequestedAt !== null) return void endIn(change, { status: 'CANCELED', error: CANCELED }, now)
  if (!hasAttemptLeft(state)) throw new InvalidRequestError(`${run.id} is at attempt ${run.attempt} of ${plan.maxAttempts}; end it`)
  if (!Number.isFinite(at)) throw new InvalidRequestError(`retry.at is ${at}; it is a time in ms since the epoch`)
  change.set('error', error).plan({ hasExecuted: true })
  if (at > now) change.set('status', 'DELAYED').plan({ delayUntil: Math.ceil(at) })
  else change.set('status', 'QUEUED')
}

/** What follows from the end of an attempt that another is to come after. */
export function afterAttempt(turn: Turn, { run }: RunState): void {
  turn.drop(run.id)
  if (!isLive(run)) return
  // the next attempt makes its own; those with a key it finds again by it
  cancelQueued(turn, run.id, 'whose attempt is over', (plan) => plan.idempotencyKey !== null)
  turn.wake(topics.control(run.id))
  turn.wakeQueue(run)
}

/** Whoever executed the run is gone. */
export function loseAttempt(turn: Turn, state: RunState, message: string): void {
  const { id, cancelRequestedAt } = state.run
  const error: RunFailure = { type: 'crashed', message }
  if (cancelRequestedAt !== null) {
    // the cancel has reached the descendants that were waited for: the others go on, whether its worker lives or not
    endRun(turn, state, { status: 'CANCELED', error: { type: 'canceled', message: `canceled; ${message}` } })
  } else if (hasAttemptLeft(state)) {
    const change = new Change(state).set('status', 'QUEUED').set('error', error).plan({ hasExecuted: true })
    afterAttempt(turn, turn.save(state, change.step(null, turn.now)))
  } else {
    endRun(turn, state, { status: 'CRASHED', error })
    cancelQueued(turn, id, 'which crashed')
  }
}

/** Given back by whoever had claimed it: that is no failure, so the attempt is not counted, and the run waits as it did before. */
export function giveBack(turn: Turn, state: RunState): void {
  const { plan, run } = state
  if (run.cancelRequestedAt !== null) {
    turn.drop(run.id)
    endRun(turn, state, { status: 'CANCELED', error: CANCELED })
    return
  }
  const change = new Change(state).set('status', 'QUEUED').plan({ maxAttempts: plan.maxAttempts + 1 })
  afterAttempt(turn, turn.save(state, change.step(null, turn.now)))
}

const CANCELED: RunFailure = { type: 'canceled', message: 'canceled between two attempts' }
