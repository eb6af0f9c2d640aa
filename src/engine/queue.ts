// Claims and leases.
import type { Claim, ClaimRequest } from '../protocol/engine.ts'
import { topics } from '../protocol/want.ts'
import { crashRun, endRun } from './end.ts'
import { Change, isHeld, isLive } from './state.ts'
import type { Turn } from './turn.ts'

export function claimRuns(turn: Turn, { worker, tasks, max, limits }: ClaimRequest): readonly Claim[] {
  return turn.storage.queued(tasks, max, limits).map((id) => {
    const state = turn.load(id)
    const { now } = turn
    const change = new Change(state).set('status', 'EXECUTING').set('attempt', state.run.attempt + 1)
    if (state.run.startedAt === null) change.set('startedAt', now)
    const { run } = turn.save(state, change.step(null, now))
    turn.after(() => turn.leases.take(id, worker, now))
    return { run, leaseUntil: now + turn.settings.leaseMs, maxAttempts: 1, maxDuration: null, concurrencyKey: '' }
  })
}

export function renewLeases(turn: Turn, worker: string, runs: readonly string[]): readonly string[] {
  const held = runs.filter((run) => turn.leases.isHeldBy(run, worker))
  for (const run of held) turn.leases.renew(run, turn.now)
  return held
}

export function releaseRun(turn: Turn, worker: string, id: string): void {
  const state = turn.load(id)
  if (!isHeld(state.run) || !turn.leases.isHeldBy(id, worker)) return
  turn.after(() => turn.leases.drop(id))
  if (state.run.cancelRequestedAt !== null) {
    endRun(turn, state, { status: 'CANCELED', error: { type: 'canceled', message: 'canceled between two attempts' } })
    return
  }
  turn.save(state, new Change(state).set('status', 'QUEUED').step(null, turn.now))
  turn.wake(topics.control(id))
  turn.wake(topics.queue)
}

/** Ends what nobody renewed. @returns how many. */
export function sweepLeases(turn: Turn): number {
  const { now } = turn
  const out = turn.leases.out(now)
  for (const id of out) {
    const state = turn.storage.load(id)
    turn.after(() => turn.leases.drop(id))
    if (!state || !isLive(state.run)) continue
    crashRun(turn, state, `nothing was heard from its worker for ${turn.settings.leaseMs / 1000} s`)
  }
  turn.storage.forget(now - turn.settings.lateWritesMs)
  return out.length
}
