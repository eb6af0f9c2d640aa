// One logical connection: opens, watches, reopens, replaces. It knows wants and frames by name only; what they mean is its host's.
import type { RunfeedError } from '../protocol/errors.ts'
import type { Frame } from '../protocol/frame.ts'
import { Attempt, type Session } from './attempt.ts'
import { Backoff, retryAfterOf } from './backoff.ts'
import type { ConnectionSnapshot, ConnectionStatus } from './connection-status.ts'
import type { Environment } from './environment.ts'
import type { RunTransport } from './run-transport.ts'
import { type ConnectionEvent, transition } from './transitions.ts'

export interface ConnectionHost {
  /** Asked when an attempt begins, so that it asks for what is wanted by then; `undefined` when nothing is. */
  open(): Session | undefined
  changed(snapshot: ConnectionSnapshot): void
  /** The server will not have it. `kept` is the session that goes on, where only its replacement was refused. */
  refused(error: RunfeedError, kept: Session | undefined): void
}

/** Additions reopen the connection at most this often. */
const REOPEN_MS = 250
/** A first frame comes at once; without one in this time the attempt is given up. A replacement holds one of an origin's six connections. */
const OPEN_MS = 15_000
const REPLACE_MS = 5_000
/** An answer to a call says that the server is there, but calls may be many while the feed alone is broken. */
const ANSWER_MS = 2_000
/** A `bye` may not keep us away for longer. */
const MAX_BYE_MS = 30_000

export class Connection {
  readonly #transport: RunTransport
  readonly #environment: Environment
  readonly #host: ConnectionHost
  readonly #backoff: Backoff
  readonly #pauses = new Set<string>()
  #status: ConnectionStatus = 'idle'
  #error: RunfeedError | undefined
  #current: Attempt | undefined
  /** Opens beside the current one and takes its place with its first frame. Never more than one. */
  #spare: Attempt | undefined
  #replaceAgain = false
  #startedAt = Number.NEGATIVE_INFINITY
  #notBefore = 0
  #answeredAt = Number.NEGATIVE_INFINITY
  /** The one thing that is waited for: a retry, or a replacement. */
  #cancelPlan: (() => void) | undefined
  #stopWake: (() => void) | undefined

  constructor(transport: RunTransport, environment: Environment, host: ConnectionHost) {
    this.#transport = transport
    this.#environment = environment
    this.#host = host
    this.#backoff = new Backoff(environment)
  }

