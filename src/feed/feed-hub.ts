// Everything that is being read from one engine: the sessions, what they share, how many there may be, and the timers that are for all.
import type { Cursor } from '../protocol/cursor.ts'
import type { RunEngine } from '../protocol/engine.ts'
import { InvalidRequestError, RunfeedError } from '../protocol/errors.ts'
import { encodeFrame, type FrameOf } from '../protocol/frame.ts'
import { HEARTBEAT_MS, TICK_MS } from '../protocol/limits.ts'
import { type FeedRequest, type QueryWant, queryName, type RunWant, type StreamWant, type Want } from '../protocol/want.ts'
import { Deadlines } from './deadlines.ts'
import { type FeedAccess, OPEN_ACCESS } from './feed-access.ts'
import { FeedSession, type SessionHost } from './feed-session.ts'
import type { Member } from './members.ts'
import { Guard, type Hold, Place, type Watched } from './place.ts'
import { QueryReader } from './query-reader.ts'
import { isBounded } from './query-topic.ts'
import { RunReader } from './run-reader.ts'
import { FULL_VIEW, type View } from './shared-frame.ts'
import { StreamReader } from './stream-reader.ts'
import { Topics } from './topics.ts'

/** What connections may cost. */
export interface FeedBounds {
  /** ms after which a connection is told to come back, so that load moves to other nodes; each ends between three quarters of it and all of it. @defaultValue 1800000 */
  readonly maxAge?: number
  /** ms within which the network must take something of what was written, else the connection is lost. @defaultValue 30000 */
  readonly writeDeadline?: number
  /** Connections at once; one more is refused, and none is closed for it. @defaultValue 20000 */
  readonly maxConnections?: number
  /** Wants of all connections together; one more is refused. @defaultValue 200000 */
  readonly maxSubscriptions?: number
}

export interface FeedHubOptions extends FeedBounds {
  /** ms between two pings. @defaultValue 15000 */
  readonly heartbeat?: number
  /** ms; at most one version frame per run in this time. @defaultValue 50 */
  readonly tick?: number
  /** The clock, ms since the epoch. @defaultValue Date.now */
  readonly now?: () => number
  /** Called with the ms from a commit to the moment when its frame was handed to a connection. @defaultValue nobody counts */
  readonly onLag?: (ms: number) => void
}

export interface OpenOptions {
  /** Name each place as `id:`, for a feed of one resource. @defaultValue false */
  readonly ids?: boolean
  /** @defaultValue everything may be read */
  readonly access?: FeedAccess
}

/** A client that is told to come back because of its connection's age comes within this time. */
const AGE_JITTER_MS = 1000

/** 500 clients come back over 8 s, and more of them over longer, so that the server is not taken down by its return. */
const SPREAD_OF_ONE_MS = 16
const MAX_SPREAD_MS = 25_000
/** Over so much they come back by themselves. */
const LONE_SPREAD_MS = 2000

export class FeedHub {
  readonly heartbeat: number
  readonly #options: Required<FeedHubOptions>
  readonly #topics: Topics
  readonly #deadlines: Deadlines
  readonly #host: SessionHost
  readonly #sessions = new Map<FeedSession, { readonly wants: number; readonly forget: () => void }>()
  #subscriptions = 0
  #pings: ReturnType<typeof setInterval> | undefined

