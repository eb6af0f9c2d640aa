// A run that waits for its children: it is WAITING meanwhile, and gives its concurrency slot back.
import { RunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import type { TriggerItem } from './new-run.ts'
import { nextWake } from './next-wake.ts'
import { retrying } from './retrying.ts'
import { currentScope, type RunScope } from './run-scope.ts'
import type { TaskResult } from './task-types.ts'
import { createChildren } from './trigger.ts'

/**
 * Starts children of the current run and waits until all have ended.
 * @throws RunfeedError `outside_run`; the signal's reason when the waiting run is canceled.
 */
export async function waitForRuns(items: readonly TriggerItem[]): Promise<readonly TaskResult<unknown>[]> {
  const scope = currentScope()
  if (!scope) throw new RunfeedError('outside_run', 'triggerAndWait works inside a run; outside of one use trigger, and follow the run')
  if (items.length === 0) return []
  const children = await createChildren(scope, items, true)
  return await scope.wait(async () => await Promise.all(children.map(async (child) => resultOf(await ended(scope, child)))))
}

async function ended({ host, signal }: RunScope, id: string): Promise<Run> {
  const bell = nextWake(host.backend, [topics.run(id)])
  signal.addEventListener('abort', bell.stop)
  try {
    for (;;) {
      const woken = bell.next()
      const stored = await retrying(async () => await host.backend.record.read(id), host.backend.patience)
      signal.throwIfAborted()
      if (!stored) throw new RunfeedError('not_found', `${id} is gone; its record was removed while its parent waited for it`)
      if (stored.run.finishedAt !== null) return stored.run
      await woken
      signal.throwIfAborted()
    }
  } finally {
    signal.removeEventListener('abort', bell.stop)
    bell.stop()
  }
}

function resultOf(run: Run): TaskResult<unknown> {
  // the parent may change what it is handed; the child's record may not change with it
  if (run.status === 'COMPLETED') return { ok: true, id: run.id, output: structuredClone(run.output) }
  return {
    ok: false,
    id: run.id,
    error: new RunfeedError(run.error?.type ?? run.status.toLowerCase(), run.error?.message ?? `${run.id} ended as ${run.status}`, {
      run: run.id,
      status: run.status,
    }),
  }
}
