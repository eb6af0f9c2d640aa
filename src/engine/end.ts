// How a run ends, whoever ends it: open streams are closed as aborted, and the status is final.
import type { RunEnd } from '../protocol/engine.ts'
import { Change, isHeld, type RunState } from './state.ts'
import type { Turn } from './turn.ts'

export function endIn(change: Change, end: RunEnd, now: number): Change {
  for (const [key, stream] of Object.entries(change.streams)) if (stream.state === 'open') change.stream(key, { state: 'aborted' })
  if (end.output !== undefined) change.output(end.output)
  if (end.error) change.set('error', end.error)
  return change.set('status', end.status).set('finishedAt', now)
}

/** Ends a run on the engine's own account. */
export function endRun(turn: Turn, state: RunState, end: RunEnd): RunState {
  const { now } = turn
  return turn.save(state, endIn(new Change(state), end, now).step(null, now))
}

/** Whoever executed the run is gone. */
export function crashRun(turn: Turn, state: RunState, message: string): void {
  endRun(turn, state, { status: 'CRASHED', error: { type: 'crashed', message } })
  cancelQueued(turn, state)
}

/** What a crashed run had queued was queued for it, and goes with it. */
export function cancelQueued(turn: Turn, state: RunState): void {
  for (const id of turn.storage.liveDescendants(state.run.id)) {
    const descendant = turn.load(id)
    if (isHeld(descendant.run)) continue
    endRun(turn, descendant, { status: 'CANCELED', error: { type: 'canceled', message: `${state.run.id}, which it was queued for, crashed` } })
  }
}
