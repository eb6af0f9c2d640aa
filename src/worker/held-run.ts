// A run that this worker executes: its slot, its time, and the ways to stop it.
import type { Claim, RunBackend } from '../protocol/engine.ts'
import { RunfeedError, StaleAttemptError, toRunfeedError } from '../protocol/errors.ts'
import { CANCEL_MS } from '../protocol/limits.ts'
import { topics } from '../protocol/want.ts'
import type { TaskHooks } from '../task/hooks.ts'
import { retrying } from '../task/retrying.ts'
import { RunScope } from '../task/run-scope.ts'
import type { TaskDefinition } from '../task/task-definition.ts'
import type { Conclusion } from './conclusion.ts'
import { execute } from './execute.ts'
import { TimeBudget } from './time-budget.ts'

export interface RunSlots {
  /** The run needs no slot for now. */
  giveBack(): void
  /** Resolves with a slot, or without one as soon as `signal` is aborted. @returns whether it is held */
  take(signal: AbortSignal): Promise<boolean>
}

export interface HeldRunOptions {
  readonly backend: RunBackend
  readonly claim: Claim
  readonly definition: TaskDefinition
  readonly hooks: TaskHooks
  readonly slots: RunSlots
  readonly report: (error: RunfeedError) => void
}

export class HeldRun {
  readonly scope: RunScope
  readonly #options: HeldRunOptions
  readonly #budget: TimeBudget
  readonly #expired: Promise<void>
  #expire: () => void = () => {}
  #hasSlot = true
  #isOver = false

  constructor(options: HeldRunOptions) {
    this.#options = options
    const { backend, claim, definition, report } = options
    // a server that does not know the task could not give the run what the task says
    const maxDuration = claim.maxDuration ?? definition.settings.maxDuration ?? null
    this.#expired = new Promise((resolve) => {
      this.#expire = resolve
    })
    this.#budget = new TimeBudget(maxDuration, () =>
      this.scope.abort(new RunfeedError('timed_out', `the attempt executed for more than its maxDuration, ${maxDuration} ms`)),
    )
    this.scope = new RunScope(claim.run, {
      backend,
      metadataLimit: claim.metadataLimit,
      report,
      giveSlotBack: () => this.#giveBack(),
      takeSlot: async () => {
        // a run that is to stop has little to do but its hooks: behind others, its time for them would be over first
        if (!(await options.slots.take(this.scope.signal))) return
        this.#hasSlot = true
        this.#budget.resume()
        // it may have ended without waiting for what it waited for
        if (this.#isOver) this.#giveBack()
      },
    })
    this.scope.signal.addEventListener('abort', () => void this.expireIn(CANCEL_MS).unref(), { once: true })
  }

  /** Resolves when the attempt is over; never rejects. */
  async execute(): Promise<void> {
    await this.attempt().catch((thrown: unknown) => this.#options.report(toRunfeedError(thrown)))
  }

  /** The same, for who wants to know how it ended. @throws what kept its last commit from the record */
  async attempt(): Promise<Conclusion> {
    const { backend, claim, definition, hooks } = this.#options
    const unwake = backend.wake(topics.control(claim.run.id), () => void this.obey())
    this.#budget.resume()
    // a cancel that came between the claim and the wake
    void this.obey()
    try {
      const { maxAttempts, isFirst = claim.run.attempt === 1 } = claim
      return await execute({ scope: this.scope, definition, hooks, maxAttempts, isFirst, concluded: () => this.#budget.stop(), expired: this.#expired })
    } finally {
      unwake()
      this.#isOver = true
      this.#giveBack()
      this.#budget.stop()
      // its timers with it: one of a worker that stops would hold the process
      this.#expire()
    }
  }

  /** Looks at the record for whether the run is still this attempt's, and wanted. */
  async obey(): Promise<void> {
    const { scope } = this
    try {
      const { backend } = this.#options
      // a server that is away is not waited for by a run that is over
      const stored = await retrying(async () => (this.#isOver ? undefined : await backend.record.read(scope.run.id)), backend.patience)
      if (this.#isOver) return
      // a server that keeps runs in memory was started anew
      if (!stored) return scope.abort(new RunfeedError('run_ended', `${scope.run.id} is no longer in the record`))
      const { cancelRequestedAt, attempt, finishedAt } = stored.run
      if (attempt !== scope.run.attempt) scope.abort(new StaleAttemptError(scope.run.id, scope.run.attempt, attempt))
      else if (finishedAt !== null) scope.abort(new RunfeedError('run_ended', `${scope.run.id} has ended`))
      else if (cancelRequestedAt !== null) scope.abort(new RunfeedError('canceled', 'the run was canceled'))
    } catch (thrown) {
      this.#options.report(toRunfeedError(thrown))
    }
  }

  /** The worker goes away: the task has `graceMs` to stop, hooks included. */
  stop(graceMs: number): void {
    this.scope.abort(new RunfeedError('crashed', 'its worker was stopped while the run was executing'))
    this.expireIn(graceMs)
  }

  expireIn(ms: number): NodeJS.Timeout {
    const timer = setTimeout(this.#expire, ms)
    void this.#expired.then(() => clearTimeout(timer))
    return timer
  }

  #giveBack(): void {
    if (!this.#hasSlot) return
    this.#hasSlot = false
    this.#budget.pause()
    this.#options.slots.giveBack()
  }
}
