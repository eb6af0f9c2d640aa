// What one run says to one run (itself, its parent, its root): gathered, sent in order, one commit in flight, each known by its sequence
// number so that a retry is not applied twice. What is said in one synchronous stretch of code is never split over two versions.
import { NotFoundError, type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { JsonObject } from '../protocol/json.ts'
import { FLUSH_INTERVAL_MS } from '../protocol/limits.ts'
import type { Operation } from '../protocol/operation.ts'
import { parseKey } from '../protocol/path.ts'
import { newWriterId } from '../protocol/run.ts'
import { LocalView } from './local-view.ts'
import { PendingOperations } from './pending-operations.ts'
import { refusalOf } from './refusal.ts'
import { retrying } from './retrying.ts'
import type { RunScope } from './run-scope.ts'

export class UpdateQueue {
  readonly target: string
  readonly #scope: RunScope
  #writer = newWriterId()
  readonly #view: LocalView | undefined
  readonly #pending = new PendingOperations()
  #inFlight: readonly Operation[] = []
  #sequence = 0
  #sending: Promise<void> | undefined
  #timer: (() => void) | undefined
  #quietUntil = 0
  // counts of operations: a flush waits until what was said before it is settled
  #said = 0
  #settled = 0
  #failure: RunfeedError | undefined

  constructor(scope: RunScope, target: string) {
    this.target = target
    this.#scope = scope
    if (target === scope.run.id) this.#view = new LocalView(scope.run, scope.host.metadataLimit, () => [...this.#inFlight, ...this.#pending.list])
  }

  /** The run's own document, as it sees it; `undefined` for another run's. */
  get document(): JsonObject | undefined {
    return this.#view?.document
  }

  /**
   * Queues an operation. An own one is checked against the document now, another run's by its engine.
   * @throws InvalidOperationError, MetadataTooLargeError
   */
  say(operation: Operation): void {
    const effect = this.#view?.say(operation)
    if (!effect && operation.op !== 'replace') parseKey(operation.key)
    this.#pending.push(operation, effect)
    this.#said++
    this.#schedule()
  }

  /**
   * Resolves when everything said before it is durable, also when a flush is under way.
   * @throws what the record refused since the last flush, once.
   */
  async flush(): Promise<void> {
    await this.settle()
    const failure = this.#failure
    this.#failure = undefined
    if (failure) throw failure
  }

  /**
   * Reads the record anew; what is not yet acknowledged stays on top.
   * @throws NotFoundError; ConnectionError when the record could not be read.
   */
  async refresh(): Promise<void> {
    const view = this.#view
    if (!view) return
    // it takes the place of a commit: a record that already has what is in flight would have it twice in the view
    while (this.#sending) await this.#sending
    const reading = this.#read(view)
    this.#sending = reading.catch(() => {}).finally(() => this.#sent())
    await reading
  }
  async #read(view: LocalView): Promise<void> {
    const { backend } = this.#scope.host
    const stored = await retrying(async () => await backend.record.read(this.target), backend.patience)
    if (!stored) throw new NotFoundError(this.target)
    view.refresh(stored.run)
  }

  /** Resolves when everything said before it has been answered, whatever the answer was. */
  async settle(): Promise<void> {
    const upTo = this.#said
    while (this.#settled < upTo) await (this.#sending ?? this.#send())
  }

  /** What is left when the run ends: it travels in the last commit. Nothing is in flight afterwards. */
  async takeRest(): Promise<{ readonly operations: readonly Operation[]; readonly writer: { readonly id: string; readonly sequence: number } }> {
    while (this.#sending) await this.#sending
    this.#unschedule()
    const operations = this.#pending.take()
    if (this.#pending.list.length > 0) {
      await this.#send(operations)
      return await this.takeRest()
    }
    this.#settled = this.#said
    const writer = { id: this.#writer, sequence: ++this.#sequence }
    // a task that does not listen goes on talking: what overtakes the last commit may not take its number away
    this.#writer = newWriterId()
    this.#sequence = 0
    return { operations, writer }
  }

  #schedule(): void {
    if (this.#timer || this.#sending) return
    const wait = this.#quietUntil - performance.now()
    const go = (): void => {
      this.#timer = undefined
      void this.#send()
    }
    if (wait > 0) {
      const timer = setTimeout(go, wait)
      this.#timer = () => clearTimeout(timer)
    } else {
      const immediate = setImmediate(go)
      this.#timer = () => clearImmediate(immediate)
    }
  }
  #unschedule(): void {
    this.#timer?.()
    this.#timer = undefined
  }

  #send(operations?: readonly Operation[]): Promise<void> {
    this.#unschedule()
    return (this.#sending ??= this.#commit(operations).finally(() => {
      this.#quietUntil = performance.now() + FLUSH_INTERVAL_MS
      this.#sent()
    }))
  }
  #sent(): void {
    this.#sending = undefined
    if (this.#pending.list.length > 0) this.#schedule()
  }

  async #commit(operations?: readonly Operation[]): Promise<void> {
    // before it is taken
    const { sums } = this.#pending
    this.#inFlight = operations ?? this.#pending.take()
    // what is left of more than one request holds is not settled yet
    const said = this.#pending.list.length > 0 ? this.#settled : this.#said
    const sequence = ++this.#sequence
    const { run, host } = this.#scope
    try {
      // the same sequence number each time: the record knows whether it had it
      const answer = await retrying(
        async () =>
          await host.backend.record.commit({
            run: this.target,
            operations: this.#inFlight,
            writer: { id: this.#writer, sequence },
            ...(this.#view ? { attempt: run.attempt, base: this.#view.version } : { by: run.id }),
          }),
        host.backend.patience,
      )
      this.#inFlight = []
      this.#view?.acknowledge(answer, operations ? 'rounded' : sums)
      if (answer.refused.length > 0) this.#view?.rebuild()
      for (const { error } of answer.refused) this.#fail(refusalOf(error))
    } catch (thrown) {
      const error = toRunfeedError(thrown)
      this.#inFlight = []
      this.#view?.rebuild()
      if (this.#view && (error.type === 'stale_attempt' || error.type === 'run_ended')) this.#scope.abort(error)
      this.#fail(error)
    } finally {
      this.#settled = said
    }
  }

  #fail(error: RunfeedError): void {
    this.#scope.host.report(error)
    this.#failure ??= error
  }
}
