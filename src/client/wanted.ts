// What is wanted: counts who follows what, and says so as the wants of the next connection.
import { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import { MAX_WANTS, MAX_WANTS_BYTES } from '../protocol/limits.ts'
import type { Run } from '../protocol/run.ts'
import { type FeedQuery, runTopic, streamTopic, topicOf, type Want } from '../protocol/want.ts'
import type { Entry } from '../store/entry.ts'
import type { RunListSnapshot, RunSnapshot, Source, StreamSnapshot } from '../store/snapshot.ts'
import type { Store } from '../store/store.ts'
import { StreamEntry } from '../store/stream-entry.ts'
import { lowerStart, type StreamRecord } from '../store/stream-record.ts'
import type { Topic } from '../store/topic.ts'
import type { ConnectionSnapshot } from '../transport/connection-status.ts'
import type { Environment } from '../transport/environment.ts'
import { followed, listReader, type Reader, runReader, streamReader } from './follow.ts'
import { resolve } from './rest.ts'
import type { Followed, RunRef } from './run-client.ts'
import { streamView } from './stream-view.ts'

/**
 * How long after its last follower something stays wanted. StrictMode, Suspense and a change of page unmount and mount again within it,
 * and it costs a second of news that nobody reads.
 */
export const LINGER_MS = 1_000

export interface WantedHost {
  readonly store: Store
  readonly environment: Environment
  readonly linger: number
  readonly connection: Source<ConnectionSnapshot>
  /** Somebody begins to follow it, or asks for more of it. */
  wanted(resource: Resource): void
  unwanted(resource: Resource): void
}

/** A run, a stream or a list of runs that somebody holds or follows. */
export class Resource {
  readonly entry: Entry
  token: string | undefined
  /** Whether its last token was denied as soon as it was used; after two in a row a third is not asked for. */
  isRefused = false
  readonly #host: WantedHost
  /** What each follower keeps of a stream. */
  readonly #keeps = new Set<{ readonly maxParts: number }>()
  #cancelLinger: (() => void) | undefined
  /** Sources by what they show of it. They are held by the resource and hold it: all of them are collected together. */
  readonly #sources = new Map<string, Source<unknown>>()

  constructor(host: WantedHost, entry: Entry) {
    this.#host = host
    this.entry = entry
  }

  source<S extends Source<unknown>>(make: (subscribe: Source<unknown>['subscribe']) => S, startIndex?: number, maxParts: number = Number.POSITIVE_INFINITY): S {
    const key = `${startIndex} ${maxParts}`
    let source = this.#sources.get(key) as S | undefined
    if (!source) this.#sources.set(key, (source = make((listener) => this.#follow(firstOf(startIndex), maxParts, listener))))
    return source
  }

  get error(): RunfeedError | undefined {
    return this.entry.topic.latest.error
  }
  /** Whether more may come of it. */
  get isOpen(): boolean {
    return !this.error && !this.entry.isOver
  }

  /** Gives up at once, without a linger. */
  forget(): void {
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
  }

  #follow(from: number, maxParts: number, listener: () => void): () => void {
    const { entry } = this
    const stop = entry.topic.subscribe(listener)
    const keeping = { maxParts }
    this.#keeps.add(keeping)
    this.#keep()
    this.forget()
    if (entry instanceof StreamEntry) {
      const { latest } = entry.topic
      // what was let go of is not asked for again by who would not show it
      entry.topic.latest = lowerStart(latest, Math.max(from, latest.log.length - maxParts))
    }
    this.#host.wanted(this)
    return () => {
      if (!this.#keeps.delete(keeping)) return
      stop()
      if (this.#keeps.size > 0) this.#keep()
      else this.#cancelLinger = this.#host.environment.setTimer(() => this.#host.unwanted(this), this.#host.linger)
    }
  }

  #keep(): void {
    if (this.entry instanceof StreamEntry) this.entry.keep = Math.max(...Array.from(this.#keeps, ({ maxParts }) => maxParts))
  }
}

export class Wanted {
  readonly #host: WantedHost
  /** What anybody holds. Weakly: a render that is thrown away asks for a source and never follows it. */
  readonly #held = new Map<string, WeakRef<Resource>>()
  /** What a server knew, by topic, until somebody asks for it. */
  readonly seeds: Map<string, (entry: Entry) => void> = new Map()
  /** By topic. */
  readonly followed: Map<string, Resource> = new Map()
  #sweepAt = 64

  constructor(host: WantedHost) {
    this.#host = host
  }

  run(ref: RunRef): Followed<RunSnapshot, Run> {
    const { id, token } = resolve(ref)
    const resource = this.#resource(runTopic(id), token, () => this.#host.store.newRun(id))
    return this.#source(resource, runReader)
  }

  stream(ref: RunRef, key: string, startIndex: number | undefined, maxParts?: number): Followed<StreamSnapshot, Json> {
    const { id, token } = resolve(ref)
    const resource = this.#resource(streamTopic(id, key), token, () => this.#host.store.newStream(id, key, firstOf(startIndex)))
    return this.#source(resource, streamReader, startIndex, maxParts, () => streamView(startIndex, maxParts))
  }

  list(query: FeedQuery): Followed<RunListSnapshot, readonly Run[]> {
    const resource = this.#resource(topicOf({ query }), undefined, () => this.#host.store.newList(query))
    return this.#source(resource, listReader)
  }

  /** @param viewOf - what its readers see of the entry's snapshots. @defaultValue all of them */
  #source<S extends RunSnapshot | RunListSnapshot | StreamSnapshot, V>(
    resource: Resource,
    reader: Reader<S, V>,
    startIndex?: number,
    maxParts?: number,
    viewOf?: () => (record: StreamRecord) => S,
  ): Followed<S, V> {
    const topic = resource.entry.topic as unknown as Topic<S>
    const make = (subscribe: Source<S>['subscribe']): Followed<S, V> => {
      const view = viewOf?.()
      const getSnapshot = view ? (): S => view(topic.getSnapshot() as unknown as StreamRecord) : topic.getSnapshot
      return followed({ subscribe, getSnapshot }, reader, this.#host.connection)
    }
    return resource.source(make, startIndex, maxParts)
  }

  /** What one connection is asked for. @param refuse - called with what is too much for one. */
  wants(refuse: (resource: Resource, error: RunfeedError) => void): Want[] {
    const wants: Want[] = []
    // what stands around the wants
    let bytes = 128
    for (const resource of this.followed.values()) {
      if (!resource.isOpen) continue
      const { entry, token } = resource
      const want = { ...entry.want(), ...(token !== undefined && { token }) }
      // names that are longer in UTF-8 than in UTF-16 are counted by their worst
      bytes += JSON.stringify(want).length * (/[^\0-\x7f]/.test(entry.name) ? 3 : 1) + 1
      if (wants.length < MAX_WANTS && bytes <= MAX_WANTS_BYTES) wants.push(want)
      else refuse(resource, new RunfeedError('too_many_wants', `one client follows at most ${MAX_WANTS} runs and streams; follow a list of runs instead`))
    }
    return wants
  }

  /** What is known of what anybody holds. */
  *entries(): Iterable<Entry> {
    for (const held of this.#held.values()) {
      const entry = held.deref()?.entry
      if (entry) yield entry
    }
  }

  #resource(topic: string, token: string | undefined, make: () => Entry): Resource {
    let resource = this.#held.get(topic)?.deref()
    if (!resource) {
      this.#sweep()
      resource = new Resource(this.#host, make())
      this.#held.set(topic, new WeakRef(resource))
      this.seeds.get(topic)?.(resource.entry)
      this.seeds.delete(topic)
    }
    resource.token ??= token
    return resource
  }

  /** Names whose resource was collected go whenever the map has doubled, because not everything we run on has a FinalizationRegistry. */
  #sweep(): void {
    if (this.#held.size < this.#sweepAt) return
    for (const [topic, resource] of this.#held) if (!resource.deref()) this.#held.delete(topic)
    this.#sweepAt = Math.max(64, this.#held.size * 2)
  }
}

/** By default all of it: where its readers start is known only with its first frame, and moves. */
const firstOf = (startIndex: number | undefined): number => Math.max(0, startIndex ?? 0)
