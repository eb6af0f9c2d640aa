// Everything that is being read from one engine: the sessions, what they share, how many there may be, and the timers that are for all.
import type { Cursor } from '../protocol/cursor.ts'
import type { RunEngine } from '../protocol/engine.ts'
import { type ErrorBody, InvalidRequestError, RunfeedError } from '../protocol/errors.ts'
import { encodeFrame, type FrameOf } from '../protocol/frame.ts'
import { HEARTBEAT_MS, TICK_MS } from '../protocol/limits.ts'
import { type FeedRequest, type QueryWant, queryName, type RunWant, type StreamWant, type Want } from '../protocol/want.ts'
import { Deadlines, type Moment } from './deadlines.ts'
import { type FeedAccess, OPEN_ACCESS } from './feed-access.ts'
import { FeedSession, type SessionHost } from './feed-session.ts'
import type { Member } from './members.ts'
import { NamedTexts } from './named-texts.ts'
import { Guard, Place, type PlaceOptions, UNCHANGING, type Watched } from './place.ts'
import { QueryReader } from './query-reader.ts'
import { isBounded } from './query-topic.ts'
import { RunReader } from './run-reader.ts'
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
  /** Wants of which nothing is read, and why. @defaultValue none */
  readonly denied?: ReadonlyMap<Want, ErrorBody>
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
  readonly #sessions = new Set<FeedSession>()
  /** When tokens of their wants expire. */
  readonly #expiries = new Map<FeedSession, readonly Moment[]>()
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
      named: new NamedTexts(),
      beat: () => this.#beat(),
      openMember: (session, run, cursor) => this.#member(session, run, cursor),
      closed: (session) => this.#closed(session),
      told: (at) => onLag(now() - at),
      returnsIn: () => Math.round(Math.random() * AGE_JITTER_MS),
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
  open({ wants, poll = false }: FeedRequest, { ids = false, access = OPEN_ACCESS, denied = NONE }: OpenOptions = {}): FeedSession {
    const { heartbeat, maxAge, maxConnections, maxSubscriptions, now } = this.#options
    if (this.#sessions.size >= maxConnections || this.#subscriptions + wants.length > maxSubscriptions)
      throw new RunfeedError('unavailable', `this server has ${this.#sessions.size} connections open, and takes no more now; try again in a moment`)
    const queries = wants.some(({ query }) => query !== undefined)
      ? wants.filter((want): want is QueryWant => want.query !== undefined && !denied.has(want))
      : NO_QUERIES
    // the last quarter is by chance: those that came together do not leave together
    const at = now() + maxAge * (1 - Math.random() / 4)
    const session = new FeedSession(this.#host, { access, ids, poll, wants: wants.length, queries, at })
    this.#sessions.add(session)
    this.#subscriptions += wants.length
    this.#deadlines.add(session)
    session.begin(wants.map((want) => this.#place(session, want, access, denied.get(want))))
    this.#expire(session, wants, access)
    // one timer for all, and none while nobody reads
    this.#pings ??= setInterval(() => this.#ping(), heartbeat)
    return session
  }

  /** Tells everybody to come back elsewhere, and ends their sessions. @param reconnectAfter - ms, and more for most: they do not come at once. */
  drain(reconnectAfter: number): void {
    const spread = Math.max(reconnectAfter, this.#spread)
    for (const session of this.#sessions) session.drain(Math.round(reconnectAfter + spread * Math.random()))
  }

  /** One moment for all that expires at the same time. */
  #expire(session: FeedSession, wants: readonly Want[], access: FeedAccess): void {
    const times = new Set(wants.map((want) => access.expiresAt(want)))
    const moments: Moment[] = []
    for (const at of times) if (at !== undefined) moments.push({ at, due: () => session.expire(at) })
    if (moments.length === 0) return
    this.#expiries.set(session, moments)
    for (const moment of moments) this.#deadlines.add(moment)
  }

  #place(session: FeedSession, want: Want, access: FeedAccess, denied: ErrorBody | undefined): Place {
    if (denied) return new Place(session, { reader: UNREAD, want, denied })
    const options =
      want.query !== undefined ? this.#query(session, want, access) : want.stream === undefined ? this.#run(want, access) : this.#stream(want, access)
    const place = new Place(session, { ...options, want, expiresAt: access.expiresAt(want) })
    if (options.reader instanceof RunReader && session.queries.length > 0) session.members.want(options.reader.id, place, options.reader)
    return place
  }

  #run(want: RunWant, access: FeedAccess): ReaderOptions {
    const shared = this.#topics.run(want.run)
    return { reader: new RunReader(shared.topic, want.cursor, access, false), guard: guardOf(want, access, shared.topic), shared }
  }

  #stream(want: StreamWant, access: FeedAccess): ReaderOptions {
    const shared = this.#topics.stream(want.run, want.stream)
    // whether it may be read depends on the run's tags, of which a stream knows nothing
    const watched = access.isFixed ? undefined : this.#topics.run(want.run)
    return { reader: new StreamReader(shared.topic, want.index, want.cursor, access), guard: guardOf(want, access, watched?.topic), shared, watched }
  }

  #query(session: FeedSession, want: QueryWant, access: FeedAccess): ReaderOptions {
    const { query } = want
    if (!isBounded(query)) return { reader: UNREAD, denied: new InvalidRequestError('a query names at least one of ids, task, tag and parent').toJSON() }
    const shared = this.#topics.query(query, access.namespaceOf(want))
    const reader = new QueryReader(shared.topic, queryName(query), want.cursors ?? {}, session.members)
    return { reader, guard: guardOf(want, access, shared.topic), shared }
  }

  #member(session: FeedSession, run: string, cursor: Cursor | undefined): Member {
    const shared = this.#topics.run(run)
    const { access, queries } = session
    const reader = new RunReader(shared.topic, cursor, access, true)
    // who reads a list by a tag may lose a run with the tag: the version that takes it away is then not for them
    const guard = access.isFixed ? undefined : new Guard(asRun(run, queries), access, shared.topic)
    const place = new Place(session, { want: undefined, reader, guard, shared })
    session.add(place)
    return { place, reader }
  }

  #closed(session: FeedSession): void {
    if (!this.#sessions.delete(session)) return
    this.#deadlines.delete(session)
    for (const moment of this.#expiries.get(session) ?? []) this.#deadlines.delete(moment)
    this.#expiries.delete(session)
    this.#subscriptions -= session.wants
    if (this.#sessions.size > 0) return
    this.#host.named.clear()
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
    for (const session of this.#sessions) session.ping(text)
    this.#topics.rest()
    this.#host.named.clear()
    // an injected clock moves without the timers
    this.#deadlines.look()
  }
}

type ReaderOptions = Omit<PlaceOptions, 'want' | 'expiresAt'>

const NO_QUERIES: readonly QueryWant[] = []
const NONE: ReadonlyMap<Want, ErrorBody> = new Map()
const UNREAD: PlaceOptions['reader'] = { read: () => ({ text: '', state: 'idle', cursor: undefined }) }

/** The run as each token of the queries would want it. */
const asRun = (run: string, queries: readonly QueryWant[]): readonly RunWant[] =>
  [...new Set(queries.map(({ token }) => token))].map((token) => ({ run, ...(token !== undefined && { token }) }))

const guardOf = (want: Want, access: FeedAccess, watched: Watched | undefined): Guard | undefined =>
  access === OPEN_ACCESS ? undefined : new Guard([want], access, access.isFixed || !watched ? UNCHANGING : watched)
