// What a client knows, as text for a page that another client begins with.
import type { Cursor } from '../protocol/cursor.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { Run, StreamState } from '../protocol/run.ts'
import { type FeedQuery, runTopic, streamTopic, topicOf } from '../protocol/want.ts'
import type { Entry } from '../store/entry.ts'
import { GrowingLog } from '../store/growing-log.ts'
import { type KnownMember, ListEntry } from '../store/list-entry.ts'
import { RunEntry } from '../store/run-entry.ts'
import type { RunSnapshot } from '../store/snapshot.ts'
import { StreamEntry } from '../store/stream-entry.ts'
import { insides } from './insides.ts'
import type { RunClient } from './run-client.ts'
import type { Seed, Wanted } from './wanted.ts'

interface KnownRun {
  readonly run: Run
  readonly cursor: Cursor | undefined
  readonly end: RunSnapshot['end']
}
interface KnownStream {
  readonly run: string
  readonly stream: string
  readonly first: number
  readonly from: number
  readonly chunks: readonly Json[]
  readonly cursor: Cursor | undefined
  readonly state: StreamState | undefined
  readonly start: number
  readonly failure: string | undefined
}
interface KnownList {
  readonly query: FeedQuery
  readonly runs: readonly KnownMember[]
  readonly hasMore: boolean
}
/** What JSON leaves out. */
const UNSAID = { cursor: undefined, state: undefined, failure: undefined }

/** What `dehydrate` writes. Its shape is for `hydrate` of the same version alone. */
export interface ClientState {
  readonly runs: readonly KnownRun[]
  readonly streams: readonly KnownStream[]
  readonly lists: readonly KnownList[]
}

/**
 * The runs, streams and lists of runs that this client knows, as JSON text in which nothing ends a script element (`<`, U+2028 and U+2029 are escaped).
 * It holds payloads and metadata: give it to whoever may read them.
 */
export function dehydrate(client: RunClient): string {
  const runs: KnownRun[] = []
  const streams: KnownStream[] = []
  const lists: KnownList[] = []
  for (const held of wantedOf(client).held.values()) {
    const entry = held.deref()
    if (entry instanceof RunEntry) {
      const { run, cursor, end } = entry.topic.latest
      if (run) runs.push({ run, cursor, end })
    } else if (entry instanceof StreamEntry) {
      const { log, from, cursor, state, start, failure } = entry.topic.latest
      if (state !== undefined || log.length > log.firstIndex)
        streams.push({ run: entry.run, stream: entry.key, first: log.firstIndex, from, chunks: log.slice(), cursor, state, start, failure })
    } else if (entry instanceof ListEntry) {
      const { runs: shown, hasMore } = entry.topic.latest
      if (shown) lists.push({ query: entry.query, runs: shown.map((run) => entry.known(run.id) ?? { run, cursor: undefined }), hasMore })
    }
  }
  const text = JSON.stringify({ runs, streams, lists } satisfies ClientState)
  return text.replace(/[<\u2028\u2029]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/**
 * Lets a client begin with what another one knew, or catch up with it. Where it is further on itself, that stays; call it before the first render.
 * @param state - what `dehydrate` wrote, as text or as the value that the page made of it.
 * @throws InvalidRequestError when it is nothing of that kind.
 */
export function hydrate(client: RunClient, state: string | ClientState): void {
  plant(client, state)
}

/**
 * @param isRendering - leaves alone what others show: it has to be called again once the render is on the page.
 * @returns lets go of what nobody has asked for since.
 */
export function plant(client: RunClient, state: string | ClientState, isRendering = false): () => void {
  const { held, seeds } = wantedOf(client)
  const planted = seedsIn(state)
  for (const [topic, seed] of planted) {
    const entry = held.get(topic)?.deref()
    if (!entry) {
      if (seed.at >= (seeds.get(topic)?.at ?? 0)) seeds.set(topic, seed)
    } else if (!isRendering) seed.fill(entry)
  }
  return () => {
    for (const [topic, seed] of planted) if (seeds.get(topic) === seed) seeds.delete(topic)
  }
}

function seedsIn(state: string | ClientState): readonly [string, Seed][] {
  try {
    return [...seedsOf(typeof state === 'string' ? (JSON.parse(state) as ClientState) : state)]
  } catch (cause) {
    const error = new InvalidRequestError('hydrate: this is not what dehydrate wrote; pass its text unchanged')
    error.cause = cause
    throw error
  }
}

function* seedsOf({ runs, streams, lists }: ClientState): Generator<[string, Seed]> {
  for (const { run, cursor, end } of runs)
    yield [
      runTopic(run.id),
      seedOf<RunEntry>(run.version, ({ topic }, at) => {
        const { latest } = topic
        if ((latest.run?.version ?? 0) < at) topic.latest = { ...latest, run, cursor, end: end ? { ...end, live: false } : latest.end }
      }),
    ]
  for (const { run, stream, first, chunks, ...rest } of streams)
    yield [
      streamTopic(run, stream),
      seedOf<StreamEntry>(first + chunks.length, ({ topic, followers }, at) => {
        const { latest } = topic
        const { log, from, refill, ending } = latest
        // who follows it has asked for what is before it
        if (log.length === log.firstIndex && followers.size === 0)
          topic.latest = { ...latest, ...UNSAID, ...rest, log: GrowingLog.at<Json>(first).append(first, chunks) }
        // between the two nothing may be missing
        else if (log.length < at && first <= log.length && !refill && !ending)
          topic.latest = { ...latest, ...UNSAID, ...rest, from, log: log.append(first, chunks) }
      }),
    ]
  for (const { query, runs: members, hasMore } of lists)
    yield [
      topicOf({ query }),
      seedOf<ListEntry>(Math.max(0, ...members.map(({ run }) => run.updatedAt)), (list) => {
        // which runs it has is told by a connection whole
        if (list.topic.latest.runs) return
        list.list({ query: list.name, runs: members.map(({ run }) => run), hasMore })
        for (const { run, cursor } of members) list.take(run, cursor)
      }),
    ]
}

function seedOf<E extends Entry>(at: number, fill: (entry: E, at: number) => void): Seed {
  return {
    at,
    fill(entry) {
      fill(entry as E, at)
      // at once: a first render shows it
      if (entry.topic.publish()) entry.topic.notify()
    },
  }
}

function wantedOf(client: RunClient): Wanted {
  const wanted = insides.get(client)
  if (!wanted) throw new InvalidRequestError('dehydrate and hydrate take a client that createRunClient made')
  return wanted
}
