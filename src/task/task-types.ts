// The types of tasks.
import type { InputOf, OutputOf, Schema } from '../contract/standard-schema.ts'
import type { MetadataInput, RunContract } from '../contract/types.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { RunHandle } from '../protocol/rest.ts'
import type { Duration } from './duration.ts'
import type { TaskHooks } from './hooks.ts'
import type { Chunks, Metadata } from './metadata-types.ts'
import type { TaskSettings } from './task-settings.ts'

/** Every option is checked when the run is triggered. @throws InvalidRequestError, InvalidValueError naming the option */
export interface TriggerOptions {
  /** What the run's metadata begins with; anything that JSON holds. It is not taken from the run that triggers. */
  readonly metadata?: object
  /** Each matches `[\w.:/-]{1,128}`; 20 at most. */
  readonly tags?: readonly string[]
  /** A second run of the same task and key is not made: the first one is answered. 1 to 256 characters. */
  readonly idempotencyKey?: string
  /** Not executed before: ms from now, text such as '30s', '5m', '2h' or '1d', or a Date. DELAYED meanwhile. @defaultValue none */
  readonly delay?: Duration | Date
  /** How long the run waits to be executed, after its delay, in ms or text such as '1h'; then it ends as EXPIRED. @defaultValue the task's `ttl` */
  readonly ttl?: Duration
  /** Executions in all, the first included. @defaultValue the task's `retry.maxAttempts`, else 1 */
  readonly maxAttempts?: number
  /** What one attempt may execute, in ms (not seconds) or text such as '5m'. @defaultValue the task's `maxDuration` */
  readonly maxDuration?: Duration
  /** Each key has the task's `queue.concurrencyLimit` for itself. 1 to 256 characters. @defaultValue none, which is a key too */
  readonly concurrencyKey?: string
}

/** What a task's function is handed beside its payload. */
export interface TaskParams<M = Metadata> {
  readonly ctx: {
    readonly run: {
      readonly id: string
      readonly attempt: number
      readonly parentId: string | null
      readonly rootId: string
      readonly tags: readonly string[]
    }
    readonly task: { readonly id: string }
  }
  readonly metadata: M
  /** Aborted when the run is canceled, timed out or taken over, or the server stops; its reason is a RunfeedError whose `type` says which. */
  readonly signal: AbortSignal
}

export type TaskResult<O> =
  | { readonly ok: true; readonly id: string; readonly output: O }
  | { readonly ok: false; readonly id: string; readonly error: RunfeedError }

export interface Task<Id = string, P = unknown, O = unknown> {
  readonly id: Id
  /** Starts a run and returns at once. Within a run, the new one is its child. @throws RunfeedError `not_configured` outside of a run, without a server here or elsewhere */
  trigger(payload: P, options?: TriggerOptions): Promise<RunHandle>
  /** Starts a child and waits for its end; the waiting run holds no concurrency slot. @throws RunfeedError `outside_run` */
  triggerAndWait(payload: P, options?: TriggerOptions): Promise<TaskResult<O>>
  /** `trigger` for many: made in order, all or none; `runs` are in the order of `items`. @throws RunfeedError `not_configured` outside of a run, without a server here or elsewhere */
  batchTrigger(items: readonly PayloadItem<P>[]): Promise<{ readonly runs: readonly RunHandle[] }>
  /** `triggerAndWait` for many: made in order, all or none; `runs` are in the order of `items`. @throws RunfeedError `outside_run` */
  batchTriggerAndWait(items: readonly PayloadItem<P>[]): Promise<{ readonly runs: readonly TaskResult<O>[] }>
}

/** One run to be, of a task that is known. */
export interface PayloadItem<P> {
  readonly payload: P
  readonly options?: TriggerOptions
}
/** What a task takes, from its type. */
export type PayloadOf<T> = T extends Task<string, infer P, unknown> ? P : unknown
/** What a task gives, from its type. */
export type TaskOutputOf<T> = T extends { triggerAndWait(...args: never[]): Promise<TaskResult<infer O>> } ? O : unknown

export interface LooseTaskOptions<Id extends string, P, O> extends TaskSettings, TaskHooks<NoInfer<P>, NoInfer<O>> {
  readonly id: Id
  run(payload: P, params: TaskParams): Promise<O> | O
}
export interface SchemaTaskOptions<Id extends string, S extends Schema, O> extends TaskSettings, TaskHooks<OutputOf<S>, NoInfer<O>> {
  readonly id: Id
  /** Judges the payload before `run`; a refused one fails the run with `invalid_payload`. */
  readonly schema: S
  run(payload: OutputOf<S>, params: TaskParams): Promise<O> | O
}
export interface ContractTaskOptions<C extends RunContract> extends TaskSettings, TaskHooks<OutputOf<C['payload']>, InputOf<C['output']>> {
  run(
    payload: OutputOf<C['payload']>,
    params: TaskParams<Metadata<MetadataInput<C['metadata']>, Chunks<C>>>,
  ): Promise<InputOf<C['output']>> | InputOf<C['output']>
}
