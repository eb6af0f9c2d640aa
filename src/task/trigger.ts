// Starting runs: from outside, or as children of the run that the code belongs to.
import type { RunBackend } from '../protocol/engine.ts'
import { InvalidValueError } from '../protocol/errors.ts'
import { isJsonObject, type JsonObject, toJson } from '../protocol/json.ts'
import type { RunHandle } from '../protocol/rest.ts'
import type { NewRun } from '../protocol/run.ts'
import { currentScope, type RunScope } from './run-scope.ts'
import type { TriggerOptions } from './task-types.ts'

/** One run to be: the id of its task, and what it takes. */
export interface TriggerItem {
  readonly id: string
  readonly payload?: unknown
  readonly options?: TriggerOptions
}

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

function newRun({ id, payload, options }: TriggerItem): NewRun {
  return {
    task: id,
    payload: payload === undefined ? null : toJson(payload, 'payload'),
    ...(options?.metadata && { metadata: startingMetadata(options.metadata) }),
    ...(options?.tags && { tags: options.tags }),
  }
}

function startingMetadata(metadata: object): JsonObject {
  const value = toJson(metadata, 'metadata')
  if (!isJsonObject(value)) throw new InvalidValueError('metadata', 'it is an object; pass { ... }')
  return value
}
