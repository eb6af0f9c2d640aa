// `batch`: many runs by the ids of their tasks, typed by the tasks' types.
import type { AnyTask } from './task-definition.ts'
import type { Task, TaskResult, TriggerOptions } from './task-types.ts'
import { waitForRuns } from './wait-for-runs.ts'

type PayloadOf<T> = T extends Task<string, infer P, unknown> ? P : unknown
type OutputOf<T> = T extends { triggerAndWait(...args: never[]): Promise<TaskResult<infer O>> } ? O : unknown
/** One run to be, for each of the tasks in `T`. */
export type BatchItem<T> = T extends AnyTask ? { readonly id: T['id']; readonly payload: PayloadOf<T>; readonly options?: TriggerOptions } : never

export interface Batch {
  /**
   * Starts children of the current run and waits until all have ended; `runs` are in the order of `items`. Made in order, all or none.
   * @throws RunfeedError `outside_run`; the signal's reason when the waiting run is canceled.
   */
  triggerAndWait<T extends AnyTask = Task>(items: readonly BatchItem<T>[]): Promise<{ readonly runs: readonly TaskResult<OutputOf<T>>[] }>
}

export const batch: Batch = {
  triggerAndWait: async <T extends AnyTask>(items: readonly BatchItem<T>[]) => ({ runs: (await waitForRuns(items)) as readonly TaskResult<OutputOf<T>>[] }),
}
