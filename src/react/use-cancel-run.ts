'use client'
import type { RunClient } from '../client/run-client.ts'
import { RunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import type { RunRef } from './options.ts'
import { requireClient, useOptionalClient } from './provider.ts'
import { type ActionOptions, type ActionState, useAction } from './use-action.ts'

export interface CancelRunOptions extends ActionOptions {
  /** @defaultValue the provider's */
  client?: RunClient | undefined
}

/** `run` is the record as it was when the server took the request: its task may still be about to stop. Follow it to see it end. */
export type CancelResult = ActionState<'run', Run> & {
  /** Asks the server to stop the run. The same function in each render. A failure rejects, and is in `error` too. */
  readonly cancel: () => Promise<Run>
  readonly reset: () => void
}

/**
 * Cancels a run, which nothing else here does: unmounting and `stop` only end the watching. It goes by the run's id, so a page that was
 * loaded again can cancel what another one started.
 */
export function useCancelRun(run: RunRef, options: CancelRunOptions = {}): CancelResult {
  const client = useOptionalClient(options.client)
  const id = (typeof run === 'string' ? run : run?.id) ?? ''
  return useAction('run', 'cancel', {
    on: id,
    act: async () => {
      if (!run || !id) throw new RunfeedError('no_run', 'there is no run to cancel: give useCancelRun an id or a handle')
      return await requireClient(client).runs.cancel(run)
    },
    onError: options.onError,
  })
}
