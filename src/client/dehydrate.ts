// What a client knows, as text for a page that another client begins with.
import type { Cursor } from '../protocol/cursor.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { Run, StreamState } from '../protocol/run.ts'
import { type FeedQuery, runTopic, streamTopic, topicOf } from '../protocol/want.ts'
import { GrowingLog } from '../store/growing-log.ts'
import { type KnownMember, ListEntry } from '../store/list-entry.ts'
import { RunEntry } from '../store/run-entry.ts'
import type { RunSnapshot } from '../store/snapshot.ts'
import { StreamEntry } from '../store/stream-entry.ts'
import { insides } from './insides.ts'
import type { RunClient } from './run-client.ts'
import type { Wanted } from './wanted.ts'

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
 * Lets a client begin with what another one knew. What it knows itself already stays; call it before the first render.
 * @param state - what `dehydrate` wrote, as text or as the value that the page made of it.
 * @throws InvalidRequestError when it is nothing of that kind.
 */
export function hydrate(client: RunClient, state: string | ClientState): void {
  const wanted = wantedOf(client)
  let known: ClientState
  try {
    known = typeof state === 'string' ? (JSON.parse(state) as ClientState) : state
    if (![known.runs, known.streams, known.lists].every(Array.isArray)) throw new TypeError('no runs, streams and lists')
  } catch (cause) {
    const error = new InvalidRequestError('hydrate: this is not what dehydrate wrote; pass its text unchanged')
    error.cause = cause
    throw error
  }
  for (const { run, cursor, end } of known.runs)
    wanted.seeds.set(runTopic(run.id), (entry) => {
      const { topic } = entry as RunEntry
      topic.latest = { ...topic.latest, run, cursor, end: end && { ...end, live: false } }
      // before anybody reads it: a first render shows it
      topic.publish()
    })
  for (const { run, stream, first, chunks, ...rest } of known.streams)
    wanted.seeds.set(streamTopic(run, stream), (entry) => {
      const { topic } = entry as StreamEntry
      const log = GrowingLog.at<Json>(first).append(first, chunks)
      topic.latest = { ...topic.latest, ...UNSAID, ...rest, log }
      topic.publish()
    })
  for (const { query, runs, hasMore } of known.lists)
    wanted.seeds.set(topicOf({ query }), (entry) => {
      const list = entry as ListEntry
      list.list({ query: list.name, runs: runs.map(({ run }) => run), hasMore })
      for (const { run, cursor } of runs) list.take(run, cursor)
      list.topic.publish()
    })
}

function wantedOf(client: RunClient): Wanted {
  const wanted = insides.get(client)
  if (!wanted) throw new InvalidRequestError('dehydrate and hydrate take a client that createRunClient made')
  return wanted
}
