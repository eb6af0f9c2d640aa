// What one connection asks for: `POST /v1/feed { wants: [...] }`.
import type { Cursor } from './cursor.ts'
import type { RunQuery } from './rest.ts'

/** A run: its record and everything that happens to it. Without a cursor it begins with the whole record. */
export interface RunWant {
  readonly run: string
  readonly stream?: undefined
  readonly query?: undefined
  readonly cursor?: Cursor
  /** A token of its own, where it is not the connection's. */
  readonly token?: string
}
/** A stream of a run. `index` is the first chunk wanted (negative: from the end); a cursor is where an earlier connection got to. */
export interface StreamWant {
  readonly run: string
  readonly stream: string
  readonly query?: undefined
  readonly index?: number
  readonly cursor?: Cursor
  readonly token?: string
}
/** The newest runs of a query: which they are, in order, and their records without payload and output. */
export interface QueryWant {
  readonly query: FeedQuery
  readonly run?: undefined
  readonly stream?: undefined
  /** Members that are known from an earlier connection, by their ids: they begin there. */
  readonly cursors?: { readonly [run: string]: Cursor }
  readonly token?: string
}
export type Want = RunWant | StreamWant | QueryWant

/** A conjunction with at least one of ids, tag, task and parent. */
export interface FeedQuery extends RunQuery {
  /** @defaultValue 50, at most 200 */
  readonly limit?: number
}

export interface FeedRequest {
  readonly protocol?: number
  readonly wants: readonly Want[]
  /** The answer ends once all that is there now has been written: for a client behind a proxy that swallows streams. @defaultValue false */
  readonly poll?: boolean
}

export const DEFAULT_QUERY_LIMIT = 50
export const MAX_QUERY_LIMIT = 200

/** What frames call a query: its JSON text with members in the order of the alphabet, the limit always there, ids and statuses sorted and each once. */
export function queryName({ ids, limit = DEFAULT_QUERY_LIMIT, parent, status, tag, task }: FeedQuery): string {
  const sorted = (list: readonly string[] | undefined): readonly string[] | undefined => list && [...new Set(list)].sort()
  return JSON.stringify({ ids: sorted(ids), limit, parent, status: sorted(status), tag, task })
}

type Wanted =
  | { readonly run: string; readonly stream?: string | undefined; readonly query?: undefined }
  | { readonly query: FeedQuery | string; readonly run?: undefined; readonly stream?: undefined }

/** The name of what a want asks for. That of a run and of a stream is also the topic that an engine wakes. */
export function topicOf(want: Wanted): string {
  if (want.query !== undefined) return `query:${typeof want.query === 'string' ? want.query : queryName(want.query)}`
  return want.stream === undefined ? runTopic(want.run) : streamTopic(want.run, want.stream)
}
/** A commit, or the end of a descendant. */
export const runTopic: (id: string) => string = named((id) => `run:${id}`)
/** Chunks, or the stream's opening or end. */
export const streamTopic: (id: string, key: string) => string = named((id, key) => `stream:${id}:${key}`)

/** Frames of one thing come one after another: to make and hash its name for each took a fifth of a token's time. */
function named(name: (id: string, key: string) => string): (id: string, key?: string) => string {
  let [lastId, lastKey, last] = ['', '', name('', '')]
  return (id, key = '') => {
    if (id !== lastId || key !== lastKey) last = name((lastId = id), (lastKey = key))
    return last
  }
}

/** The topics of `RunEngine.wake`. */
export const topics = {
  run: (id: string): string => runTopic(id),
  stream: (id: string, key: string): string => streamTopic(id, key),
  /** What whoever executes the run must know: it is to be canceled, or another attempt took over. */
  control: (id: string): string => `control:${id}`,
  /** Which runs are of a task, have a tag or a parent, or what status one of them has, may have changed. */
  members: (kind: 'task' | 'tag' | 'parent', value: string): string => `members:${kind}:${value}`,
  /** There is something to claim. */
  queue: 'queue',
  /** `queue`, or one of `members`, of one namespace's runs alone. No name has a blank. */
  within: (namespace: string, topic: string): string => `${topic} ${namespace}`,
} as const
