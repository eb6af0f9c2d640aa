// Starting runs: from outside, or as children of the run that the code belongs to. A run has its id before it is asked for, so that asking
// again, because an answer was lost, makes no second one.
import type { RunBackend } from '../protocol/engine.ts'
import type { RunHandle } from '../protocol/rest.ts'
import { type NewRun, newRunId } from '../protocol/run.ts'
import { isHttpBackend } from './http/http-backend.ts'
import { newRun, type TriggerItem } from './new-run.ts'
import { OUTSIDE_PATIENCE_MS } from './process-backends.ts'
import { retrying } from './retrying.ts'
import { currentScope, type RunScope } from './run-scope.ts'

/** Starts runs, in order, all or none: as children of the run that the code belongs to, else at `outside`. */
export async function triggerRuns(items: readonly TriggerItem[], outside: () => RunBackend): Promise<readonly RunHandle[]> {
  if (items.length === 0) return []
  const scope = currentScope()
  if (scope) return (await createChildren(scope, items, false)).map((id) => ({ id }))
  const backend = outside()
  if (isHttpBackend(backend)) return await retrying(backend.triggerOnce(items), OUTSIDE_PATIENCE_MS)
  return (await create(backend, items.map(newRun), OUTSIDE_PATIENCE_MS)).map((id) => ({ id }))
}

/** Makes the runs as children of the scope's; in order, all or none. */
export async function createChildren(scope: RunScope, items: readonly TriggerItem[], isAwaited: boolean): Promise<readonly string[]> {
  // what was said before is in the records before a child can say more about the same runs
  await scope.settle()
  scope.signal.throwIfAborted()
  const { backend } = scope.host
  const children = items.map((item): NewRun => ({ ...newRun(item), parentId: scope.run.id, ...(isAwaited && { isAwaited }) }))
  return await create(backend, children, backend.patience)
}

async function create(backend: RunBackend, wanted: readonly NewRun[], patience: number | undefined): Promise<readonly string[]> {
  const runs = wanted.map((run) => ({ ...run, id: newRunId() }))
  return (await retrying(async () => await backend.record.create(runs), patience)).map(({ id }) => id)
}
