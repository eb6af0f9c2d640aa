// What time it is at the server, as its `Date` headers say: moments that are computed here would be another's on a machine whose clock is wrong.
import type { Commit } from '../../protocol/engine.ts'
import type { NewRun } from '../../protocol/run.ts'

/** `Date` has whole seconds, and an answer takes its time: less than this is no difference. */
const TOLERANCE_MS = 2000

export class ServerClock {
  #ahead = 0

  hear(headers: Headers): void {
    const ahead = Date.parse(headers.get('date') ?? '') - Date.now()
    if (!Number.isNaN(ahead)) this.#ahead = Math.abs(ahead) > TOLERANCE_MS ? ahead : 0
  }

  runs(runs: readonly NewRun[]): readonly NewRun[] {
    return this.#ahead === 0 ? runs : runs.map((run) => this.#run(run))
  }

  commit<C extends Pick<Commit, 'retry'>>(commit: C): C {
    if (this.#ahead === 0 || !commit.retry) return commit
    return { ...commit, retry: { ...commit.retry, at: this.#there(commit.retry.at) } }
  }

  #run(run: NewRun): NewRun {
    const { delayUntil, expiresAt } = run
    return {
      ...run,
      ...(delayUntil !== undefined && { delayUntil: this.#there(delayUntil) }),
      ...(expiresAt !== undefined && { expiresAt: this.#there(expiresAt) }),
    }
  }

  /** A clock that is far off may lead before the epoch. */
  #there(moment: number): number {
    return Math.max(0, moment + this.#ahead)
  }
}
