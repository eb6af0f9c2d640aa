'use client'
import type { RunClient } from '../client/run-client.ts'
import type { Json } from '../protocol/json.ts'
import type { RunHandle, TriggerOptions } from '../protocol/rest.ts'
import { requireClient, useOptionalClient } from './provider.ts'
import { type ActionOptions, type ActionState, useAction } from './use-action.ts'

export interface TriggerRunOptions extends ActionOptions {
  /** @defaultValue the provider's */
  client?: RunClient | undefined
  onTrigger?: ((handle: RunHandle) => void) | undefined
}

/** `handle` goes into any hook that follows a run; it brings the run's own token. */
export type TriggerResult<P> = ActionState<'handle', RunHandle> & {
  /**
   * Starts a run. The same function in each render.
   * @returns the handle; a failure rejects, and is in `error` too, so the promise may be left alone.
   */
  readonly trigger: (payload: P, options?: TriggerOptions) => Promise<RunHandle>
  /** Back to `idle`; the run goes on. */
  readonly reset: () => void
}

/**
 * Starts runs of a task; nothing happens before `trigger` is called.
 * @param task - the task's id.
 */
export function useTriggerRun<P = Json>(task: string, options: TriggerRunOptions = {}): TriggerResult<P> {
  const client = useOptionalClient(options.client)
  return useAction('handle', 'trigger', {
    on: task,
    act: async (payload: P, triggerOptions?: TriggerOptions) => await requireClient(client).runs.trigger(task, payload as Json, triggerOptions),
    onSuccess: options.onTrigger,
    onError: options.onError,
  })
}
