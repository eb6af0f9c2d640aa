// Asking anew for what did not fit: a run by a GET while its frames wait, a stream by a connection that begins where its good chunks end.
import { ProtocolError, type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import { topicOf } from '../protocol/want.ts'
import type { Broken, Fold } from '../store/fold.ts'
import type { Environment } from '../transport/environment.ts'
import type { RunTransport } from '../transport/run-transport.ts'
import { runPath } from './rest.ts'

/** So many in a minute are an error: the server and we disagree about something that asking again does not mend. */
const MAX_RESYNCS = 3
const WINDOW_MS = 60_000

export interface ResyncHost {
  readonly transport: RunTransport
  readonly environment: Environment
  /** A want with a token of its own cannot be read by a call, which has the client's. */
  hasToken(topic: string): boolean
  fail(topic: string, error: RunfeedError): void
  /** Opens a connection that asks for it anew. */
  reopen(): void
}

export class Resync {
  readonly #host: ResyncHost
  readonly #times = new Map<string, number[]>()

  constructor(host: ResyncHost) {
    this.#host = host
  }

  ask(fold: Fold, broken: Broken): void {
    const topic = topicOf(broken)
    const now = this.#host.environment.now()
    const times = (this.#times.get(topic) ?? []).filter((time) => time > now - WINDOW_MS)
    this.#times.set(topic, [...times, now])
    if (times.length + 1 >= MAX_RESYNCS) {
      this.#times.delete(topic)
      fold.drop(topic)
      this.#host.fail(topic, new ProtocolError(`${topic} did not fit what came before it, ${MAX_RESYNCS} times in a minute; subscribe again to begin anew`))
    } else if (broken.stream === undefined && !this.#host.hasToken(topic)) void this.#read(fold, broken, topic)
    else this.#reopen(fold, topic)
  }

  async #read(fold: Fold, { run: id }: Broken, topic: string): Promise<void> {
    try {
      const run = (await this.#host.transport.request('GET', runPath(id))) as unknown as Run
      const broken = fold.resync(run)
      if (broken) this.ask(fold, broken)
    } catch (thrown) {
      // the connection that waited may be gone, and then nothing waits any more
      if (!fold.covers(topic)) return
      const error = toRunfeedError(thrown)
      if (error.retryable) return this.#reopen(fold, topic)
      fold.drop(topic)
      this.#host.fail(topic, error)
    }
  }

  #reopen(fold: Fold, topic: string): void {
    fold.drop(topic)
    this.#host.reopen()
  }
}
