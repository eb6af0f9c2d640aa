// Starting runs: from outside, or as children of the run that the code belongs to.
import { InvalidValueError, RunfeedError } from '../protocol/errors.ts'
import { isJsonObject, type JsonObject, toJson } from '../protocol/json.ts'
import type { RunHandle } from '../protocol/rest.ts'
import type { NewRun } from '../protocol/run.ts'
import { currentScope, type RunScope } from './run-scope.ts'
import { type AnyTask, backendOf } from './task-definition.ts'
import type { TriggerOptions } from './task-types.ts'

/** One run to be: the id of its task, and what it takes. */
export interface TriggerItem {
  readonly id: string
  readonly payload?: unknown
  readonly options?: TriggerOptions
}

/** Starts a run of a task that this process holds, or, within a run, a child of it. */
export async function triggerTask(task: AnyTask, payload: unknown, options: TriggerOptions | undefined): Promise<RunHandle> {
  const item: TriggerItem = { id: task.id, payload, ...(options && { options }) }
  const scope = currentScope()
  if (scope) {
    const [child] = await createChildren(scope, [item])
    return { id: child as string }
  }
  const backend = backendOf(task)
  if (!backend) throw new RunfeedError('not_configured', `no server of this process holds the task "${task.id}"; pass it to createRunServer({ tasks })`)
  const [run] = await backend.record.create([newRun(item)])
  return { id: (run as { readonly id: string }).id }
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
