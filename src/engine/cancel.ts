// Canceling: what nobody executes ends at once, what somebody executes is told to.
import { CANCEL_MS } from '../protocol/limits.ts'
import type { Run } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import { endRun } from './end.ts'
import { Change, isHeld, isLive, type RunState, shown } from './state.ts'
import type { Turn } from './turn.ts'

export function cancelRun(turn: Turn, id: string): Run {
  const state = turn.load(id)
  if (!isLive(state.run)) return shown(state)
  const canceled = cancelOne(turn, state)
  // a child that nobody waits for is work of its own
  for (const descendant of turn.storage.awaitedDescendants(id)) cancelOne(turn, turn.load(descendant))
  return shown(canceled)
}

function cancelOne(turn: Turn, state: RunState): RunState {
  if (!isHeld(state.run))
    return endRun(turn, state, {
      status: 'CANCELED',
      error: { type: 'canceled', message: state.plan.hasExecuted ? 'canceled between two attempts' : 'canceled before it was executed' },
    })
  turn.wake(topics.control(state.run.id))
  if (state.run.cancelRequestedAt !== null) return state
  const { now } = turn
  const told = turn.save(state, new Change(state).set('cancelRequestedAt', now).step(null, now))
  limitLease(turn, told)
  return told
}

/** A worker that goes on all the same does not hold a canceled run for ever. Within a lease's time from now it has heard of the cancel. */
export function limitLease(turn: Turn, { run }: RunState): void {
  turn.after(() => turn.leases.endIn(run.id, turn.settings.leaseMs + CANCEL_MS))
}
