// `batch`: many runs by the ids of their tasks, typed by the tasks' types.
import type { RunHandle } from '../protocol/rest.ts'
import { itemsOf, type TriggerItem } from './new-run.ts'
import type { Names } from './option-names.ts'
import { backendOfTaskId } from './process-backends.ts'
import type { AnyTask } from './task-definition.ts'
import type { PayloadOf, Task, TaskOutputOf, TaskResult, TriggerOptions } from './task-types.ts'
import { triggerRuns } from './trigger.ts'
import { waitForRuns } from './wait-for-runs.ts'

/** One run to be, for each of the tasks in `T`. */
export type BatchItem<T> = T extends AnyTask ? { readonly id: T['id']; readonly payload: PayloadOf<T>; readonly options?: TriggerOptions } : never

export interface Batch {
  /**
   * Starts runs and returns at once; within a run they are its children. Made in order, all or none; `runs` are in the order of `items`.
   * @throws RunfeedError `not_configured` outside of a run, where no server of this process holds the first item's task and none is configured.
   */
  trigger<T extends AnyTask = Task>(items: readonly BatchItem<T>[]): Promise<{ readonly runs: readonly RunHandle[] }>
  /**
   * Starts children of the current run and waits until all have ended; `runs` are in the order of `items`. Made in order, all or none.
   * @throws RunfeedError `outside_run`; the signal's reason when the waiting run is canceled.
   */
  triggerAndWait<T extends AnyTask = Task>(items: readonly BatchItem<T>[]): Promise<{ readonly runs: readonly TaskResult<TaskOutputOf<T>>[] }>
}

const ITEM: Names<TriggerItem> = { id: true, payload: true, options: true }

export const batch: Batch = {
  trigger: async (items) => ({ runs: await triggerRuns(itemsOf(items, ITEM), () => backendOfTaskId(items[0]?.id ?? '')) }),
  triggerAndWait: async <T extends AnyTask>(items: readonly BatchItem<T>[]) => ({
    runs: (await waitForRuns(itemsOf(items, ITEM))) as readonly TaskResult<TaskOutputOf<T>>[],
  }),
}
