// Everything that is being read from one engine: topics shared by the sessions that read them, and one heartbeat for all.
import type { RunEngine } from '../protocol/engine.ts'
import { HEARTBEAT_MS, TICK_MS } from '../protocol/limits.ts'
import type { FeedRequest } from '../protocol/want.ts'
import { topicOf } from '../protocol/want.ts'
import type { FeedAccess } from './feed-access.ts'
import { FeedSession } from './feed-session.ts'
import { RunReader } from './run-reader.ts'
import { RunTopic } from './run-topic.ts'
import { StreamReader } from './stream-reader.ts'
import { StreamTopic } from './stream-topic.ts'

export interface FeedHubOptions {
  /** ms between two pings. @defaultValue 15000 */
  readonly heartbeat?: number
  /** ms; at most one version frame per run in this time. @defaultValue 50 */
  readonly tick?: number
}

export interface OpenOptions {
  /** Name each place as `id:`, for a feed of one resource. @defaultValue false */
  readonly ids?: boolean
  /** @defaultValue everything may be read */
  readonly access?: FeedAccess
}

interface Shared {
  readonly topic: RunTopic | StreamTopic
  readonly listeners: Set<() => void>
}

export class FeedHub {
  readonly heartbeat: number
  readonly #engine: RunEngine
  readonly #tick: number
  readonly #topics = new Map<string, Shared>()
  readonly #sessions = new Set<FeedSession>()
  #pings: ReturnType<typeof setInterval> | undefined

  constructor(engine: RunEngine, { heartbeat = HEARTBEAT_MS, tick = TICK_MS }: FeedHubOptions = {}) {
    this.#engine = engine
    this.heartbeat = heartbeat
    this.#tick = tick
  }

  /** How many are reading. */
  get size(): number {
    return this.#sessions.size
  }

  /** Opens a session; the caller closes it. */
  open({ wants }: FeedRequest, { ids = false }: OpenOptions = {}): FeedSession {
    const session = new FeedSession(this.heartbeat, ids, () => this.#left(session))
    for (const want of wants) {
      if (want.query !== undefined) continue
      const name = topicOf(want)
      const shared = this.#share(name, want)
      const { topic } = shared
      const reader =
        topic instanceof RunTopic ? new RunReader(topic, want.cursor) : new StreamReader(topic, 'index' in want ? want.index : undefined, want.cursor)
      const ring = session.add(reader, () => this.#unshare(name, shared, ring))
      shared.listeners.add(ring)
    }
    this.#sessions.add(session)
    // one timer for all, and none while nobody reads
    this.#pings ??= setInterval(() => this.#ping(), this.heartbeat)
    return session
  }

  /** Tells everybody to come back elsewhere, and ends their sessions. @param reconnectAfter - ms. */
  drain(reconnectAfter: number): void {
    for (const session of this.#sessions) session.drain(reconnectAfter)
  }

  #share(name: string, want: { readonly run: string; readonly stream?: string | undefined }): Shared {
    const known = this.#topics.get(name)
    if (known) return known
    const listeners = new Set<() => void>()
    const changed = (): void => {
      for (const ring of listeners) ring()
    }
    const topic =
      want.stream === undefined
        ? new RunTopic(this.#engine, want.run, this.#tick, changed)
        : new StreamTopic(this.#engine, want.run, want.stream, this.#tick, changed)
    const shared = { topic, listeners }
    this.#topics.set(name, shared)
    return shared
  }

  #unshare(name: string, { topic, listeners }: Shared, ring: () => void): void {
    listeners.delete(ring)
    if (listeners.size > 0) return
    topic.close()
    this.#topics.delete(name)
  }

  #left(session: FeedSession): void {
    this.#sessions.delete(session)
    if (this.#sessions.size > 0) return
    clearInterval(this.#pings)
    this.#pings = undefined
  }

  #ping(): void {
    for (const session of this.#sessions) session.ping()
  }
}
