// One attempt of one run: judges the payload, calls the task, and says how it ended in the run's last commit.
import { judgePayload } from '../contract/judge.ts'
import type { RunEnd } from '../protocol/engine.ts'
import { RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { toJson } from '../protocol/json.ts'
import type { RunFailure } from '../protocol/run.ts'
import { metadata } from '../task/metadata.ts'
import { retrying } from '../task/retrying.ts'
import { type RunScope, withScope } from '../task/run-scope.ts'
import type { TaskDefinition } from '../task/task-definition.ts'

/** How long a task may take to notice that its signal is aborted, ms. */
const ABORT_GRACE_MS = 30_000

/** @param graceMs - how long a task may take to stop once its signal is aborted; then its run ends without it. */
export async function execute(scope: RunScope, definition: TaskDefinition, graceMs: number = ABORT_GRACE_MS): Promise<void> {
  const grace = afterAbort(scope, graceMs)
  const end = await Promise.race([outcome(scope, definition), grace.over]).finally(grace.stop)
  await scope.settleOthers()
  // another attempt has the run, or it has ended: there is nothing left to say
  const lost = scope.signal.aborted && (reasonOf(scope).type === 'stale_attempt' || reasonOf(scope).type === 'run_ended')
  if (lost) return
  await commitEnd(scope, end)
}

async function outcome(scope: RunScope, definition: TaskDefinition): Promise<RunEnd> {
  const { run, signal } = scope
  try {
    const payload = await payloadOf(definition, run.payload)
    const ctx = { run: { id: run.id, attempt: run.attempt, parentId: run.parentId, rootId: run.rootId, tags: run.tags }, task: { id: definition.id } }
    const output: unknown = await withScope(scope, () => definition.run(payload, { ctx, metadata, signal }))
    await scope.captured()
    if (signal.aborted) return aborted(scope)
    return { status: 'COMPLETED', ...(output === undefined ? {} : { output: toJson(output, 'output') }) }
  } catch (thrown) {
    return signal.aborted ? aborted(scope) : { status: 'FAILED', error: failureOf(thrown) }
  }
}

async function payloadOf(definition: TaskDefinition, payload: unknown): Promise<unknown> {
  // the task may change what it is handed; the record may not change with it
  if (!definition.payload) return structuredClone(payload)
  const verdict = await judgePayload(definition.payload, structuredClone(payload))
  if (verdict.ok) return verdict.value
  const issues = verdict.issues.map(({ path, message }) => `${['payload', ...path].join('.')}: ${message}`)
  throw new RunfeedError('invalid_payload', issues.join('; '))
}

function afterAbort(scope: RunScope, graceMs: number): { readonly over: Promise<RunEnd>; readonly stop: () => void } {
  const { signal } = scope
  let begin = (): void => {}
  let timer: ReturnType<typeof setTimeout> | undefined
  const over = new Promise<RunEnd>((resolve) => {
    begin = () => {
      timer = setTimeout(() => resolve(aborted(scope)), graceMs)
      timer.unref()
    }
  })
  if (signal.aborted) begin()
  else signal.addEventListener('abort', begin, { once: true })
  return {
    over,
    // the end of a run wakes its control topic, and so aborts it: a timer would keep every run that has ended for as long as the grace
    stop: () => {
      signal.removeEventListener('abort', begin)
      clearTimeout(timer)
    },
  }
}

const reasonOf = ({ signal }: RunScope): RunfeedError => toRunfeedError(signal.reason)

function aborted(scope: RunScope): RunEnd {
  const { type, message } = reasonOf(scope)
  return { status: type === 'canceled' ? 'CANCELED' : 'CRASHED', error: { type, message } }
}

async function commitEnd(scope: RunScope, end: RunEnd): Promise<void> {
  const { run, host } = scope
  const streams = await scope.log.end(end.status === 'COMPLETED')
  const rest = { ...(await scope.updates('own').takeRest()), ...(streams && { streams }) }
  try {
    await retrying(async () => await host.backend.record.commit({ run: run.id, attempt: run.attempt, ...rest, end }))
  } catch (thrown) {
    const error = toRunfeedError(thrown)
    if (error.type !== 'too_large') throw error
    // the output does not fit: that is how the run failed
    await retrying(
      async () => await host.backend.record.commit({ run: run.id, attempt: run.attempt, ...rest, end: { status: 'FAILED', error: failureOf(error) } }),
    )
  }
}

function failureOf(thrown: unknown): RunFailure {
  const { type, message } = toRunfeedError(thrown)
  if (!(thrown instanceof Error)) return { type: 'thrown', message: String(thrown) }
  return { type: thrown instanceof RunfeedError ? type : thrown.name, message, ...(thrown.stack === undefined ? {} : { stack: thrown.stack }) }
}
