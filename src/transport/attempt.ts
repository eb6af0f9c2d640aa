// One attempt at a connection: one call of the transport, read until it ends, breaks, or says nothing for too long.
import { ConnectionError, ProtocolError, RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Frame } from '../protocol/frame.ts'
import { HEARTBEAT_MS } from '../protocol/limits.ts'
import type { Want } from '../protocol/want.ts'
import type { Environment } from './environment.ts'
import type { FrameReader } from './read-frames.ts'
import type { RunTransport } from './run-transport.ts'

/** What one attempt asks for, and who takes its frames. */
export interface Session {
  readonly wants: readonly Want[]
  receive(frame: Frame): void
  /** Whether everything that it asked for has ended, as frames said. It may wait for what frames left out. */
  isDone(): boolean | Promise<boolean>
  /** No frame comes any more, and another connection may be the one that counts. */
  ended(): void
}

export interface AttemptHost {
  /** Its first frame came; called before the session is given it. */
  opened(attempt: Attempt): void
  /** Before each frame is given to the session. */
  received(attempt: Attempt, frame: Frame): void
  /** It is over, and was not ended by us. Called once. */
  failed(attempt: Attempt, error: RunfeedError): void
  /** The server ended it, when it had nothing more to tell. Called once, instead of `failed`. */
  done(attempt: Attempt): void
}

/** What a transport may give beside an iterable: see `FrameReader`. */
export interface Frames extends AsyncIterable<Frame>, Partial<Pick<FrameReader, 'more' | 'hasPart'>> {
  /** When its request left; now, while it waits for its token: that has a limit of its own, and says more. */
  leftAt?: (() => number) | undefined
}

/** A timer of a page or process that stood still fires before what has arrived meanwhile is read: so many ms later it looks again. */
const SECOND_LOOK_MS = 20

export class Attempt {
  readonly session: Session
  /** When its first frame came. */
  openedAt: number | undefined
  lastFrameAt: number
  /** What the server says in its `open` frame. */
  heartbeat: number = HEARTBEAT_MS
  /** The node drains, and asked us to stay away until then. */
  returnAt = 0
  /** Over how many ms the server's clients come back when it is lost. */
  spread = 0
  readonly #environment: Environment
  readonly #host: AttemptHost
  readonly #controller = new AbortController()
  #stopWatch: () => void = () => {}
  #frames: Frames | undefined

  constructor(session: Session, environment: Environment, host: AttemptHost) {
    this.session = session
    this.#environment = environment
    this.#host = host
    this.lastFrameAt = environment.now()
  }

  /** @param openWithin - ms for the first frame. */
  start(transport: RunTransport, openWithin: number): void {
    this.#watch(openWithin)
    void this.#read(transport)
  }

  end(): void {
    this.#stopWatch()
    this.#controller.abort()
    this.session.ended()
  }

  async #read(transport: RunTransport): Promise<void> {
    const { signal } = this.#controller
    try {
      const frames: Frames = transport.stream(this.session.wants, signal)
      this.#frames = frames
      for await (const first of frames) {
        for (let frame: Frame | undefined = first; frame; frame = frames.more?.()) {
          if (!signal.aborted) this.#receive(frame)
          if (signal.aborted) return
        }
      }
      const isDone = await this.session.isDone()
      if (signal.aborted) return
      if (isDone) {
        this.end()
        return this.#host.done(this)
      }
      // a proxy may end any body cleanly: only frames end anything
      throw new ConnectionError('the connection ended early')
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #receive(frame: Frame): void {
    this.lastFrameAt = this.#environment.now()
    const isFirst = this.openedAt === undefined
    this.openedAt ??= this.lastFrameAt
    if (frame.event === 'open' && frame.data.heartbeat > 0) this.heartbeat = frame.data.heartbeat
    if (frame.event === 'open' || frame.event === 'ping') this.spread = Number(frame.data.spread ?? 0)
    if (isFirst || frame.event === 'open') this.#watch(this.heartbeat * 3)
    if (isFirst) this.#host.opened(this)
    this.#host.received(this, frame)
    try {
      this.session.receive(frame)
    } catch (thrown) {
      if (thrown instanceof RunfeedError) throw thrown
      const error = new ProtocolError(`a ${frame.event} frame: ${String(thrown)}`)
      error.cause = thrown
      throw error
    }
  }

  /**
   * Gives up when nothing came for `limit` ms; before the first frame, since the request left, and after it, parts of a large one on a slow line are
   * something.
   * It looks at the clock now and then: a timer per frame would cost more than the frame.
   */
  #watch(limit: number, from: number = this.lastFrameAt, isSecondLook: boolean = false): void {
    this.#stopWatch()
    const now = this.#environment.now()
    // a clock may be set back
    this.lastFrameAt = Math.min(now, this.lastFrameAt)
    const leftAt = this.openedAt === undefined ? this.#frames?.leftAt?.() : undefined
    const last = Math.max(Math.min(now, Math.max(from, leftAt ?? from)), this.lastFrameAt)
    const again = (ms: number, since: number, isSecond?: boolean): void => {
      this.#stopWatch = this.#environment.setTimer(() => this.#watch(limit, since, isSecond), ms)
    }
    if (last + limit > now) again(last + limit - now, last)
    else if (this.openedAt !== undefined && !isSecondLook) again(SECOND_LOOK_MS, last, true)
    else if (this.openedAt !== undefined && this.#frames?.hasPart?.()) again(limit, now)
    else this.#fail(new ConnectionError(`nothing came for ${limit} ms`))
  }

  #fail(thrown: unknown): void {
    if (this.#controller.signal.aborted) return
    this.end()
    // what a transport throws beside our errors is the network's, as far as anybody can tell
    const error = thrown instanceof RunfeedError ? thrown : new ConnectionError(toRunfeedError(thrown).message, thrown)
    this.#host.failed(this, error)
  }
}
