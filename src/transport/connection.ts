// One logical connection: opens, watches, reopens, replaces. It knows wants and frames by name only; what they mean is its host's.
import type { RunfeedError } from '../protocol/errors.ts'
import type { Frame } from '../protocol/frame.ts'
import { hasSame } from '../protocol/same.ts'
import { Attempt, type AttemptHost, type Session } from './attempt.ts'
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
/** A first frame comes at once. An attempt without one may hang behind an origin's other connections, of which HTTP/1.1 has six. */
const OPEN_MS = 5_000
/** An answer to a call says that the server is there, but calls may be many while the feed alone is broken. */
const ANSWER_MS = 2_000
/** Heartbeats are on a timer: the next one is this much later at most, unless the page or the network stood still. */
const LATE_BEAT = 1.25
/** A `bye` may not keep us away for longer. */
const MAX_BYE_MS = 30_000
/** Why a page that does not run has no connection. */
const ASLEEP = 'page asleep'

export const IDLE: ConnectionSnapshot = Object.freeze({ status: 'idle', error: undefined, transport: 'stream', reason: undefined })

/** Origins for which a replacement is opening beside a connection, whichever client it is of. */
const spares = new Set<string | undefined>()
/** Two bases of one origin share its connections, and a path is of the page's own. */
const originOf = (base: string): string => /^\w+:\/\/[^/]+/.exec(base)?.[0] ?? (globalThis as { location?: Location }).location?.origin ?? ''

export class Connection implements AttemptHost {
  readonly #transport: RunTransport
  readonly #environment: Environment
  readonly #host: ConnectionHost
  readonly #backoff: Backoff
  readonly #pauses = new Set<string>()
  #status: ConnectionStatus = 'idle'
  #error: RunfeedError | undefined
  now: ConnectionSnapshot = IDLE
  #current: Attempt | undefined
  /** Opens beside the current one and takes its place with its first frame. Never more than one. */
  #spare: Attempt | undefined
  #spareOrigin: string | undefined
  #replaceAgain = false
  #startedAt = Number.NEGATIVE_INFINITY
  #notBefore = 0
  #answeredAt = Number.NEGATIVE_INFINITY
  #heardAt = Number.POSITIVE_INFINITY
  /** When the connection that is open was last heard of after more than a beat of silence. */
  #silentUntil = Number.NEGATIVE_INFINITY
  /** The one thing that is waited for: a retry, or a replacement. */
  #cancelPlan: (() => void) | undefined
  #stopPage: (() => void) | undefined

  constructor(transport: RunTransport, environment: Environment, host: ConnectionHost) {
    this.#transport = transport
    this.#environment = environment
    this.#host = host
    this.#backoff = new Backoff(environment)
    transport.onVia?.(() => this.#tell())
  }

  /** Something is wanted that the connection does not bring. */
  refresh(): void {
    this.#go('want')
    if (this.#pauses.size > 0) this.#go('pause')
    if (this.#status === 'closed') return
    this.#stopPage ??= this.#followPage()
    if (this.#status === 'paused') return
    if (this.#current) this.#replace()
    // what is said in this turn of the event loop goes out as one request
    else if (!this.#cancelPlan) this.#plan(this.#notBefore - this.#environment.now())
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
    this.#leave()
    this.#go('unwant')
  }

  close(): void {
    this.#leave()
    this.#go('close')
  }

  /** Holds the connection back until every reason is gone. */
  pause(reason: string): void {
    this.#pauses.add(reason)
    this.#halt()
    this.#go('pause')
  }
  resume(reason: string): void {
    if (!this.#pauses.delete(reason) || this.#status !== 'paused') return
    if (this.#pauses.size > 0) return this.#go('pause')
    this.#go('resume')
    this.refresh()
  }

  #go(event: ConnectionEvent, error?: RunfeedError): void {
    const status = (this.#status = transition(this.#status, event))
    if (error || (status !== 'reconnecting' && status !== 'failed')) this.#error = error
    this.#tell()
  }

  #tell(): void {
    const { transport = 'stream', reason, error } = this.#transport.via?.() ?? {}
    // what it goes through may have lost its own connection
    const isLost = error && this.#status === 'open'
    const next = {
      status: isLost ? ('reconnecting' as const) : this.#status,
      error: isLost ? error : this.#error,
      transport,
      reason: this.#status === 'paused' ? [...this.#pauses].join(', ') : reason,
      // who is `failed` was refused, with an error
    } as ConnectionSnapshot
    if (hasSame(this.now, next)) return
    this.now = next
    this.#host.changed(next)
  }

  #followPage(): () => void {
    const stopWake = this.#environment.onWake(() => {
      this.resume(ASLEEP)
      this.#wake()
    })
    const stopSleep = this.#environment.onSleep?.(() => this.pause(ASLEEP))
    return () => {
      stopWake()
      stopSleep?.()
    }
  }

  /** Nothing goes on, and the page is nothing to us. */
  #leave(): void {
    this.#halt()
    this.#stopPage?.()
    this.#stopPage = undefined
    this.#pauses.delete(ASLEEP)
  }

  #halt(): void {
    this.#cancelPlan?.()
    this.#cancelPlan = undefined
    this.#replaceAgain = false
    this.#current?.end()
    this.#current = undefined
    this.#dropSpare()?.end()
  }

  /** @returns the spare, which is none any more. */
  #dropSpare(): Attempt | undefined {
    const spare = this.#spare
    this.#spare = undefined
    if (spare) spares.delete(this.#spareOrigin)
    return spare
  }

  #plan(ms: number, task: () => void = this.#start): void {
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

  readonly #start = (): void => {
    this.#notBefore = 0
    this.#current = this.#attempt()
    if (!this.#current) this.stop()
  }

  /** ms until it may be opened again. A clock that was set back makes it no longer. */
  get #gate(): number {
    return Math.min(REOPEN_MS, this.#startedAt + REOPEN_MS - this.#environment.now())
  }

  #replace(wait = 0): void {
    if (this.#spare) {
      this.#replaceAgain = true
      return
    }
    this.#plan(Math.max(wait, this.#gate), () => {
      const { origin: base } = this.#transport
      const origin = base === undefined ? undefined : originOf(base)
      // another client's replacement may be the one for which there is no connection left
      if (spares.has(origin)) return this.#replace(REOPEN_MS)
      this.#spare = this.#attempt()
      if (!this.#spare) return this.stop()
      this.#spareOrigin = origin
      if (origin !== undefined) spares.add(origin)
    })
  }

