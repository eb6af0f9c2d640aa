// How a run ends, whoever ends it: open streams are closed as aborted, and the status is final.
import type { RunEnd } from '../protocol/engine.ts'
import type { RunPlan } from './plan.ts'
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

/**
 * What a run, or an attempt of it, had queued was queued for it, and goes with it.
 * @param why - about the run: `which crashed`.
 * @param isSpared - which descendants stay, with what is below them.
 */
export function cancelQueued(turn: Turn, run: string, why: string, isSpared: (plan: RunPlan) => boolean = () => false): void {
  const spared = new Set<string | null>()
  for (const id of turn.storage.liveDescendants(run)) {
    const descendant = turn.load(id)
    // parents come before children
    if (isSpared(descendant.plan) || spared.has(descendant.run.parentId)) spared.add(id)
    else if (!isHeld(descendant.run)) endRun(turn, descendant, { status: 'CANCELED', error: { type: 'canceled', message: `it was queued for ${run}, ${why}` } })
  }
}