  /** Something is wanted that the connection does not bring. */
  refresh(): void {
    this.#go('want')
    if (this.#pauses.size > 0) this.#go('pause')
    if (this.#status === 'closed' || this.#status === 'paused') return
    this.#stopWake ??= this.#environment.onWake(() => this.#wake())
    if (this.#current) this.#replace()
    // what is said in this turn of the event loop goes out as one request
    else if (!this.#cancelPlan) this.#plan(0, () => this.#start())
  }

  /** The server answered something else: there is no reason to wait for it any longer. */
  answered(): void {
    const now = this.#environment.now()
    if (this.#status !== 'reconnecting' || now - this.#answeredAt < ANSWER_MS) return
    this.#answeredAt = now
    this.#wake()
  }

  /** Nothing is wanted any more. */
  stop(): void {
    this.#halt()
    this.#go('unwant')
  }

  close(): void {
    this.#halt()
    this.#go('close')
  }

  /** Holds the connection back until every reason is gone. */
  pause(reason: string): void {
    this.#pauses.add(reason)
    if (this.#status === 'connecting' || this.#status === 'open' || this.#status === 'reconnecting') this.#halt()
    this.#go('pause')
  }
  resume(reason: string): void {
    if (!this.#pauses.delete(reason) || this.#pauses.size > 0 || this.#status !== 'paused') return
    this.#go('resume')
    this.refresh()
  }

  #go(event: ConnectionEvent, error?: RunfeedError): void {
    const status = transition(this.#status, event)
    if (status !== 'reconnecting' && status !== 'failed') this.#error = undefined
    if (error) this.#error = error
    else if (status === this.#status) return
    this.#status = status
    this.#host.changed({ status, error: this.#error })
  }

  #halt(): void {
    this.#cancelPlan?.()
    this.#cancelPlan = undefined
    this.#stopWake?.()
    this.#stopWake = undefined
    this.#replaceAgain = false
    this.#current?.end()
    this.#spare?.end()
    this.#current = this.#spare = undefined
  }

  #plan(ms: number, task: () => void): void {
    this.#cancelPlan?.()
    let given = false
    const run = (): void => {
      if (given) return
      this.#cancelPlan = undefined
      task()
    }
    const cancelTimer = ms > 0 ? this.#environment.setTimer(run, ms) : queueMicrotask(run)
    this.#cancelPlan = () => {
      given = true
      cancelTimer?.()
    }
  }

  #start(): void {
    this.#notBefore = 0
    this.#current = this.#attempt(OPEN_MS)
    if (!this.#current) this.stop()
  }

  #replace(wait = 0): void {
    if (this.#spare) {
      this.#replaceAgain = true
      return
    }
    const gate = this.#startedAt + REOPEN_MS - this.#environment.now()
    this.#plan(Math.max(wait, gate), () => {
      this.#spare = this.#attempt(REPLACE_MS)
      if (!this.#spare) this.stop()
    })
  }

  #attempt(openWithin: number): Attempt | undefined {
    const session = this.#host.open()
    if (!session) return undefined
    const attempt = new Attempt(session, this.#environment, {
      opened: (from) => this.#opened(from),
      received: (from, frame) => this.#received(from, frame),
      failed: (from, error) => this.#failed(from, error),
      done: (from) => this.#done(from),
    })
    this.#startedAt = attempt.lastFrameAt
    attempt.start(this.#transport, openWithin)
    return attempt
  }

  #received(attempt: Attempt, frame: Frame): void {
    if (frame.event !== 'bye') return
    const wait = Math.min(Math.max(0, Number(frame.data.reconnectAfter) || 0), MAX_BYE_MS)
    attempt.returnAt = attempt.lastFrameAt + wait
    this.#replace(wait)
  }

  #opened(attempt: Attempt): void {
    if (attempt === this.#spare) {
      // before its frame is applied: from here on nothing of the old one is
      this.#current?.end()
      this.#current = attempt
      this.#spare = undefined
    }
    this.#go('opened')
    if (!this.#replaceAgain) return
    this.#replaceAgain = false
    this.#replace()
  }

  #failed(attempt: Attempt, error: RunfeedError): void {
    const isSpare = attempt === this.#spare
    if (isSpare) this.#spare = undefined
    else {
      this.#current = this.#spare
      this.#spare = undefined
    }
    if (!error.retryable) return this.#refused(error, isSpare ? this.#current : undefined)
    const away = attempt.returnAt - this.#environment.now()
    const wait = away > 0 ? away : this.#backoff.next(error, attempt.openedAt)
    if (isSpare && this.#current) return this.#replace(wait)
    this.#go('lost', error)
    // a replacement that was under way is the connection now
    if (this.#current) return
    this.#notBefore = retryAfterOf(error) || away > 0 ? this.#environment.now() + wait : 0
    this.#plan(wait, () => this.#start())
  }

  /** Nothing broke: what was wanted since is asked for without a wait. */
  #done(attempt: Attempt): void {
    if (attempt === this.#current) {
      this.#current = this.#spare
      this.#spare = undefined
    } else this.#spare = undefined
    // a replacement that was under way asks for it
    if (this.#current) return
    this.#plan(this.#startedAt + REOPEN_MS - this.#environment.now(), () => this.#start())
  }

  #refused(error: RunfeedError, kept: Attempt | undefined): void {
    if (!kept) {
      this.#halt()
      this.#go('refused', error)
    }
    this.#host.refused(error, kept?.session)
  }

  #wake(): void {
    const now = this.#environment.now()
    if (!this.#current) {
      if (this.#cancelPlan && this.#notBefore <= now) this.#plan(0, () => this.#start())
    } else if (this.#current.openedAt !== undefined && now - this.#current.lastFrameAt > this.#current.heartbeat) this.#replace()
  }
}
