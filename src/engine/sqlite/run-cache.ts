// The runs in hand: as they are after the last statement, committed or not. Bounded by what they hold, least recently used first out;
// whatever is not here is read from the file.
import type { RunState } from '../state.ts'
import type { StreamPlace } from '../storage.ts'
import type { AnswerCache } from './answer-cache.ts'
import type { LogTail } from './run-log.ts'

export interface CachedRun {
  readonly seq: number
  state: RunState
  tail: LogTail
  readonly places: Map<string, StreamPlace>
  readonly answers: AnswerCache
  /** Bytes of JSON that it holds, about. */
  weight: number
}

/** What a run costs beside its JSON. */
const BASE_WEIGHT = 2048

export class RunCache {
  readonly #runs = new Map<string, CachedRun>()
  readonly #touched = new Set<string>()
  readonly #maxWeight: number
  #weight = 0

  constructor(maxWeight: number) {
    this.#maxWeight = maxWeight
  }

  get(id: string): CachedRun | undefined {
    const run = this.#runs.get(id)
    if (!run) return undefined
    // a Map keeps the order of insertion: the first is the one that was used longest ago
    this.#runs.delete(id)
    this.#runs.set(id, run)
    return run
  }

  add(id: string, run: CachedRun): CachedRun {
    run.weight += BASE_WEIGHT
    this.#runs.set(id, run)
    this.#weight += run.weight
    this.#shrink()
    return run
  }

  grow(run: CachedRun, by: number): void {
    run.weight += by
    this.#weight += by
    this.#shrink()
  }

  /** The one that was used last stays, however large it is. */
  #shrink(): void {
    for (const [oldest, { weight }] of this.#runs) {
      if (this.#weight <= this.#maxWeight || this.#runs.size === 1) return
      this.#runs.delete(oldest)
      this.#weight -= weight
    }
  }

  /** The run is gone. */
  drop(id: string): void {
    const run = this.#runs.get(id)
    if (!run) return
    this.#runs.delete(id)
    this.#weight -= run.weight
  }

  /** The run differs from the file until the transaction is committed. */
  touch(id: string): void {
    this.#touched.add(id)
  }

  committed(): void {
    this.#touched.clear()
  }

  rolledBack(): void {
    for (const id of this.#touched) this.drop(id)
    this.#touched.clear()
  }
}
