// Starting runs: from outside, or as children of the run that the code belongs to.
import type { RunBackend } from '../protocol/engine.ts'
import type { RunHandle } from '../protocol/rest.ts'
import { newRun, type TriggerItem } from './new-run.ts'
import { currentScope, type RunScope } from './run-scope.ts'

/** Starts runs, in order, all or none: as children of the run that the code belongs to, else at `outside`. */
export async function triggerRuns(items: readonly TriggerItem[], outside: () => RunBackend): Promise<readonly RunHandle[]> {
  if (items.length === 0) return []
  const scope = currentScope()
  if (scope) return (await createChildren(scope, items)).map((id) => ({ id }))
  const runs = await outside().record.create(items.map(newRun))
  return runs.map(({ id }) => ({ id }))
}

/** Makes the runs as children of the scope's; in order, all or none. */
export async function createChildren(scope: RunScope, items: readonly TriggerItem[]): Promise<readonly string[]> {
  // what was said before is in the records before a child can say more about the same runs
  await scope.settle()
  scope.signal.throwIfAborted()
  const runs = await scope.host.backend.record.create(items.map((item) => ({ ...newRun(item), parentId: scope.run.id })))
  return runs.map(({ id }) => id)
}
