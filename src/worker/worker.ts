// A worker: takes runs from a backend under a lease, executes as many at once as it has slots, and lets go of them in order.
import type { Claim, ClaimRequest, RunBackend } from '../protocol/engine.ts'
import { RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { MAX_RUNS } from '../protocol/limits.ts'
import { newWriterId, type Run } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import type { RunfeedConfig } from '../task/hooks.ts'
import { bindBackend } from '../task/process-backends.ts'
import { countOf } from '../task/duration.ts'
import { retrying } from '../task/retrying.ts'
import { type AnyTask, definitionOf, type TaskDefinition } from '../task/task-definition.ts'
import { Concurrency } from './concurrency.ts'
import { HeldRun } from './held-run.ts'
import { Leases } from './leases.ts'
import { Slots } from './slots.ts'

export interface WorkerOptions {
  readonly backend: RunBackend
  /** What a run, and the code of its task, reaches. @defaultValue `backend` */
  readonly backendOf?: (run: Run) => RunBackend
  readonly tasks: readonly AnyTask[]
  /** Runs that execute at once; those that wait for children do not count. @defaultValue 10 */
  readonly concurrency?: number
  /** Hooks for every task. @defaultValue none */
  readonly config?: RunfeedConfig
  /** What cannot be told to anybody else: an update of another run that was refused, a hook or a commit that failed. @defaultValue console.error */
  readonly onError?: (error: RunfeedError, run: Run) => void
}

export interface Worker {
  /**
   * Takes no more runs. Those that execute get the abort signal and `graceMs`, hooks included; then they go back to the queue where attempts
   * are left, else they end as CRASHED.
   * @param graceMs - @defaultValue 1000
   */
  stop(graceMs?: number): Promise<void>
}

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 5000
const STOP_GRACE_MS = 1000
/** What the last commits of a stopping worker may take beyond that, ms: a backend that is away does not hold the process. */
const STOP_COMMIT_MS = 2000

/** @throws RunfeedError `duplicate_task`, `not_a_task`; InvalidRequestError for a `concurrency` that is none */
export function startWorker({ backend, backendOf = () => backend, tasks, concurrency = 10, config = {}, onError = logError }: WorkerOptions): Worker {
  // 0 leaves the work to others; with what a variable that is not set makes, NaN, nobody would do it, without a word
  const slots = new Slots(countOf('concurrency', concurrency, 0))
  const definitions = new Map<string, TaskDefinition>()
  for (const task of tasks) {
    if (definitions.has(task.id)) throw new RunfeedError('duplicate_task', `two tasks have the id "${task.id}"; give one another id`)
    definitions.set(task.id, definitionOf(task))
  }
  const unbind = bindBackend(backend, tasks)
  const id = newWriterId()
  const executing = new Concurrency()
  const leases = new Leases(backend, id, ({ message }) => console.error(`runfeed: leases were not renewed: ${message}`))
  const executions = new Set<Promise<void>>()
  const settings = settingsOf(definitions.values())
  let stopped = false
  let looking: Promise<void> | undefined
  let again = false
  // of the claim that is under way, or the next one
  let sequence = 1
  let failures = 0
  let nextLook: ReturnType<typeof setTimeout> | undefined

  /** Looks for work until there is none, or no slot. One look at a time; a wake during one causes another. */
  const look = (): void => {
    again = true
    looking ??= (async () => {
      while (again && !stopped) {
        again = false
        for (const claim of await claimAll())
          if (stopped) await retrying(async () => await backend.queue.release(id, claim.run.id), STOP_COMMIT_MS)
          else start(claim)
      }
    })()
      .catch((thrown: unknown) => {
        // said once, not for every second that a server is away
        if (failures === 0) console.error(`runfeed: no work could be claimed: ${toRunfeedError(thrown).message}; trying again`)
        const wait = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++)
        clearTimeout(nextLook)
        if (!stopped) nextLook = setTimeout(look, wait * (0.5 + Math.random() / 2))
      })
      .finally(() => {
        looking = undefined
        if (again && !stopped) look()
      })
  }

  const report = (error: RunfeedError, run: Run): void => {
    try {
      onError(error, run)
    } catch (thrown) {
      // a listener that fails may not keep a run from its end
      logError(error, run)
      console.error('runfeed: onError threw:', thrown)
    }
  }

  const claimAll = async (): Promise<readonly Claim[]> => {
    const max = Math.min(slots.free, MAX_RUNS)
    if (max <= 0 || definitions.size === 0) return []
    const limits = executing.limits(definitions.values())
    // the same number until it is answered: what a lost answer has claimed is given again
    const claims = await backend.queue.claim({ worker: id, tasks: [...definitions.keys()], max, limits, settings, sequence })
    sequence++
    // the answer to an earlier one may leave slots free, with work that nobody rings for
    if (failures > 0) again = true
    failures = 0
    return claims
  }

  const start = (claim: Claim): void => {
    const { run } = claim
    slots.take()
    executing.count(claim, 1)
    const one = new HeldRun({
      backend: backendOf(run),
      claim,
      definition: definitions.get(run.task) as TaskDefinition,
      hooks: config,
      report: (error) => report(error, run),
      slots: {
        giveBack: () => {
          executing.count(claim, -1)
          slots.release()
          if (!stopped) look()
        },
        take: async (signal) => {
          if (!(await slots.acquire(signal))) return false
          executing.count(claim, 1)
          return true
        },
      },
    })
    leases.add(claim, one)
    const execution = one.execute().finally(() => {
      leases.remove(run.id, one)
      executions.delete(execution)
    })
    executions.add(execution)
  }

  const unwake = backend.wake(topics.queue, look)
  look()

  return {
    async stop(graceMs = STOP_GRACE_MS) {
      stopped = true
      unwake()
      clearTimeout(nextLook)
      let timer: ReturnType<typeof setTimeout> | undefined
      const grace = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs + STOP_COMMIT_MS)
      })
      // told at once: a claim that is under way may wait for a server that is away
      for (const one of leases.held) one.stop(graceMs)
      await Promise.race([Promise.all([looking, ...executions]), grace])
      clearTimeout(timer)
      leases.stop()
      unbind()
    },
  }
}

const logError = (error: RunfeedError, run: Run): void => console.error(`runfeed: ${run.task} ${run.id}: ${error.message}`)

function settingsOf(definitions: Iterable<TaskDefinition>): NonNullable<ClaimRequest['settings']> {
  return Object.fromEntries(
    [...definitions].map(({ id, settings: { maxAttempts, maxDuration, ttl } }) => [
      id,
      { ...(maxAttempts !== undefined && { maxAttempts }), ...(maxDuration !== undefined && { maxDuration }), ...(ttl !== undefined && { ttl }) },
    ]),
  )
}