  #attempt(): Attempt | undefined {
    const session = this.#host.open()
    if (!session) return undefined
    const attempt = new Attempt(session, this.#environment, this)
    this.#startedAt = attempt.lastFrameAt
    attempt.start(this.#transport, OPEN_MS)
    return attempt
  }

  received(attempt: Attempt, frame: Frame): void {
    const { lastFrameAt, heartbeat } = attempt
    if (lastFrameAt - this.#heardAt > heartbeat * LATE_BEAT) this.#silentUntil = lastFrameAt
    this.#heardAt = lastFrameAt
    if (frame.event === 'open') this.#silentUntil = Number.NEGATIVE_INFINITY
    // how frames come may change within one connection: each way begins with this frame
    if (frame.event === 'open' || this.#status !== 'open') this.#go('opened')
    if (frame.event !== 'bye') return
    const wait = Math.min(Math.max(0, Number(frame.data.reconnectAfter) || 0), MAX_BYE_MS)
    attempt.returnAt = attempt.lastFrameAt + wait
    this.#replace(wait)
  }

  opened(attempt: Attempt): void {
    if (attempt === this.#spare) {
      // before its frame is applied: from here on nothing of the old one is
      this.#current?.end()
      this.#current = this.#dropSpare()
    }
    if (!this.#replaceAgain) return
    this.#replaceAgain = false
    this.#replace()
  }

  failed(attempt: Attempt, error: RunfeedError): void {
    const isSpare = attempt === this.#spare
    this.#over(attempt)
    if (!error.retryable) return this.#refused(error, isSpare ? this.#current : undefined)
    const away = attempt.returnAt - this.#environment.now()
    const wait = away > 0 ? away : this.#backoff.next(error, attempt.openedAt, attempt.spread)
    if (isSpare && this.#current) return this.#replace(wait)
    this.#go('lost', error)
    // a replacement that was under way is the connection now
    if (this.#current) return
    this.#notBefore = retryAfterOf(error) || away > 0 ? this.#environment.now() + wait : 0
    this.#plan(wait)
  }

  /** Nothing broke: what was wanted since is asked for without a wait. */
  done(attempt: Attempt): void {
    this.#over(attempt)
    // a replacement that was under way asks for it
    if (this.#current) return
    this.#plan(this.#gate)
  }

  #over(attempt: Attempt): void {
    const spare = this.#dropSpare()
    if (attempt !== spare) this.#current = spare
  }

  #refused(error: RunfeedError, kept: Attempt | undefined): void {
    if (!kept) {
      this.#leave()
      this.#go('refused', error)
    }
    this.#host.refused(error, kept?.session)
  }

  #wake(): void {
    const now = this.#environment.now()
    if (!this.#current) {
      if (this.#cancelPlan && this.#notBefore <= now) this.#plan(0)
      return
    }
    const { openedAt, lastFrameAt, heartbeat } = this.#current
    if (openedAt === undefined || this.#spare) return
    // a page that stood still reads first what had arrived before: it does not show that the connection still lives
    if (now - lastFrameAt > heartbeat || now - this.#silentUntil < heartbeat) this.#replace()
  }
}