  constructor(engine: RunEngine, options: FeedHubOptions = {}) {
    this.#options = {
      heartbeat: options.heartbeat ?? HEARTBEAT_MS,
      tick: options.tick ?? TICK_MS,
      maxAge: options.maxAge ?? 1_800_000,
      writeDeadline: options.writeDeadline ?? 30_000,
      maxConnections: options.maxConnections ?? 20_000,
      maxSubscriptions: options.maxSubscriptions ?? 200_000,
      now: options.now ?? Date.now,
      onLag: options.onLag ?? (() => {}),
    }
    this.heartbeat = this.#options.heartbeat
    this.#topics = new Topics(engine, this.#options.tick)
    this.#deadlines = new Deadlines(this.#options.now)
    const { heartbeat, writeDeadline, now, onLag } = this.#options
    this.#host = {
      heartbeat,
      writeDeadline,
      beat: () => this.#beat(),
      openMember: (session, run, cursor) => this.#member(session, run, cursor),
      closed: (session) => this.#closed(session),
      told: (at) => onLag(now() - at),
    }
  }

  /** How many connections are open. */
  get size(): number {
    return this.#sessions.size
  }
  /** How many wants they have. */
  get subscriptions(): number {
    return this.#subscriptions
  }

  /** Opens a session; the caller closes it. @throws RunfeedError `unavailable` when there are too many */
  open({ wants, poll = false }: FeedRequest, { ids = false, access = OPEN_ACCESS }: OpenOptions = {}): FeedSession {
    const { heartbeat, maxAge, maxConnections, maxSubscriptions, now } = this.#options
    if (this.#sessions.size >= maxConnections || this.#subscriptions + wants.length > maxSubscriptions)
      throw new RunfeedError('unavailable', `this server has ${this.#sessions.size} connections open, and takes no more now; try again in a moment`)
    // the last quarter is by chance: those that came together do not leave together
    const forget = this.#deadlines.add(now() + maxAge * (1 - Math.random() / 4), () => session.drain(Math.round(Math.random() * AGE_JITTER_MS)))
    const session = new FeedSession(this.#host, { access, ids, poll, queries: wants.filter((want): want is QueryWant => want.query !== undefined) })
    this.#sessions.set(session, { wants: wants.length, forget })
    this.#subscriptions += wants.length
    for (const want of wants) this.#add(session, want, access)
    // one timer for all, and none while nobody reads
    this.#pings ??= setInterval(() => this.#ping(), heartbeat)
    return session
  }

  /** Tells everybody to come back elsewhere, and ends their sessions. @param reconnectAfter - ms, and more for most: they do not come at once. */
  drain(reconnectAfter: number): void {
    const spread = Math.max(reconnectAfter, this.#spread)
    for (const session of this.#sessions.keys()) session.drain(Math.round(reconnectAfter + spread * Math.random()))
  }

  #add(session: FeedSession, want: Want, access: FeedAccess): void {
    const at = access.expiresAt(want)
    const expiry = at === undefined ? undefined : { leave: this.#deadlines.add(at, () => this.#expire(session, place)) }
    const place: Place = this.#place(session, want, access, expiry)
    session.add(place)
  }

  #expire(session: FeedSession, place: Place): void {
    place.deny({ type: 'token_expired', message: 'the token of this subscription has expired; subscribe again with a new one' })
    session.ring(place)
  }

  #place(session: FeedSession, want: Want, access: FeedAccess, expiry: Hold | undefined): Place {
    if (want.query !== undefined) return this.#query(session, want, access, expiry)
    return want.stream === undefined ? this.#run(session, want, access, expiry) : this.#stream(session, want, access, expiry)
  }

  #run(session: FeedSession, want: RunWant, access: FeedAccess, expiry: Hold | undefined): Place {
    const share = this.#topics.run(want.run, () => session.ring(place))
    const reader = new RunReader(share.topic, want.cursor, viewOf(access, want.run, false))
    const place: Place = new Place(want, reader, guardOf(want, access, share.topic), holds(share, expiry))
    if (session.queries.length > 0) session.members.want(want.run, place, reader)
    return place
  }

  #stream(session: FeedSession, want: StreamWant, access: FeedAccess, expiry: Hold | undefined): Place {
    const ring = (): void => session.ring(place)
    const share = this.#topics.stream(want.run, want.stream, ring)
    // whether it may be read depends on the run's tags, of which a stream knows nothing
    const run = access.isFixed ? undefined : this.#topics.run(want.run, ring)
    const reader = new StreamReader(share.topic, want.index, want.cursor, viewOf(access, want.run, false))
    const place: Place = new Place(want, reader, guardOf(want, access, run?.topic), holds(share, run, expiry))
    return place
  }

  #query(session: FeedSession, want: QueryWant, access: FeedAccess, expiry: Hold | undefined): Place {
    const { query } = want
    if (!isBounded(query)) {
      const refused = new Place(want, { read: async () => ({ text: '', state: 'idle', cursor: undefined }) }, undefined, holds(expiry))
      refused.deny(new InvalidRequestError('a query names at least one of ids, task, tag and parent').toJSON())
      return refused
    }
    const share = this.#topics.query(query, access.namespaceOf(want), () => session.ring(place))
    const reader = new QueryReader(share.topic, queryName(query), want.cursors ?? {}, session.members)
    const place: Place = new Place(want, reader, guardOf(want, access, share.topic), holds(share, reader, expiry))
    return place
  }

  #member(session: FeedSession, run: string, cursor: Cursor | undefined): Member {
    const share = this.#topics.run(run, () => session.ring(place))
    const { access, queries } = session
    const reader = new RunReader(share.topic, cursor, viewOf(access, run, true))
    // who reads a list by a tag may lose a run with the tag: the version that takes it away is then not for them
    const guard = access.isFixed ? undefined : new Guard(asRun(run, queries), access, share.topic)
    const place: Place = new Place(undefined, reader, guard, [share])
    session.add(place)
    return { place, reader }
  }

  #closed(session: FeedSession): void {
    const known = this.#sessions.get(session)
    known?.forget()
    this.#subscriptions -= known?.wants ?? 0
    this.#sessions.delete(session)
    if (this.#sessions.size > 0) return
    clearInterval(this.#pings)
    this.#pings = undefined
  }

  /** ms over which so many come back. */
  get #spread(): number {
    return Math.min(MAX_SPREAD_MS, this.#sessions.size * SPREAD_OF_ONE_MS)
  }

  #beat(): FrameOf<'ping'>['data'] {
    const spread = this.#spread
    return { time: this.#options.now(), ...(spread > LONE_SPREAD_MS && { spread }) }
  }

  #ping(): void {
    const text = encodeFrame({ event: 'ping', data: this.#beat() })
    for (const session of this.#sessions.keys()) session.ping(text)
    // an injected clock moves without the timers
    this.#deadlines.look()
  }
}

const holds = (...all: readonly (Hold | undefined)[]): readonly Hold[] => all.filter((hold) => hold !== undefined)

/** The run as each token of the queries would want it. */
const asRun = (run: string, queries: readonly QueryWant[]): readonly RunWant[] =>
  [...new Set(queries.map(({ token }) => token))].map((token) => ({ run, ...(token !== undefined && { token }) }))

const guardOf = (want: Want, access: FeedAccess, watched: Watched | undefined): Guard | undefined =>
  access === OPEN_ACCESS ? undefined : new Guard([want], access, access.isFixed || !watched ? UNCHANGING : watched)

const UNCHANGING: Watched = { ready: async () => {}, revision: 0 }

class RunView implements View {
  readonly isBrief: boolean
  readonly #access: FeedAccess
  readonly #run: string
  constructor(access: FeedAccess, run: string, isBrief: boolean) {
    this.isBrief = isBrief
    this.#access = access
    this.#run = run
  }
  shows(by: string): boolean {
    return this.#access.shows(by, this.#run)
  }
}

const viewOf = (access: FeedAccess, run: string, isBrief: boolean): View => (access === OPEN_ACCESS && !isBrief ? FULL_VIEW : new RunView(access, run, isBrief))
