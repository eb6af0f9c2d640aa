// `task` and `schemaTask`: what a worker runs under an id.
import type { InputOf, OutputOf, Schema } from '../contract/standard-schema.ts'
import type { RunContract } from '../contract/types.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import { NAME_PATTERN } from '../protocol/limits.ts'
import type { RunHandle } from '../protocol/rest.ts'
import { itemsOf, type TriggerItem } from './new-run.ts'
import type { Names } from './option-names.ts'
import { backendOfTask } from './process-backends.ts'
import { define } from './task-definition.ts'
import type { ContractTaskOptions, LooseTaskOptions, PayloadItem, SchemaTaskOptions, Task, TaskResult } from './task-types.ts'
import { checkSettings } from './task-settings.ts'
import { triggerRuns } from './trigger.ts'
import { waitForRuns } from './wait-for-runs.ts'

/**
 * Declares a task, by an id of its own or by a contract (`defineRun`), which types its payload, metadata, streams and output.
 * @throws InvalidRequestError when the id does not match `[\w.:/-]{1,128}`, or an option is not what it may be.
 */
export function task<C extends RunContract>(contract: C, options: ContractTaskOptions<C>): Task<C['id'], InputOf<C['payload']>, OutputOf<C['output']>>
export function task<Id extends string, P, O>(options: LooseTaskOptions<Id, P, O>): Task<Id, P, O>
export function task(first: RunContract | LooseTaskOptions<string, unknown, unknown>, second?: ContractTaskOptions<RunContract>): Task {
  const contract = second ? (first as RunContract) : undefined
  const options = second ?? (first as LooseTaskOptions<string, unknown, unknown>)
  return make((first as { readonly id: string }).id, contract?.payload, contract, options as LooseTaskOptions<string, unknown, unknown>)
}

/** A task whose payload a schema judges. @throws InvalidRequestError when the id does not match `[\w.:/-]{1,128}`, or an option is not what it may be. */
export function schemaTask<Id extends string, S extends Schema, O>(options: SchemaTaskOptions<Id, S, O>): Task<Id, InputOf<S>, O> {
  return make(options.id, options.schema, undefined, options as unknown as LooseTaskOptions<string, unknown, unknown>) as Task<Id, InputOf<S>, O>
}

const ITEM: Names<PayloadItem<unknown>> = { payload: true, options: true }

function make(id: string, payload: Schema | undefined, contract: RunContract | undefined, options: LooseTaskOptions<string, unknown, unknown>): Task {
  if (typeof id !== 'string' || !NAME_PATTERN.test(id))
    throw new InvalidRequestError(`"${String(id)}" is no task id: use 1 to 128 letters, digits and . : / - _`)
  if (typeof options.run !== 'function') throw new InvalidRequestError(`the task "${id}" has no function run; pass { run: (payload) => ... }`, { field: 'run' })
  const item = ({ payload: given, options: wanted }: PayloadItem<unknown>): TriggerItem => ({ id, payload: given, ...(wanted && { options: wanted }) })
  const start = async (items: readonly PayloadItem<unknown>[]): Promise<readonly RunHandle[]> => await triggerRuns(items.map(item), () => backendOfTask(made))
  const made: Task = {
    id,
    trigger: async (given, wanted) => (await start([{ payload: given, ...(wanted && { options: wanted }) }]))[0] as RunHandle,
    triggerAndWait: async (given, wanted) => (await waitForRuns([item({ payload: given, ...(wanted && { options: wanted }) })]))[0] as TaskResult<unknown>,
    batchTrigger: async (items) => ({ runs: await start(itemsOf(items, ITEM)) }),
    batchTriggerAndWait: async (items) => ({ runs: await waitForRuns(itemsOf(items, ITEM).map(item)) }),
  }
  define(made, { id, payload, contract, settings: checkSettings(options), hooks: options, run: (given, params) => options.run(given, params) })
  return made
}
