// What is wanted: counts who follows what, and says so as the wants of the next connection.
import { InvalidRequestError, RunfeedError } from '../protocol/errors.ts'
import { MAX_WANTS, MAX_WANTS_BYTES } from '../protocol/limits.ts'
import { runTopic, streamTopic, topicOf, type Want } from '../protocol/want.ts'
import type { Entry } from '../store/entry.ts'
import { ListEntry } from '../store/list-entry.ts'
import { RunEntry } from '../store/run-entry.ts'
import type { Source } from '../store/snapshot.ts'
import type { Store } from '../store/store.ts'
import { StreamEntry } from '../store/stream-entry.ts'
import { lowerStart } from '../store/stream-record.ts'
import type { ConnectionSnapshot } from '../transport/connection-status.ts'
import type { Environment } from '../transport/environment.ts'
import { type Failing, followed, listReader, type Reader, runReader, streamReader } from './follow.ts'
import { resolve } from './rest.ts'
import type { Followed, RunClient } from './run-client.ts'
import { isTail, streamView } from './stream-view.ts'

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
  wanted(entry: Entry): void
  unwanted(entry: Entry): void
}

/** What a server knew of one thing. */
export interface Seed {
  /** How far it had got: what is further on is not replaced by it. */
  readonly at: number
  /** Lets an entry begin with it, or catch up. */
  fill(entry: Entry): void
}

export interface Wanted extends Pick<RunClient, 'run' | 'stream' | 'runList'> {
  /** What one connection is asked for. What is too much for one fails. */
  wants(): Want[]
  /** What anybody holds, by topic. Weakly: a render that is thrown away asks for a source and never follows it. */
  readonly held: ReadonlyMap<string, WeakRef<Entry>>
  /** What a server knew, by topic, until somebody asks for it. */
  readonly seeds: Map<string, Seed>
}

export function createWanted(host: WantedHost): Wanted {
  const { store, environment } = host
  const held = new Map<string, WeakRef<Entry>>()
  const seeds: Wanted['seeds'] = new Map()
  let sweepAt = 64

  /** Names whose entry was collected go whenever the map has doubled, because not everything we run on has a FinalizationRegistry. */
  function sweep(): void {
    if (held.size < sweepAt) return
    for (const [topic, entry] of held) if (!entry.deref()) held.delete(topic)
    sweepAt = Math.max(64, held.size * 2)
  }

  function entryOf<E extends Entry>(topic: string, make: () => E): E {
    let entry = held.get(topic)?.deref() as E | undefined
    if (!entry) {
      sweep()
      entry = make()
      held.set(topic, new WeakRef(entry))
      seeds.get(topic)?.fill(entry)
      seeds.delete(topic)
    }
    return entry
  }

  function follow(entry: Entry, from: number, maxParts: number, token: string | undefined, listener: () => void): () => void {
    // not before, in a render: who follows last has the newest one
    if (token !== undefined && token !== entry.spent) entry.token = token
    const stop = entry.topic.subscribe(listener)
    const follower = { maxParts }
    entry.followers.add(follower)
    keepWhatIsShown(entry)
    entry.cancelLinger?.()
    if (entry instanceof StreamEntry) {
      const { latest } = entry.topic
      // what was let go of is not asked for again by who would not show it
      entry.topic.latest = lowerStart(latest, Math.max(from, latest.log.length - maxParts))
    }
    host.wanted(entry)
    return () => {
      if (!entry.followers.delete(follower)) return
      stop()
      if (entry.followers.size > 0) keepWhatIsShown(entry)
      else entry.cancelLinger = environment.setTimer(() => host.unwanted(entry), host.linger)
    }
  }

  /** @param view - what its readers see of what is known of it. */
  function sourceOf<T extends Failing, S extends Failing, V>(
    entry: Entry<T>,
    reader: Reader<S, V>,
    view: (latest: T) => S,
    token: string | undefined,
    startIndex?: number,
    maxParts: number = Number.POSITIVE_INFINITY,
  ): Followed<S, V> {
    const key = `${startIndex} ${maxParts} ${token}`
    // the end that is there when one reader comes is none of another's
    let source = isTail(startIndex) ? undefined : (entry.sources.get(key) as Followed<S, V> | undefined)
    if (!source) {
      const subscribe = (listener: () => void): (() => void) => follow(entry, firstOf(startIndex), maxParts, token, listener)
      source = followed({ subscribe, getSnapshot: () => view(entry.topic.getSnapshot()) }, reader, host.connection)
      if (!isTail(startIndex)) entry.sources.set(key, source)
    }
    return source
  }

  return {
    held,
    seeds,

    run(ref) {
      const { id, token } = resolve(ref)
      const entry = entryOf(runTopic(id), () => new RunEntry(id, store.publisher))
      return sourceOf(entry, runReader, (latest) => latest, token)
    },

    stream(ref, key, startIndex, maxParts, place = { begin: startIndex }) {
      // not Infinity either
      if ((startIndex ?? 0) % 1 !== 0 || (maxParts ?? 0) % 1 !== 0 || Number(maxParts) < 0)
        throw new InvalidRequestError('startIndex and maxParts are whole numbers')
      const { id, token } = resolve(ref)
      const entry = entryOf(streamTopic(id, key), () => new StreamEntry(id, key, firstOf(startIndex), store))
      return sourceOf(entry, streamReader, streamView(place, maxParts), token, startIndex, maxParts)
    },

    runList(query, token) {
      const entry = entryOf(topicOf({ query }), () => new ListEntry(query, store.publisher))
      return sourceOf(entry, listReader, (latest) => latest, token)
    },

    wants() {
      const wants: Want[] = []
      // what stands around the wants
      let bytes = 128
      for (const entry of store.followed.values()) {
        if (!entry.isOpen) continue
        const { name, token } = entry
        const want = { ...entry.want(), ...(token !== undefined && { token }) }
        // names that are longer in UTF-8 than in UTF-16 are counted by their worst
        bytes += JSON.stringify(want).length * (/[^\0-\x7f]/.test(name) ? 3 : 1) + 1
        if (wants.length < MAX_WANTS && bytes <= MAX_WANTS_BYTES) wants.push(want)
        else entry.fail(new RunfeedError('too_many_wants', `one client follows at most ${MAX_WANTS} runs and streams; follow a list of runs instead`))
      }
      return wants
    },
  }
}

function keepWhatIsShown(entry: Entry): void {
  if (!(entry instanceof StreamEntry)) return
  entry.keep = 0
  for (const { maxParts } of entry.followers) {
    entry.keep = Math.max(entry.keep, maxParts)
    // ten thousand who keep all of it come and go one by one
    if (entry.keep === Number.POSITIVE_INFINITY) return
  }
}

/** By default all of it: where its readers start is known only with its first frame, and moves. */
const firstOf = (startIndex: number | undefined): number => Math.max(0, startIndex ?? 0)
