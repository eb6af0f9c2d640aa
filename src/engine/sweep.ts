// What an engine does without being asked: delayed runs are queued, others expire, leases run out, old runs are removed. In portions, so
// that no call waits long behind it.
import { topics } from '../protocol/want.ts'
import { loseAttempt } from './attempts.ts'
import { endRun } from './end.ts'
import { Change, isHeld, type RunState } from './state.ts'
import type { Turn } from './turn.ts'

const MAX_DUE = 500
const MAX_REMOVED = 50
/** Between two portions of old runs. */
const PAUSE_MS = 20
/** A tree that would be removed, but for a descendant that lives or has ended late, is looked at again. */
const LATER_MS = 3_600_000

/** @returns how many leases were out. */
export function sweep(turn: Turn): number {
  const lost = sweepLeases(turn)
  sweepRecord(turn)
  return lost
}

/**
 * All but the leases, for the alarm: whether one is out is asked by the timer of the leases alone. In a process that stood still the alarm may
 * ring before it, and before the renewals that came meanwhile are read: every run that is executed elsewhere would have crashed.
 */
export function sweepRecord(turn: Turn): void {
  const { now, storage, settings } = turn
  sweepDue(turn)
  storage.forget(now - settings.lateWritesMs)
  const { gone, hasMore } = storage.purge(now - settings.retentionMs, MAX_REMOVED)
  for (const run of gone) {
    turn.wakeMembers(run)
    // lists by ids
    turn.wake(topics.run(run.id))
  }
  if (hasMore) turn.after(() => turn.alarm.set(now + PAUSE_MS))
  setAlarm(turn, now)
}

/**
 * Sets the alarm to what comes next: after each sweep, and once when an engine opens.
 * @param now - of the sweep: what became old since would be taken for what the sweep has left.
 */
export function setAlarm(turn: Turn, now: number): void {
  const { storage, settings } = turn
  const due = storage.nextDue()
  const firstEnd = storage.firstEnd()
  turn.after(() => {
    if (due !== undefined) turn.alarm.set(due)
    if (firstEnd === undefined) return
    const old = firstEnd + settings.retentionMs
    turn.alarm.set(old > now ? old : now + LATER_MS)
  })
}

/** Queues what was delayed until now, and ends what nobody began in time. */
export function sweepDue(turn: Turn): void {
  for (const id of turn.storage.due(turn.now, MAX_DUE)) {
    const state = turn.load(id)
    if (isExpired(state, turn.now)) expire(turn, state)
    else {
      turn.save(state, new Change(state).set('status', 'QUEUED').step(null, turn.now))
      turn.wakeQueue(state.run)
    }
  }
}

export const expire = (turn: Turn, state: RunState): RunState =>
  endRun(turn, state, { status: 'EXPIRED', error: { type: 'expired', message: 'nobody began to execute it in time' } })

export const isExpired = ({ plan }: RunState, now: number): boolean => !plan.hasExecuted && plan.expiresAt !== null && plan.expiresAt <= now

function sweepLeases(turn: Turn): number {
  const out = turn.leases.out()
  const states = out.flatMap((id) => turn.storage.load(id) ?? [])
  for (const id of out) turn.drop(id)
  // children first: one that goes back to the queue is then canceled with its parent's attempt
  for (const state of states.sort((a, b) => b.run.depth - a.run.depth)) {
    const current = turn.load(state.run.id)
    if (!isHeld(current.run)) continue
    if (turn.leases.isEnded(state.run.id))
      endRun(turn, current, { status: 'CANCELED', error: { type: 'canceled', message: 'canceled; its worker did not stop in time' } })
    else loseAttempt(turn, current, `nothing was heard from its worker for ${turn.settings.leaseMs / 1000} s`)
  }
  return out.length
}
