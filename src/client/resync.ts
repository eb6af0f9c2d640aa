// Asking anew for what did not fit: a run by a GET while its frames wait, a stream by a connection that begins where its good chunks end.
import { ProtocolError, type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import { topicOf } from '../protocol/want.ts'
import type { Broken, Fold } from '../store/fold.ts'
import { Backoff } from '../transport/backoff.ts'
import type { Environment } from '../transport/environment.ts'

/** So many in a minute are an error: the server and we disagree about something that asking again does not mend. */
const MAX_RESYNCS = 3
const WINDOW_MS = 60_000

export interface ResyncHost {
  /** Reads a run with the token that it is wanted with. */
  read(run: string): Promise<Run>
  readonly environment: Environment
  fail(topic: string, error: RunfeedError): void
  /** Opens a connection that asks for it anew. */
  reopen(): void
}

export class Resync {
  readonly #host: ResyncHost
  readonly #times = new Map<string, number[]>()
  /** Of reads that nobody answered. */
  readonly #backoff: Backoff
  #readAt: number | undefined

  constructor(host: ResyncHost) {
    this.#host = host
    this.#backoff = new Backoff(host.environment)
  }

  /** @param isMistake - whether it counts towards giving up. What was left out for its size is none. */
  ask(fold: Fold, broken: Broken, isMistake: boolean = broken.omitted === undefined): void {
    const topic = topicOf(broken)
    if (isMistake && this.#isOneTooMany(topic)) {
      const error = new ProtocolError(`${topic} did not fit ${MAX_RESYNCS} times in a minute; subscribe again`)
      for (const failed of fold.giveUp(broken.run, topic)) this.#host.fail(failed, error)
    } else if (broken.stream === undefined) fold.reads = Promise.all([fold.reads, this.#read(fold, broken, topic)])
    else this.#reopen(fold, topic)
  }

  /** When nothing of this connection waits for an answer. */
  async settled(fold: Fold): Promise<void> {
    let reads: Promise<unknown> | undefined
    // what was read may have shown something else to read
    while (reads !== (reads = fold.reads)) await reads
  }

  #isOneTooMany(topic: string): boolean {
    const now = this.#host.environment.now()
    const times = [...(this.#times.get(topic) ?? []).filter((time) => time > now - WINDOW_MS), now]
    const isTooMany = times.length >= MAX_RESYNCS
    if (isTooMany) this.#times.delete(topic)
    else this.#times.set(topic, times)
    return isTooMany
  }

  async #read(fold: Fold, broken: Broken, topic: string): Promise<void> {
    const { environment } = this.#host
    try {
      const run = await this.#host.read(broken.run)
      this.#readAt = environment.now()
      const next = fold.resync(run)
      // an answer from before what was left out is a mistake as any other
      if (next) this.ask(fold, next, next.omitted === undefined || next.omitted === broken.omitted)
    } catch (thrown) {
      // nothing waits any more
      if (fold.isOver || !fold.isWaiting(broken.run)) return
      const error = toRunfeedError(thrown)
      if (!error.retryable) {
        this.#host.fail(topic, error)
        // who may not read all of it may still have it in a list: there it goes on without what is left out, or comes anew
        if (broken.omitted !== undefined) fold.drop(topic)
        else if (fold.isListed(broken.run)) this.#reopen(fold, topic)
        else fold.forget(topic)
        return
      }
      if (broken.omitted === undefined) return this.#reopen(fold, topic)
      const wait = this.#backoff.next(error, this.#readAt)
      this.#readAt = undefined
      await new Promise<void>((resolve) => environment.setTimer(resolve, wait))
      if (!fold.isOver && fold.isWaiting(broken.run)) await this.#read(fold, broken, topic)
    }
  }

  #reopen(fold: Fold, topic: string): void {
    fold.forget(topic)
    this.#host.reopen()
  }
}
