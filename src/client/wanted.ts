// What is wanted: counts who follows what, and says so as the wants of the next connection.
import type { RunfeedError } from '../protocol/errors.ts'
import type { RunHandle } from '../protocol/rest.ts'
import { topics, type Want } from '../protocol/want.ts'
import { RunEntry } from '../store/run-entry.ts'
import type { RunSnapshot, Source, StreamSnapshot } from '../store/snapshot.ts'
import type { Entry, Store, StreamEntry } from '../store/store.ts'
import { isStreamOver, lowerStart, nextIndex } from '../store/stream-record.ts'
import type { Environment } from '../transport/environment.ts'
import type { RunRef } from './run-client.ts'
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
  /** Somebody begins to follow it, or asks for more of it. */
  wanted(resource: Resource): void
  unwanted(resource: Resource): void
}

/** A run or a stream that somebody holds or follows. */
export class Resource {
  readonly topic: string
  readonly entry: Entry
  token: string | undefined
  readonly #host: WantedHost
  #followers = 0
  #cancelLinger: (() => void) | undefined
  /** Sources by their first chunk. They are held by the resource and hold it: all of them are collected together. */
  readonly #sources = new Map<number | undefined, Source<unknown>>()

  constructor(host: WantedHost, topic: string, entry: Entry) {
    this.#host = host
    this.topic = topic
    this.entry = entry
  }

  source<T>(key: number | undefined, make: (subscribe: Source<T>['subscribe']) => Source<T>): Source<T> {
    const known = this.#sources.get(key) as Source<T> | undefined
    if (known) return known
    const source = make((listener) => this.#follow(key, listener))
    this.#sources.set(key, source)
    return source
  }

  get error(): RunfeedError | undefined {
    return this.entry.topic.latest.error
  }

  /** Gives up at once, without a linger. */
  forget(): void {
    this.#cancelLinger?.()
    this.#cancelLinger = undefined
  }

  #follow(startIndex: number | undefined, listener: () => void): () => void {
    const stop = this.entry.topic.subscribe(listener)
    this.#followers++
    this.forget()
    if (!(this.entry instanceof RunEntry)) this.entry.topic.latest = lowerStart(this.entry.topic.latest, firstOf(startIndex))
    this.#host.wanted(this)
    let following = true
    return () => {
      if (!following) return
      following = false
      stop()
      if (--this.#followers > 0) return
      this.#cancelLinger = this.#host.environment.setTimer(() => this.#host.unwanted(this), this.#host.linger)
    }
  }
}

export class Wanted {
  readonly #host: WantedHost
  /** What anybody holds. Weakly: a render that is thrown away asks for a source and never follows it. */
  readonly #held = new Map<string, WeakRef<Resource>>()
  readonly #followed = new Map<string, Resource>()
  #sweepAt = 64

  constructor(host: WantedHost) {
    this.#host = host
  }

  run(ref: RunRef): Source<RunSnapshot> {
    const { id, token } = resolve(ref)
    const resource = this.#resource(topics.run(id), token, () => this.#host.store.newRun(id))
    const { topic } = resource.entry as RunEntry
    return resource.source(undefined, (subscribe) => ({ subscribe, getSnapshot: topic.getSnapshot }))
  }

  stream(ref: RunRef, key: string, startIndex: number | undefined): Source<StreamSnapshot> {
    const { id, token } = resolve(ref)
    const resource = this.#resource(topics.stream(id, key), token, () => this.#host.store.newStream(id, key, firstOf(startIndex)))
    const { topic } = resource.entry as StreamEntry
    return resource.source(startIndex, (subscribe) => {
      const view = streamView(startIndex)
      return { subscribe, getSnapshot: () => view(topic.getSnapshot()) }
    })
  }

  follow(resource: Resource): void {
    this.#followed.set(resource.topic, resource)
  }
  unfollow(resource: Resource): void {
    this.#followed.delete(resource.topic)
  }
  get(topic: string): Resource | undefined {
    return this.#followed.get(topic)
  }
  get size(): number {
    return this.#followed.size
  }
  get followed(): Iterable<Resource> {
    return this.#followed.values()
  }

  /** Whether more may come of it. An ended stream may be opened again by a later attempt, while its run is followed and has not ended. */
  isOpen({ entry }: Resource): boolean {
    if (entry.topic.latest.error) return false
    if (entry instanceof RunEntry) return !entry.isOver
    const run = this.#followed.get(topics.run(entry.run))
    return !isStreamOver(entry.topic.latest) || (run !== undefined && !(run.entry as RunEntry).topic.latest.end && !run.error)
  }

  wants(): Want[] {
    const wants: Want[] = []
    for (const resource of this.#followed.values()) {
      if (!this.isOpen(resource)) continue
      const { entry } = resource
      const { cursor } = entry.topic.latest
      const common = { ...(cursor !== undefined && { cursor }), ...(resource.token !== undefined && { token: resource.token }) }
      if (entry instanceof RunEntry) wants.push({ run: entry.id, ...common })
      else wants.push({ run: entry.run, stream: entry.key, index: nextIndex(entry.topic.latest), ...common })
    }
    return wants
  }

  #resource(topic: string, token: string | undefined, make: () => Entry): Resource {
    let resource = this.#held.get(topic)?.deref()
    if (!resource) {
      this.#sweep()
      resource = new Resource(this.#host, topic, make())
      this.#held.set(topic, new WeakRef(resource))
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

const resolve = (ref: RunRef): { id: string; token: string | undefined } => {
  const handle: RunHandle = typeof ref === 'string' ? { id: ref } : ref
  return { id: handle.id, token: handle.publicAccessToken }
}
