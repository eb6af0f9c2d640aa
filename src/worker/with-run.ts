// `withRun`: work that is started by somebody else (a script, a cron job, a job queue's processor) as a run: begun here, held under a lease
// that is renewed, and ended with what the work gives or throws.
import type { InputOf, OutputOf } from '../contract/standard-schema.ts'
import type { MetadataInput, RunContract } from '../contract/types.ts'
import type { RunBackend } from '../protocol/engine.ts'
import { InvalidRequestError, RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { NAME_PATTERN } from '../protocol/limits.ts'
import { type NewRun, newRunId, newWriterId } from '../protocol/run.ts'
import { configuredBackend } from '../task/configure.ts'
import type { Duration } from '../task/duration.ts'
import { type Logger, logger } from '../task/logger.ts'
import type { Chunks, Metadata } from '../task/metadata-types.ts'
import { newRun } from '../task/new-run.ts'
import { checkNames, type Names } from '../task/option-names.ts'
import { notConfigured, OUTSIDE_PATIENCE_MS, outsideBackend } from '../task/process-backends.ts'
import { retrying } from '../task/retrying.ts'
import { currentScope } from '../task/run-scope.ts'
import type { RunRef } from '../task/runs.ts'
import type { TaskDefinition } from '../task/task-definition.ts'
import { checkSettings } from '../task/task-settings.ts'
import type { TaskParams } from '../task/task-types.ts'
import { HeldRun } from './held-run.ts'
import { Leases } from './leases.ts'

export interface WithRunOptions<T extends string | RunContract = string> {
  /** Where the server is. @defaultValue the run that calls it, the server of this process, else what `configure` or RUNFEED_URL says */
  readonly url?: string
  /** @defaultValue what `configure` or RUNFEED_SECRET_KEY says */
  readonly secretKey?: string
  /** What the run is listed under: an id, or a contract, which types the rest. No worker needs to have such a task. */
  readonly task: T
  /** Kept in the record. @defaultValue null */
  readonly payload?: T extends RunContract ? InputOf<T['payload']> : unknown
  /** What the run's metadata begins with. */
  readonly metadata?: T extends RunContract ? Partial<MetadataInput<T['metadata']>> : object
  readonly tags?: readonly string[]
  /** The run that it is a child of. @defaultValue the run that calls it, else none */
  readonly parent?: RunRef
  /** A second run of the same task and key is not begun: `withRun` throws `invalid_request`. */
  readonly idempotencyKey?: string
  /** What it may execute, in ms or text such as '5m'; then it ends as TIMED_OUT. @defaultValue no limit */
  readonly maxDuration?: Duration
  /** Aborted, it cancels the run. */
  readonly signal?: AbortSignal
}

export interface WithRunParams<T extends string | RunContract = string>
  extends TaskParams<T extends RunContract ? Metadata<MetadataInput<T['metadata']>, Chunks<T>> : Metadata> {
  /** As the contract's schema gives it, else as it was passed. */
  readonly payload: T extends RunContract ? OutputOf<T['payload']> : unknown
  readonly logger: Logger
}

const OPTIONS: Names<WithRunOptions> = {
  url: true,
  secretKey: true,
  task: true,
  payload: true,
  metadata: true,
  tags: true,
  parent: true,
  idempotencyKey: true,
  maxDuration: true,
  signal: true,
}

/** What the record's output may be; without a contract, anything that JSON holds. */
type WorkOutput<T> = T extends RunContract ? InputOf<T['output']> : unknown

/**
 * Calls `work` as a run. Within it `metadata` (with `parent` and `root`), `logger`, `trigger` and `triggerAndWait` do what they do in a task.
 * The run ends as COMPLETED, FAILED, CANCELED or TIMED_OUT; where the process dies, as CRASHED once its lease is out.
 * @returns what `work` returns, once the record has it.
 * @throws what `work` throws, once the record has it; the signal's reason (`canceled`, `timed_out`, `stale_attempt`) where the run was stopped;
 * InvalidRequestError naming an option; RunfeedError `not_configured` where there is no server to tell; `invalid_payload`; ConnectionError where the server cannot be reached.
 */
export async function withRun<const T extends string | RunContract, O extends WorkOutput<T>>(
  options: WithRunOptions<T>,
  work: (params: WithRunParams<T>) => Promise<O> | O,
): Promise<O> {
  checkNames(options, OPTIONS)
  const { signal } = options
  signal?.throwIfAborted()
  const backend = backendOf(options)
  const worker = newWriterId()
  const wanted = wantedRun(options)
  const claim = await retrying(async () => await backend.queue.begin(wanted, { worker }))
  const report = ({ message }: RunfeedError): void => console.error(`runfeed: ${wanted.task} ${claim.run.id}: ${message}`)

  let output: O | undefined
  const stop = stopper(backend, claim.run.id, signal, report)
  const definition: TaskDefinition = {
    id: wanted.task,
    payload: typeof options.task === 'string' ? undefined : options.task.payload,
    contract: typeof options.task === 'string' ? undefined : options.task,
    settings: checkSettings({}),
    hooks: {},
    run: async (payload, params) => {
      try {
        output = await work({ ...params, payload, logger } as WithRunParams<T>)
        return output
      } finally {
        await stop.told()
      }
    },
  }
  const slots = { giveBack: () => {}, take: async () => true }
  const held = new HeldRun({ backend, claim, definition, hooks: {}, slots, report })
  const leases = new Leases(backend, worker, ({ message }) => report(new RunfeedError('lease', `its lease was not renewed: ${message}`)))
  leases.add(claim, held)
  const unlisten = stop.listen(held)
  try {
    const { result } = await held.attempt()
    if (!result.ok) throw result.error
    return output as O
  } finally {
    unlisten()
    leases.stop()
  }
}

function backendOf({ url, secretKey }: WithRunOptions<string | RunContract>): RunBackend {
  const named =
    url !== undefined || secretKey !== undefined ? configuredBackend({ ...(url !== undefined && { url }), ...(secretKey && { secretKey }) }) : undefined
  return named ?? currentScope()?.host.backend ?? outsideBackend() ?? notConfigured('withRun has no server to tell', 'pass { url, secretKey }')
}

function wantedRun({ task, parent, url, ...options }: WithRunOptions<string | RunContract>): NewRun {
  const { payload, metadata, tags, idempotencyKey, maxDuration } = options
  const trigger = {
    ...(metadata !== undefined && { metadata }),
    ...(tags !== undefined && { tags }),
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    ...(maxDuration !== undefined && { maxDuration }),
  }
  const id = typeof task === 'string' ? task : task.id
  if (!NAME_PATTERN.test(id)) throw new InvalidRequestError(`"${id}" is no task id: use 1 to 128 letters, digits and . : / - _`)
  // a run of another server is no parent here
  const above = parent ?? (url === undefined ? currentScope()?.run : undefined)
  return {
    ...newRun({ id, payload, options: trigger }),
    id: newRunId(),
    ...(above !== undefined && { parentId: typeof above === 'string' ? above : above.id }),
  }
}

interface Stopper {
  listen(held: HeldRun): () => void
  /** Resolves when the record knows that the run is canceled, if it is: its descendants are then told too. */
  told(): Promise<void>
}

/** What the caller's own signal does: the work stops at once, whatever the server says. */
function stopper(backend: RunBackend, run: string, signal: AbortSignal | undefined, report: (error: RunfeedError) => void): Stopper {
  let telling: Promise<unknown> | undefined
  return {
    listen(held) {
      const onAbort = (): void => {
        telling = retrying(async () => await backend.record.cancel(run), OUTSIDE_PATIENCE_MS).catch((thrown: unknown) => report(toRunfeedError(thrown)))
        const reason = new RunfeedError('canceled', 'the signal that withRun was given was aborted')
        reason.cause = signal?.reason
        held.scope.abort(reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      if (signal?.aborted) onAbort()
      return () => signal?.removeEventListener('abort', onAbort)
    },
    told: async () => void (await telling),
  }
}
