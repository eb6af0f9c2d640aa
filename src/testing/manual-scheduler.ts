// A scheduler that flushes when a test says so: `createRunClient({ transport, scheduler })`.
import type { Scheduler } from '../store/scheduler.ts'

export interface ManualScheduler extends Scheduler {
  /** Runs what is scheduled, and what that schedules. */
  flush(): void
  readonly pending: number
}

export function manualScheduler(): ManualScheduler {
  const tasks = new Set<() => void>()
  return {
    schedule(task) {
      // the same task may be scheduled twice
      const entry = (): void => task()
      tasks.add(entry)
      return () => void tasks.delete(entry)
    },
    flush() {
      for (const task of tasks) {
        tasks.delete(task)
        task()
      }
    },
    get pending() {
      return tasks.size
    },
  }
}
