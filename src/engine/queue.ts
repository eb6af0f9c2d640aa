// Claims and leases.
import type { Claim, ClaimRequest } from '../protocol/engine.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import type { NewRun } from '../protocol/run.ts'
import { giveBack } from './attempts.ts'
import { planRuns } from './create.ts'
import { checkWriter } from './names.ts'
import { Change, isHeld, type RunState, shown } from './state.ts'
import { expire, isExpired, sweepDue } from './sweep.ts'
import type { Turn } from './turn.ts'

type Worker = Pick<ClaimRequest, 'worker' | 'isRemote'>

function claimOf(turn: Turn, state: RunState): Claim {
  const { hasExecuted, maxAttempts, maxDuration, concurrencyKey } = state.plan
  const { leaseMs, metadataLimit } = turn.settings
  return { run: shown(state), isFirst: !hasExecuted, leaseUntil: turn.now + leaseMs, maxAttempts, maxDuration, concurrencyKey, metadataLimit }
}

/** What outlives this process is told to the record: a lease is not. */
const remoteWorker = ({ worker, isRemote }: Worker): string | null => (isRemote ? worker : null)

/** A run that was made before anybody knew its task is tried as often as the task says that takes it. */
function attemptsOf({ run: { task }, plan }: RunState, { settings }: Pick<ClaimRequest, 'settings'>): number {
  return plan.maxAttempts || (settings && Object.hasOwn(settings, task) && settings[task]?.maxAttempts) || 1
}

/** The same for how long it may wait: what was made before is looked at when it is claimed. */
function isOverdue({ run, plan }: RunState, { settings }: ClaimRequest, now: number): boolean {
  if (plan.expiresAt !== null || plan.hasExecuted) return false
  const ttl = settings && Object.hasOwn(settings, run.task) ? settings[run.task]?.ttl : undefined
  return ttl !== undefined && Math.max(run.createdAt, plan.delayUntil ?? 0) + ttl <= now
}

/** Executed from now on, under a lease. */
function hold(turn: Turn, state: RunState, by: ClaimRequest): Claim {
  const { now } = turn
  const change = new Change(state).set('status', 'EXECUTING').set('attempt', state.run.attempt + 1)
  if (state.run.startedAt === null) change.set('startedAt', now)
  // what the attempt before met
  if (state.run.error !== null) change.set('error', null)
  const held = turn.save(state, change.plan({ remoteWorker: remoteWorker(by), maxAttempts: attemptsOf(state, by) }).step(null, now))
  turn.take(held.run.id, by.worker)
  return claimOf(turn, held)
}

/** Held already: the lease begins anew. */
function holdOn(turn: Turn, state: RunState): Claim {
  turn.leases.renew(state.run.id)
  return claimOf(turn, state)
}

export function beginRun(turn: Turn, wanted: NewRun, by: Worker): Claim {
  if (wanted.delayUntil !== undefined) throw new InvalidRequestError('a run that begins at once has no delay', { field: 'delayUntil' })
  const { states, made } = planRuns(turn, [wanted])
  const [state] = states as readonly [RunState]
  const { id } = state.run
  if (made.length > 0) {
    const { now } = turn
    // not by way of the queue, where another would take it
    const begun: RunState = {
      ...state,
      run: { ...state.run, status: 'EXECUTING', attempt: 1, startedAt: now },
      plan: { ...state.plan, remoteWorker: remoteWorker(by), maxAttempts: attemptsOf(state, {}) },
    }
    turn.insert(begun)
    turn.take(id, by.worker)
    return claimOf(turn, begun)
  }
  if (!isHeld(state.run) || !turn.isHeldBy(id, by.worker))
    throw new InvalidRequestError(`${id} is there already, and ${by.worker} does not execute it; begin another run`, { run: id })
  return holdOn(turn, state)
}

export function claimRuns(turn: Turn, request: ClaimRequest): readonly Claim[] {
  const repeated = claimedBefore(turn, request)
  if (repeated) return repeated
  // a timer may be late
  sweepDue(turn)
  const { tasks, max, limits, namespace } = request
  const claims = turn.storage.queued(tasks, max, limits, namespace).flatMap((id) => {
    const state = turn.load(id)
    // more may be due than one sweep takes
    if (isExpired(state, turn.now) || isOverdue(state, request, turn.now)) {
      // the slot is for one behind it: whoever claims asks again
      turn.wakeQueue(expire(turn, state).run)
      return []
    }
    return hold(turn, state, request)
  })
  const { sequence } = request
  if (sequence !== undefined)
    turn.storage.rememberClaim(claimantOf(request), { sequence, taken: claims.map(({ run }) => ({ run: run.id, attempt: run.attempt })) }, turn.now)
  return claims
}

/** The claims that the worker still holds of its last one, where it asks for that one again. @throws InvalidRequestError for one before the last. */
function claimedBefore(turn: Turn, request: ClaimRequest): readonly Claim[] | undefined {
  const { worker, sequence } = request
  if (sequence === undefined) return undefined
  checkWriter({ id: worker, sequence })
  const last = turn.storage.claimed(claimantOf(request))
  if (!last || sequence > last.sequence) return undefined
  if (sequence < last.sequence) throw new InvalidRequestError(`claim ${sequence} of ${worker} comes after its claim ${last.sequence}`)
  return last.taken.flatMap(({ run, attempt }) => {
    const state = turn.storage.load(run)
    return state && isHeld(state.run) && state.run.attempt === attempt && turn.isHeldBy(run, worker) ? holdOn(turn, state) : []
  })
}

/** A worker of one namespace learns nothing of one that has its name in another. */
const claimantOf = ({ worker, namespace }: ClaimRequest): string => (namespace === undefined ? worker : `${namespace} ${worker}`)

export function renewLeases(turn: Turn, worker: string, runs: readonly string[]): readonly string[] {
  const held = runs.filter((run) => turn.isHeldBy(run, worker))
  for (const run of held) turn.leases.renew(run)
  return held
}

export function releaseRun(turn: Turn, worker: string, id: string): void {
  const state = turn.load(id)
  if (isHeld(state.run) && turn.isHeldBy(id, worker)) giveBack(turn, state)
}
