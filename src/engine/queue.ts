// Claims and leases.
import type { Claim, ClaimRequest } from '../protocol/engine.ts'
import { giveBack } from './attempts.ts'
import { Change, isHeld } from './state.ts'
import { expire, isExpired, sweepDue } from './sweep.ts'
import type { Turn } from './turn.ts'

export function claimRuns(turn: Turn, { worker, tasks, max, limits }: ClaimRequest): readonly Claim[] {
  // a timer may be late
  sweepDue(turn)
  return turn.storage.queued(tasks, max, limits).flatMap((id) => {
    const state = turn.load(id)
    const { now } = turn
    // more may be due than one sweep takes
    if (isExpired(state, now)) {
      expire(turn, state)
      return []
    }
    const change = new Change(state).set('status', 'EXECUTING').set('attempt', state.run.attempt + 1)
    if (state.run.startedAt === null) change.set('startedAt', now)
    // what the attempt before met
    if (state.run.error !== null) change.set('error', null)
    const { run, plan } = turn.save(state, change.step(null, now))
    turn.after(() => turn.leases.take(id, worker, now))
    const { maxAttempts, maxDuration, concurrencyKey } = plan
    return { run, leaseUntil: now + turn.settings.leaseMs, maxAttempts, maxDuration, concurrencyKey }
  })
}

export function renewLeases(turn: Turn, worker: string, runs: readonly string[]): readonly string[] {
  const held = runs.filter((run) => turn.leases.isHeldBy(run, worker))
  for (const run of held) turn.leases.renew(run, turn.now)
  return held
}

export function releaseRun(turn: Turn, worker: string, id: string): void {
  const state = turn.load(id)
  if (isHeld(state.run) && turn.leases.isHeldBy(id, worker)) giveBack(turn, state)
}
