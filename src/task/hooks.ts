// Lifecycle hooks, of one task or of all: what may be done around a run's attempts. metadata works in every one of them, and what it says is
// in the record before the run ends.
import type { TerminalStatus } from '../protocol/status.ts'
import type { TaskParams } from './task-types.ts'

/** What every hook is handed. `payload` is as the task gets it; as it is stored, where the schema refused it. */
export interface HookParams<P = unknown> extends TaskParams {
  readonly payload: P
}

export type RunResult<O = unknown> =
  | { readonly ok: true; readonly output: O }
  /** `error` is what was thrown, or the signal's reason. */
  | { readonly ok: false; readonly status: TerminalStatus; readonly error: unknown }

type Hook<P, Extra = unknown> = (params: HookParams<P> & Extra) => unknown

/**
 * Each hook but `middleware` has 10 s. What `init`, `onStart` and `middleware` throw fails the attempt; what another throws is reported to the
 * server's `onError` and changes nothing. Global hooks stand around a task's own: first at the beginning, last at the end.
 */
export interface TaskHooks<P = unknown, O = unknown> {
  /** Before every attempt. */
  readonly init?: Hook<P>
  /** Before the first attempt that is executed, after `init`. */
  readonly onStart?: Hook<P>
  /** Around the task's function, in every attempt; it must call `next()`, which throws what the function throws. To catch that changes nothing. */
  readonly middleware?: Hook<P, { readonly next: () => Promise<void> }>
  /** The run is about to end as COMPLETED. */
  readonly onSuccess?: Hook<P, { readonly output: O }>
  /** The run is about to end without success and was not canceled; no attempt is left. */
  readonly onFailure?: Hook<P, { readonly error: unknown }>
  /** The run is about to end, however. */
  readonly onComplete?: Hook<P, { readonly result: RunResult<O> }>
  /** As soon as an executing run is canceled, while its function may still be stopping. */
  readonly onCancel?: Hook<P>
  /** After every attempt, last. */
  readonly cleanup?: Hook<P>
}

/** What holds for every task of a server. */
export type RunfeedConfig = TaskHooks

/** Global hooks, passed to `createRunServer({ config })`. */
export const defineConfig = (config: RunfeedConfig): RunfeedConfig => config
