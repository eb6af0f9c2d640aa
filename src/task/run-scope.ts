// The run that the current code belongs to. AsyncLocalStorage carries it across awaits, timers and emitters; outside a run there is none.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { RunBackend } from '../protocol/engine.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import { retrying } from './retrying.ts'
import { RunLog } from './run-log.ts'
import { StreamWriters } from './stream-writers.ts'
import { UpdateQueue } from './update-queue.ts'

/** What a worker gives a run while it executes it. */
export interface RunHost {
  readonly backend: RunBackend
  /** Bytes of JSON that the run's metadata may be; `undefined`: what the environment says. */
  readonly metadataLimit?: number | undefined
  /** The run waits for others, and needs no concurrency slot meanwhile. */
  giveSlotBack(): void
  /** Resolves when the run has a slot again, or is aborted: it stops without one. */
  takeSlot(): Promise<void>
  /** An update of another run was refused, or could not be delivered; it does not fail this one. */
  report(error: RunfeedError): void
}

export class RunScope {
  readonly run: Run
  readonly host: RunHost
  /** What `logger` says. */
  readonly log: RunLog
  readonly streams: StreamWriters = new StreamWriters()
  readonly #abort = new AbortController()
  readonly #queues = new Map<string, UpdateQueue>()
  readonly #captures = new Set<Promise<void>>()
  readonly #capturing = new AbortController()
  #waits = 0
  #isWaiting = false
  #turn: Promise<void> = Promise.resolve()

  constructor(run: Run, host: RunHost) {
    this.run = run
    this.host = host
    this.log = new RunLog(this)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }
  /** Listeners are the task's code, whoever aborts: what they say is the run's. */
  abort(reason: RunfeedError): void {
    withScope(this, () => {
      this.#abort.abort(reason)
      this.#capturing.abort(reason)
    })
  }
  /** Aborted with the run, and when its attempt is over: sources are read no longer, and let go of. */
  get capturing(): AbortSignal {
    return this.#capturing.signal
  }

  /** One queue per target run, so that `parent` and `root` keep their call order where they are the same run. */
  updates(target: 'own' | 'parent' | 'root'): UpdateQueue {
    const { id, parentId, rootId } = this.run
    const run = target === 'own' ? id : target === 'parent' ? (parentId ?? id) : rootId
    let queue = this.#queues.get(run)
    if (!queue) this.#queues.set(run, (queue = new UpdateQueue(this, run)))
    return queue
  }

  /**
   * The run is WAITING while any such work is under way, however much of it at once, and holds no slot.
   * @throws the signal's reason when the run is canceled meanwhile.
   */
  async wait<T>(work: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted()
    this.#waits++
    await this.#follow()
    try {
      return await work()
    } finally {
      this.#waits--
      await this.#follow()
      this.signal.throwIfAborted()
    }
  }

  /** Brings status and slot to what the count of waits asks for, one change after the other. */
  #follow(): Promise<void> {
    const turn = this.#turn.then(async () => {
      const wanted = this.#waits > 0
      if (wanted === this.#isWaiting) return
      if (!wanted) await this.host.takeSlot()
      this.#isWaiting = wanted
      // a run that is to stop says no more than its end
      if (!this.signal.aborted) await this.#move(wanted ? 'WAITING' : 'EXECUTING')
      if (wanted) this.host.giveSlotBack()
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #move(to: 'WAITING' | 'EXECUTING'): Promise<void> {
    const { id, attempt } = this.run
    const { backend } = this.host
    await retrying(async () => await backend.record.commit({ run: id, attempt, move: to }), backend.patience)
  }

  /** The run's end waits for `work`: a stream that is still being captured. */
  hold(work: Promise<void>): void {
    this.#captures.add(work)
    void work.finally(() => this.#captures.delete(work))
  }
  async captured(): Promise<void> {
    await Promise.all(this.#captures)
  }
  /** The attempt is over: nothing more is captured, and what was captured is in the record. */
  async endCaptures(): Promise<void> {
    this.#capturing.abort()
    await this.captured()
  }

  /** Everything that was said so far has been answered. Refusals have been reported, and wait for the next flush. */
  async settle(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(async (queue) => await queue.settle()))
  }
  /** The same for what was said to other runs. */
  async settleOthers(): Promise<void> {
    await Promise.all([...this.#queues.values()].map(async (queue) => queue.target !== this.run.id && (await queue.settle())))
  }
}

const storage = new AsyncLocalStorage<RunScope>()
export const currentScope = (): RunScope | undefined => storage.getStore()
export const withScope = <T>(scope: RunScope, work: () => T): T => storage.run(scope, work)
/** For what outlives the run in which it happens to begin. */
export const withoutScope = <T>(work: () => T): T => storage.exit(work)
