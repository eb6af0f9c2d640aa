// Asks again and again where streams do not come through: a proxy that gathers an answer until it ends, or a `fetch` without a body to read.
// It is the same feed from the same cursors, so that nothing is lost in a change from one way to the other.
import { ConnectionError, InvalidRequestError, RunfeedError } from '../protocol/errors.ts'
import type { Frame } from '../protocol/frame.ts'
import { HEARTBEAT_MS } from '../protocol/limits.ts'
import type { Want } from '../protocol/want.ts'
import type { Frames } from './attempt.ts'
import type { Environment } from './environment.ts'
import { Positions } from './positions.ts'
import type { RunTransport, TransportLayer } from './run-transport.ts'

export interface PollOptions {
  /** Ms from the end of one answer to the next request. @defaultValue 2000 */
  readonly interval?: number | undefined
  /** Ms in which a stream must bring its first frame. Under 5000, when a connection without any is given up. @defaultValue 4000 */
  readonly patience?: number | undefined
  /** Ms after which a stream is tried again. @defaultValue 60000 */
  readonly retryStream?: number | undefined
}

/** Less than the time that an attempt at a connection has. */
const MAX_PATIENCE_MS = 5_000
/** How many heartbeats a stream may be silent before its first one: fewer than those after which a connection counts as dead. */
const SILENT_BEATS = 2.5

type Times = Required<{ readonly [K in keyof PollOptions]: number }>

/** What one connection is read from just now. */
interface Reading {
  frames: Frames | undefined
  /** A part of a frame came, and whoever watches from above has not been told. */
  hadPart: boolean
}

function hasNewPart(reading: Reading): boolean {
  const isNew = reading.frames?.hasPart?.() === true
  reading.hadPart ||= isNew
  return isNew
}

/** A stream that does not come through, and whether another one might. */
class Swallowed {
  readonly reason: string
  readonly isForGood: boolean
  constructor(reason: string, isForGood = false) {
    this.reason = reason
    this.isForGood = isForGood
  }
}

/**
 * `createRunClient({ baseUrl, poll: poll() })`: which way is in use, and why, is in `client.connection`.
 * @throws InvalidRequestError for a time that cannot be meant.
 */
export function poll({ interval = 2_000, patience = 4_000, retryStream = 60_000 }: PollOptions = {}): TransportLayer {
  for (const [name, ms] of Object.entries({ interval, patience, retryStream }))
    if (!(ms > 0)) throw new InvalidRequestError(`poll: ${name} must be ms, more than 0`, { name })
  if (patience >= MAX_PATIENCE_MS) throw new InvalidRequestError(`poll: patience must be less than ${MAX_PATIENCE_MS} ms`, { name: 'patience' })
  return (below, environment) => new Polling(below, environment, { interval, patience, retryStream })
}

class Polling implements RunTransport {
  readonly #below: RunTransport
  readonly #environment: Environment
  readonly #options: Times
  /** Why it does not stream. */
  #reason: string | undefined
  #streamAt = 0
  /** What was swallowed, until a poll has been answered: an attempt may be over before that, and the next one begins with the poll. */
  #unanswered: Swallowed | undefined

