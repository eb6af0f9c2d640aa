// Claims and leases.
import type { Claim, ClaimRequest } from '../protocol/engine.ts'
import type { NewRun, Run } from '../protocol/run.ts'
import { giveBack } from './attempts.ts'
import { createRuns } from './create.ts'
import { Change, isHeld, type RunState } from './state.ts'
import { expire, isExpired, sweepDue } from './sweep.ts'
import type { Turn } from './turn.ts'

/** Executed from now on, under a lease. */
function hold(turn: Turn, state: RunState, worker: string): Claim {
  const { now } = turn
  const change = new Change(state).set('status', 'EXECUTING').set('attempt', state.run.attempt + 1)
  if (state.run.startedAt === null) change.set('startedAt', now)
  // what the attempt before met
  if (state.run.error !== null) change.set('error', null)
  const { run, plan } = turn.save(state, change.step(null, now))
  turn.after(() => turn.leases.take(run.id, worker, now))
  const { maxAttempts, maxDuration, concurrencyKey } = plan
  return { run, leaseUntil: now + turn.settings.leaseMs, maxAttempts, maxDuration, concurrencyKey }
}

export function beginRun(turn: Turn, wanted: NewRun, { worker }: Pick<ClaimRequest, 'worker'>): Claim {
  const [{ id }] = createRuns(turn, [wanted]) as readonly [Run]
  return hold(turn, turn.load(id), worker)
}

export function claimRuns(turn: Turn, { worker, tasks, max, limits }: ClaimRequest): readonly Claim[] {
  // a timer may be late
  sweepDue(turn)
  return turn.storage.queued(tasks, max, limits).flatMap((id) => {
    const state = turn.load(id)
    // more may be due than one sweep takes
    if (isExpired(state, turn.now)) {
      expire(turn, state)
      return []
    }
    return hold(turn, state, worker)
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
