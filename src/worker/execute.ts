// One attempt of one run: judges the payload, calls the task between its hooks, and says in the attempt's last commit how it ended.
import { judgePayload } from '../contract/judge.ts'
import type { Commit, RunEnd } from '../protocol/engine.ts'
import { RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { HookParams, TaskHooks } from '../task/hooks.ts'
import { metadata } from '../task/metadata.ts'
import { refusalOf } from '../task/refusal.ts'
import { retrying } from '../task/retrying.ts'
import { type RunScope, withScope } from '../task/run-scope.ts'
import type { TaskDefinition } from '../task/task-definition.ts'
import { aborted, type Conclusion, type Facts, failed, failureOf, succeeded } from './conclusion.ts'
import { Lifecycle } from './lifecycle.ts'

export interface Attempt {
  readonly scope: RunScope
  readonly definition: TaskDefinition
  readonly hooks: TaskHooks
  readonly maxAttempts: number
  /** No attempt before it was executed. */
  readonly isFirst: boolean
  /** The task's function is done: no time limit holds any more. */
  readonly concluded: () => void
  /** Resolves when the task is not waited for any longer, although it was told to stop. */
  readonly expired: Promise<void>
}

/** @returns how the attempt ended, once the record has it. @throws what kept its last commit from the record */
export async function execute(attempt: Attempt): Promise<Conclusion> {
  const { scope, definition, maxAttempts } = attempt
  const facts: Facts = { attempt: scope.run.attempt, maxAttempts, settings: definition.settings }
  const reached: { conclusion?: Conclusion } = {}
  await Promise.race([live(attempt, facts, (conclusion) => (reached.conclusion = conclusion)), attempt.expired])
  const conclusion = reached.conclusion ?? aborted(scope.signal.reason, facts)
  // a source that is still read would go on into the next attempt, or into a stream of the parent
  await scope.endCaptures()
  await scope.settleOthers()
  return conclusion.isLost ? conclusion : await commitLast(scope, conclusion)
}

/** The attempt with its hooks. How it ended is known before the last of them are called. */
async function live({ scope, definition, hooks, isFirst, concluded }: Attempt, facts: Facts, reach: (conclusion: Conclusion) => void): Promise<void> {
  const { run, signal } = scope
  const judged = await payloadOf(definition, run.payload)
  const ctx = { run: { id: run.id, attempt: run.attempt, parentId: run.parentId, rootId: run.rootId, tags: [...run.tags] }, task: { id: definition.id } }
  const params: HookParams = { payload: judged.payload, ctx, metadata, signal }
  const lifecycle = new Lifecycle(scope, hooks, definition.hooks, params)
  const onAbort = (): void => {
    if (toRunfeedError(signal.reason).type === 'canceled') lifecycle.canceled()
  }
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  const conclusion = await conclude(async () => {
    if (judged.error) throw judged.error
    signal.throwIfAborted()
    await lifecycle.before(isFirst)
    signal.throwIfAborted()
    const output = await lifecycle.around(async () => await withScope(scope, () => definition.run(params.payload, params)))
    await scope.captured()
    return output
  })
  concluded()
  signal.removeEventListener('abort', onAbort)
  reach(conclusion)
  if (!conclusion.retry && !conclusion.isLost) await lifecycle.ending(conclusion.result)
  await lifecycle.cleanup()

  async function conclude(work: () => Promise<unknown>): Promise<Conclusion> {
    try {
      const output = await withScope(scope, work)
      return signal.aborted ? aborted(signal.reason, facts) : succeeded(output)
    } catch (thrown) {
      return signal.aborted ? aborted(signal.reason, facts) : failed(thrown, facts)
    }
  }
}

interface Judged {
  readonly payload: unknown
  readonly error?: RunfeedError
}

async function payloadOf(definition: TaskDefinition, stored: unknown): Promise<Judged> {
  // the task may change what it is handed; the record may not change with it
  const payload = structuredClone(stored)
  if (!definition.payload) return { payload }
  try {
    const verdict = await judgePayload(definition.payload, payload)
    if (verdict.ok) return { payload: verdict.value }
    const issues = verdict.issues.map(({ path, message }) => `${['payload', ...path].join('.')}: ${message}`)
    return { payload, error: new RunfeedError('invalid_payload', issues.join('; ')) }
  } catch (thrown) {
    // a schema that throws is no verdict on the payload: another attempt may fare better
    return { payload, error: toRunfeedError(thrown) }
  }
}

async function commitLast(scope: RunScope, conclusion: Conclusion): Promise<Conclusion> {
  const { end, retry, result } = conclusion
  const { run, host } = scope
  const streams = await scope.log.end(result.ok)
  const rest = { run: run.id, attempt: run.attempt, ...(await scope.updates('own').takeRest()), ...(streams && { streams }) }
  const commit = async (last: Pick<Commit, 'end' | 'retry'>): Promise<void> => {
    const { refused } = await retrying(async () => await host.backend.record.commit({ ...rest, ...last }), host.backend.patience)
    // no flush comes after this one that could say so
    for (const { error } of refused) host.report(refusalOf(error))
  }
  try {
    await commit(retry ? { retry } : { end })
    return conclusion
  } catch (thrown) {
    const error = toRunfeedError(thrown)
    if (retry && error.type === 'invalid_request') {
      // the record counts attempts itself
      await commit({ end })
      return conclusion
    } else if (error.type === 'too_large') {
      // an engine of a lower limit: that is how the run failed
      const failure: RunEnd = { status: 'FAILED', error: failureOf(error) }
      await commit({ end: failure })
      return { end: failure, result: { ok: false, status: failure.status, error }, isLost: false }
    } else throw error
  }
}
