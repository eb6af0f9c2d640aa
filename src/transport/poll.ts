// Asks again and again where streams do not come through: a proxy that gathers an answer until it ends, or a `fetch` without a body to read.
// It is the same feed from the same cursors, so that nothing is lost in a change from one way to the other.
import { ConnectionError, RunfeedError } from '../protocol/errors.ts'
import type { Frame } from '../protocol/frame.ts'
import { HEARTBEAT_MS } from '../protocol/limits.ts'
import type { Want } from '../protocol/want.ts'
import type { Environment } from './environment.ts'
import { Positions } from './positions.ts'
import type { RunTransport, TransportLayer } from './run-transport.ts'

export interface PollOptions {
  /** Ms from the end of one answer to the next request. @defaultValue 2000 */
  readonly interval?: number | undefined
  /** Ms in which a stream must bring its first frame. @defaultValue 4000 */
  readonly patience?: number | undefined
  /** Ms after which a stream is tried again. @defaultValue 60000 */
  readonly retryStream?: number | undefined
}

/** How many heartbeats a stream may be silent before its first one: fewer than those after which a connection counts as dead. */
const SILENT_BEATS = 2.5

/** A stream that does not come through, and whether another one might. */
class Swallowed {
  readonly reason: string
  readonly isForGood: boolean
  constructor(reason: string, isForGood = false) {
    this.reason = reason
    this.isForGood = isForGood
  }
}

/** `createRunClient({ baseUrl, poll: poll() })`: which way is in use, and why, is in `client.connection`. */
export const poll =
  (options: PollOptions = {}): TransportLayer =>
  (below, environment) =>
    new Polling(below, environment, options)

class Polling implements RunTransport {
  readonly #below: RunTransport
  readonly #environment: Environment
  readonly #options: Required<{ [K in keyof PollOptions]: number }>
  /** Why it does not stream. */
  #reason: string | undefined
  #streamAt = 0

  constructor(below: RunTransport, environment: Environment, { interval = 2_000, patience = 4_000, retryStream = 60_000 }: PollOptions) {
    this.#below = below
    this.#environment = environment
    this.#options = { interval, patience, retryStream }
  }

  get origin(): string | undefined {
    return this.#below.origin
  }
  get token(): RunTransport['token'] {
    return this.#below.token
  }
  get isRenewable(): RunTransport['isRenewable'] {
    return this.#below.isRenewable
  }
  request: RunTransport['request'] = (...call) => this.#below.request(...call)
  via = (): { transport: 'stream' | 'poll'; reason?: string } =>
    this.#reason === undefined ? { transport: 'stream' } : { transport: 'poll', reason: this.#reason }

  async *stream(wants: readonly Want[], signal: AbortSignal): AsyncGenerator<Frame, void, undefined> {
    const positions = new Positions(wants)
    let swallowed: Swallowed | undefined
    while (!signal.aborted) {
      if (!swallowed && (this.#reason === undefined || this.#environment.now() >= this.#streamAt)) {
        swallowed = yield* this.#stream(positions, signal)
        if (!swallowed) return
        continue
      }
      yield* this.#ask(positions, signal, swallowed)
      swallowed = undefined
      if (positions.wants.length === 0) return
      await this.#wait(this.#options.interval, signal)
    }
  }

  /** One answer with all that there is now. That it came shows that the way is open, and only the stream is not. */
  async *#ask(positions: Positions, signal: AbortSignal, swallowed: Swallowed | undefined): AsyncGenerator<Frame, void, undefined> {
    let isEmpty = true
    for await (const frame of this.#below.stream(positions.wants, signal, true)) {
      isEmpty = false
      if (swallowed) {
        this.#reason = swallowed.reason
        this.#streamAt = swallowed.isForGood ? Number.POSITIVE_INFINITY : this.#environment.now() + this.#options.retryStream
      }
      positions.see(frame)
      yield frame
    }
    if (isEmpty && !signal.aborted) throw new ConnectionError('an answer to a poll was empty')
  }

  /** @returns why nothing comes through; `undefined` when the stream ended as streams do. */
  async *#stream(positions: Positions, signal: AbortSignal): AsyncGenerator<Frame, Swallowed | undefined, undefined> {
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    signal.addEventListener('abort', abort)
    const frames = this.#below.stream(positions.wants, controller.signal)[Symbol.asyncIterator]()
    let limit = this.#options.patience
    let isProven = false
    try {
      for (;;) {
        const next = isProven ? await frames.next() : await this.#within(limit, frames.next())
        if (next === undefined) return new Swallowed(`nothing came through a stream for ${limit} ms`)
        if (next.done) return undefined
        const frame = next.value
        // what comes by itself, and not in answer to the request, shows that nobody gathers it
        if (frame.event === 'ping') isProven = true
        if (frame.event === 'open') limit = (frame.data.heartbeat || HEARTBEAT_MS) * SILENT_BEATS
        this.#reason = undefined
        positions.see(frame)
        yield frame
      }
    } catch (thrown) {
      if (thrown instanceof RunfeedError && thrown.type === 'no_body_stream') return new Swallowed(thrown.message, true)
      throw thrown
    } finally {
      signal.removeEventListener('abort', abort)
      abort()
      // it may still be waiting for what never comes
      void Promise.resolve(frames.return?.()).catch(() => {})
    }
  }

  async #within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    let cancel = (): void => {}
    const late = new Promise<undefined>((resolve) => {
      cancel = this.#environment.setTimer(() => resolve(undefined), ms)
    })
    // the one that comes second is nobody's any more
    promise.catch(() => {})
    return await Promise.race([promise, late]).finally(cancel)
  }

  async #wait(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#environment.setTimer(done, ms)
      function done(): void {
        cancel()
        signal.removeEventListener('abort', done)
        resolve()
      }
      signal.addEventListener('abort', done)
    })
  }
}