  constructor(below: RunTransport, environment: Environment, options: Times) {
    this.#below = below
    this.#environment = environment
    this.#options = options
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

  stream(wants: readonly Want[], signal: AbortSignal): Frames {
    const reading: Reading = { frames: undefined, hadPart: false }
    // a large frame on a slow line is no silence, whichever way it comes
    const told = (): boolean => {
      const had = hasNewPart(reading) || reading.hadPart
      reading.hadPart = false
      return had
    }
    const leftAt = (): number => reading.frames?.leftAt?.() ?? Number.NEGATIVE_INFINITY
    return Object.assign(this.#frames(new Positions(wants), signal, reading), { hasPart: told, leftAt })
  }

  async *#frames(positions: Positions, signal: AbortSignal, reading: Reading): AsyncGenerator<Frame, void, undefined> {
    let swallowed = this.#unanswered
    this.#unanswered = undefined
    while (!signal.aborted) {
      if (!swallowed && (this.#reason === undefined || this.#environment.now() >= this.#streamAt)) {
        swallowed = yield* this.#stream(positions, signal, reading)
        if (!swallowed) return
        this.#unanswered = swallowed
        continue
      }
      yield* this.#ask(positions, signal, reading, swallowed)
      swallowed = undefined
      if (positions.wants.length === 0) return
      await this.#wait(this.#options.interval, signal)
    }
  }

  /** One answer with all that there is now. That it came shows that the way is open, and only the stream is not. */
  async *#ask(positions: Positions, signal: AbortSignal, reading: Reading, swallowed: Swallowed | undefined): AsyncGenerator<Frame, void, undefined> {
    let isEmpty = true
    try {
      reading.frames = this.#below.stream(positions.wants, signal, true)
      for await (const frame of reading.frames) {
        isEmpty = false
        if (swallowed) {
          this.#reason = swallowed.reason
          this.#streamAt = swallowed.isForGood ? Number.POSITIVE_INFINITY : this.#environment.now() + this.#options.retryStream
        }
        positions.see(frame)
        yield this.#paced(frame)
      }
    } finally {
      // a failure says that nobody is there: then it was not the stream
      if (!isEmpty || !signal.aborted) this.#unanswered = undefined
    }
    if (isEmpty && !signal.aborted) throw new ConnectionError('an answer to a poll was empty')
  }

  /** Between two answers nothing comes, which is not silence. */
  #paced(frame: Frame): Frame {
    if (frame.event !== 'open' || frame.data.heartbeat >= this.#options.interval) return frame
    return { event: 'open', data: { ...frame.data, heartbeat: this.#options.interval } }
  }

  /** @returns why nothing comes through; `undefined` when the stream ended as streams do. */
  async *#stream(positions: Positions, signal: AbortSignal, reading: Reading): AsyncGenerator<Frame, Swallowed | undefined, undefined> {
    const controller = new AbortController()
    const abort = (): void => controller.abort()
    signal.addEventListener('abort', abort)
    reading.frames = this.#below.stream(positions.wants, controller.signal)
    const frames = reading.frames[Symbol.asyncIterator]()
    let limit = this.#options.patience
    let isProven = false
    let isOpen = false
    try {
      for (;;) {
        // before the first frame parts are none, as for an attempt
        const comingAt = (): number => (isOpen && hasNewPart(reading) ? this.#environment.now() : (reading.frames?.leftAt?.() ?? 0))
        const next = isProven ? await frames.next() : await this.#within(limit, frames.next(), comingAt)
        if (next === undefined) return new Swallowed(`nothing came through a stream for ${limit} ms`)
        if (next.done) return undefined
        const frame = next.value
        // what comes by itself, and not in answer to the request, shows that nobody gathers it
        if (frame.event === 'ping') isProven = true
        if (frame.event === 'open') limit = (frame.data.heartbeat || HEARTBEAT_MS) * SILENT_BEATS
        isOpen = true
        this.#reason = undefined
        positions.see(frame)
        yield frame
      }
    } catch (thrown) {
      // its message says to poll
      if (thrown instanceof RunfeedError && thrown.type === 'no_body_stream') return new Swallowed('this fetch streams no body', true)
      throw thrown
    } finally {
      signal.removeEventListener('abort', abort)
      abort()
      // it may still be waiting for what never comes
      void Promise.resolve(frames.return?.()).catch(() => {})
    }
  }

  /** @param comingAt - when it was seen to be on its way, or was asked for: it has the time from then on. */
  async #within<T>(ms: number, promise: Promise<T>, comingAt: () => number): Promise<T | undefined> {
    let cancel = (): void => {}
    const late = new Promise<undefined>((resolve) => {
      const wait = (left: number): void => {
        cancel = this.#environment.setTimer(() => {
          const more = comingAt() + ms - this.#environment.now()
          if (more > 0) wait(Math.min(more, ms))
          else resolve(undefined)
        }, left)
      }
      wait(ms)
    })
    // the one that comes second is nobody's any more
    promise.catch(() => {})
    return await Promise.race([promise, late]).finally(() => cancel())
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
