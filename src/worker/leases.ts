// Keeps the leases of the runs that one worker executes. How long a lease is, a claim says, by the clock of whoever gave it.
import type { Claim, RunBackend } from '../protocol/engine.ts'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { LEASE_MS } from '../protocol/limits.ts'
import type { HeldRun } from './held-run.ts'

/** A server whose leases are shorter means that in a test, and a timer that never rests helps nobody. */
const SHORTEST_MS = 10

export class Leases {
  readonly #backend: RunBackend
  readonly #worker: string
  readonly #report: (error: RunfeedError) => void
  readonly #held = new Map<string, HeldRun>()
  #leaseMs = LEASE_MS
  #timer: ReturnType<typeof setInterval> | undefined
  #isSaid = false

  /** @param report - told once for each time that renewals fail. */
  constructor(backend: RunBackend, worker: string, report: (error: RunfeedError) => void) {
    this.#backend = backend
    this.#worker = worker
    this.#report = report
  }

  get held(): Iterable<HeldRun> {
    return this.#held.values()
  }

  add({ run, leaseUntil }: Claim, held: HeldRun): void {
    this.#held.set(run.id, held)
    // the claim is what updated the run last
    const leaseMs = Math.min(this.#leaseMs, leaseUntil - run.updatedAt)
    if (this.#timer !== undefined && leaseMs === this.#leaseMs) return
    this.#leaseMs = leaseMs
    this.stop()
    this.#timer = setInterval(() => void this.#renew(), Math.max(SHORTEST_MS, leaseMs / 3))
    this.#timer.unref()
  }

  remove(run: string, held: HeldRun): void {
    // the next attempt of the same run may be here already
    if (this.#held.get(run) === held) this.#held.delete(run)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  async #renew(): Promise<void> {
    if (this.#held.size === 0) return
    const asked = [...this.#held]
    try {
      const kept = new Set(
        await this.#backend.queue.renew(
          this.#worker,
          asked.map(([run]) => run),
        ),
      )
      this.#isSaid = false
      for (const [run, held] of asked) if (!kept.has(run) && this.#held.get(run) === held) void held.obey()
    } catch (thrown) {
      if (!this.#isSaid) this.#report(toRunfeedError(thrown))
      this.#isSaid = true
    }
  }
}
