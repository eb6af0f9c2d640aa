// `tasks`: one run by the id of its task, typed by the task's type, for code that does not import the task itself.
import type { RunHandle } from '../protocol/rest.ts'
import { backendOfTaskId } from './process-backends.ts'
import type { AnyTask } from './task-definition.ts'
import type { PayloadOf, Task, TaskOutputOf, TaskResult, TriggerOptions } from './task-types.ts'
import { triggerRuns } from './trigger.ts'
import { waitForRuns } from './wait-for-runs.ts'

export interface Tasks {
  /**
   * Starts a run and returns at once; within a run it is a child. Typed by `tasks.trigger<typeof myTask>('my-task', payload)`.
   * @throws RunfeedError `not_configured` outside of a run, where no server of this process holds the task and none is configured.
   */
  trigger<T extends AnyTask = Task>(id: T['id'], payload: PayloadOf<T>, options?: TriggerOptions): Promise<RunHandle>
  /** Starts a child of the current run and waits for its end. @throws RunfeedError `outside_run`; the signal's reason when the waiting run is canceled. */
  triggerAndWait<T extends AnyTask = Task>(id: T['id'], payload: PayloadOf<T>, options?: TriggerOptions): Promise<TaskResult<TaskOutputOf<T>>>
}

export const tasks: Tasks = {
  trigger: async (id, payload, options) => (await triggerRuns([{ id, payload, ...(options && { options }) }], () => backendOfTaskId(id)))[0] as RunHandle,
  triggerAndWait: async <T extends AnyTask>(id: T['id'], payload: PayloadOf<T>, options?: TriggerOptions) =>
    (await waitForRuns([{ id, payload, ...(options && { options }) }]))[0] as TaskResult<TaskOutputOf<T>>,
}
