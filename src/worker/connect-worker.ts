// A worker process: takes runs from a server elsewhere and executes them.
import type { RunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import { configuredBackend } from '../task/configure.ts'
import type { RunfeedConfig } from '../task/hooks.ts'
import { notConfigured } from '../task/process-backends.ts'
import type { AnyTask } from '../task/task-definition.ts'
import { withTaskSettings } from '../task/with-task-settings.ts'
import { startWorker, type Worker } from './worker.ts'

export interface ConnectWorkerOptions {
  /** Where the server is, without `/v1`. @defaultValue what `configure` or RUNFEED_URL says */
  readonly url?: string
  /** @defaultValue what `configure` or RUNFEED_SECRET_KEY says */
  readonly secretKey?: string
  readonly tasks: readonly AnyTask[]
  /** Runs that execute at once; those that wait for children do not count. @defaultValue 10 */
  readonly concurrency?: number
  /** Hooks for every task. @defaultValue none */
  readonly config?: RunfeedConfig
  /** What cannot be told to anybody else: an update of another run that was refused, a hook or a commit that failed. @defaultValue console.error */
  readonly onError?: (error: RunfeedError, run: Run) => void
}

/**
 * Takes runs of `tasks` from a server and executes them here, until `stop()`. While the server is away it waits, and what executes goes on.
 * @throws RunfeedError `not_configured`, `duplicate_task`, `not_a_task`; InvalidRequestError for a `url` or a `concurrency` that is none
 */
export function connectWorker({ url, secretKey, ...options }: ConnectWorkerOptions): Worker {
  const own = { ...(url !== undefined && { url }), ...(secretKey !== undefined && { secretKey }) }
  const backend = configuredBackend(own) ?? notConfigured('this worker has no server to take runs from', 'pass { url, secretKey }')
  // triggers here are of tasks that the server need not know, with the settings that are known here
  const { triggerOnce: _, ...plain } = backend
  return startWorker({ ...options, backend: withTaskSettings(plain, options.tasks) })
}
