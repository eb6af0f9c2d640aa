// `runfeed/task`: what task code calls, and what processes other than the server's are made of.
export { AbortRunError } from '../task/abort-run-error.ts'
export type { Batch, BatchItem } from '../task/batch.ts'
export { batch } from '../task/batch.ts'
export { type Configuration, configure } from '../task/configure.ts'
export type { Duration } from '../task/duration.ts'
export { defineConfig, type HookParams, type RunfeedConfig, type RunResult, type TaskHooks } from '../task/hooks.ts'
export { type Logger, logger } from '../task/logger.ts'
export { metadata } from '../task/metadata.ts'
export type { Metadata, MetadataUpdater } from '../task/metadata-types.ts'
export { type RunRef, type Runs, runs } from '../task/runs.ts'
export { schemaTask, task } from '../task/task.ts'
export type { RetryOptions, TaskQueue, TaskSettings } from '../task/task-settings.ts'
export type {
  ContractTaskOptions,
  LooseTaskOptions,
  PayloadItem,
  SchemaTaskOptions,
  Task,
  TaskParams,
  TaskResult,
  TriggerOptions,
} from '../task/task-types.ts'
export { type Tasks, tasks } from '../task/tasks.ts'
export { type ConnectWorkerOptions, connectWorker } from '../worker/connect-worker.ts'
export { withRun, type WithRunOptions, type WithRunParams } from '../worker/with-run.ts'
export type { Worker } from '../worker/worker.ts'
