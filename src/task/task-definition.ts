// What a worker knows of a task, kept apart from the object that users hold.
import type { Schema } from '../contract/standard-schema.ts'
import type { RunContract } from '../contract/types.ts'
import { RunfeedError } from '../protocol/errors.ts'
import type { TaskHooks } from './hooks.ts'
import type { CheckedSettings } from './task-settings.ts'
import type { Task, TaskParams } from './task-types.ts'

export interface TaskDefinition {
  readonly id: string
  readonly payload: Schema | undefined
  readonly contract: RunContract | undefined
  readonly settings: CheckedSettings
  readonly hooks: TaskHooks
  run(payload: unknown, params: TaskParams): unknown
}

/** Any task, whatever its payload: a function's parameter makes `Task<string, P>` narrower than `Task`. */
export type AnyTask = Pick<Task<string, never>, 'id'>

const definitions = new WeakMap<AnyTask, TaskDefinition>()

export function define(task: AnyTask, definition: TaskDefinition): void {
  definitions.set(task, definition)
}

/** @throws RunfeedError `not_a_task` */
export function definitionOf(task: AnyTask): TaskDefinition {
  const definition = definitions.get(task)
  if (!definition) throw new RunfeedError('not_a_task', 'this is no task; make one with task({ id, run })')
  return definition
}
