// A worker: takes runs from a backend under a lease, executes as many at once as it has slots, and lets go of them in order.
import type { Claim, ClaimRequest, RunBackend } from '../protocol/engine.ts'
import { RunfeedError, StaleAttemptError, toRunfeedError } from '../protocol/errors.ts'
import { LEASE_MS } from '../protocol/limits.ts'
import { newWriterId, type Run } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import { RunScope } from '../task/run-scope.ts'
import { bindBackend } from '../task/process-backends.ts'
import { type AnyTask, definitionOf, type TaskDefinition } from '../task/task-definition.ts'
import { execute } from './execute.ts'
import { Slots } from './slots.ts'

export interface WorkerOptions {
  readonly backend: RunBackend
  readonly tasks: readonly AnyTask[]
  /** Runs that execute at once; those that wait for children do not count. @defaultValue 10 */
  readonly concurrency?: number
  /** What cannot be told to anybody else: an update of another run that was refused, a commit that failed. @defaultValue console.error */
  readonly onError?: (error: RunfeedError, run: Run) => void
}

export interface Worker {
  /** Takes no more runs; those that execute get the abort signal and `graceMs`, then end as CRASHED. @param graceMs - @defaultValue 1000 */
  stop(graceMs?: number): Promise<void>
}

const IDLE_RETRY_MS = 1000
const STOP_GRACE_MS = 1000

/** @throws RunfeedError `duplicate_task`, `not_a_task` */
export function startWorker({ backend, tasks, concurrency = 10, onError = logError }: WorkerOptions): Worker {
  const definitions = new Map<string, TaskDefinition>()
  for (const task of tasks) {
    if (definitions.has(task.id)) throw new RunfeedError('duplicate_task', `two tasks have the id "${task.id}"; give one another id`)
    definitions.set(task.id, definitionOf(task))
  }
  const unbind = bindBackend(backend, tasks)
  const id = newWriterId()
  const slots = new Slots(concurrency)
  const held = new Map<string, RunScope>()
  const running = new Map<string, number>()
  const executions = new Set<Promise<void>>()
  let stopped = false
  let looking: Promise<void> | undefined
  let again = false

  /** Looks for work until there is none, or no slot. One look at a time; a wake during one causes another. */
  const look = (): void => {
    again = true
    looking ??= (async () => {
      while (again && !stopped) {
        again = false
        for (const claim of await claimAll()) start(claim)
      }
    })()
      .catch((thrown: unknown) => {
        console.error(`runfeed: no work could be claimed: ${toRunfeedError(thrown).message}`)
        setTimeout(look, IDLE_RETRY_MS).unref()
      })
      .finally(() => {
        looking = undefined
        if (again && !stopped) look()
      })
  }

  const claimAll = async (): Promise<readonly Claim[]> => {
    const max = slots.free
    if (max <= 0) return []
    const limits: { [task: string]: NonNullable<ClaimRequest['limits']>[string] } = {}
    for (const { id: task, settings } of definitions.values())
      if (settings.concurrencyLimit !== undefined) limits[task] = { limit: settings.concurrencyLimit, executing: { '': running.get(task) ?? 0 } }
    return await backend.queue.claim({ worker: id, tasks: [...definitions.keys()], max, limits })
  }

  const start = ({ run }: Claim): void => {
    slots.take()
    count(run.task, 1)
    let hasSlot = true
    const giveBack = (): void => {
      if (!hasSlot) return
      hasSlot = false
      count(run.task, -1)
      slots.release()
    }
    const definition = definitions.get(run.task) as TaskDefinition
    const scope = new RunScope(run, {
      backend,
      report: (error) => onError(error, run),
      giveSlotBack: () => {
        giveBack()
        look()
      },
      takeSlot: async () => {
        await slots.acquire()
        // it may have ended without waiting for what it waited for
        if (!held.has(run.id)) return slots.release()
        hasSlot = true
        count(run.task, 1)
      },
    })
    held.set(run.id, scope)
    const unwake = backend.wake(topics.control(run.id), () => void obey(scope))
    const execution = execute(scope, definition)
      .catch((thrown: unknown) => onError(toRunfeedError(thrown), run))
      .finally(() => {
        unwake()
        held.delete(run.id)
        executions.delete(execution)
        giveBack()
        if (!stopped) look()
      })
    executions.add(execution)
    // a cancel that came between the claim and the wake
    void obey(scope)
  }

  const count = (task: string, by: number): void => void running.set(task, (running.get(task) ?? 0) + by)

  const obey = async (scope: RunScope): Promise<void> => {
    try {
      const stored = await backend.record.read(scope.run.id)
      if (!stored) return
      const { cancelRequestedAt, attempt, finishedAt } = stored.run
      if (attempt !== scope.run.attempt) scope.abort(new StaleAttemptError(scope.run.id, scope.run.attempt, attempt))
      else if (finishedAt !== null) scope.abort(new RunfeedError('run_ended', `${scope.run.id} has ended`))
      else if (cancelRequestedAt !== null) scope.abort(new RunfeedError('canceled', 'the run was canceled'))
    } catch (thrown) {
      onError(toRunfeedError(thrown), scope.run)
    }
  }

  const renew = async (): Promise<void> => {
    if (held.size === 0) return
    const kept = new Set(await backend.queue.renew(id, [...held.keys()]))
    for (const [run, scope] of held) if (!kept.has(run)) void obey(scope)
  }
  const renewing = setInterval(
    () => void renew().catch((thrown: unknown) => console.error(`runfeed: leases were not renewed: ${toRunfeedError(thrown).message}`)),
    LEASE_MS / 3,
  )
  renewing.unref()

  const unwake = backend.wake(topics.queue, look)
  look()

  return {
    async stop(graceMs = STOP_GRACE_MS) {
      stopped = true
      unwake()
      await looking
      for (const scope of held.values()) scope.abort(new RunfeedError('crashed', 'the server was stopped while the run was executing'))
      let timer: ReturnType<typeof setTimeout> | undefined
      const grace = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs)
      })
      await Promise.race([Promise.all(executions), grace])
      clearTimeout(timer)
      clearInterval(renewing)
      unbind()
    },
  }
}

const logError = (error: RunfeedError, run: Run): void => console.error(`runfeed: ${run.task} ${run.id}: ${error.message}`)
