// What one connection asks for: `POST /v1/feed { wants: [...] }`.
import type { Cursor } from './cursor.ts'

/** A run: its record and everything that happens to it. Without a cursor it begins with the whole record. */
export interface RunWant {
  readonly run: string
  readonly stream?: undefined
  readonly cursor?: Cursor
  /** A token of its own, where it is not the connection's. */
  readonly token?: string
}
/** A stream of a run. `index` is the first chunk wanted (negative: from the end); a cursor is where an earlier connection got to. */
export interface StreamWant {
  readonly run: string
  readonly stream: string
  readonly index?: number
  readonly cursor?: Cursor
  readonly token?: string
}
export type Want = RunWant | StreamWant

export interface FeedRequest {
  readonly protocol?: number
  readonly wants: readonly Want[]
}

/** The name of what a want asks for, which is also the topic that an engine wakes. */
export const topicOf = (want: { readonly run: string; readonly stream?: string | undefined }): string =>
  want.stream === undefined ? topics.run(want.run) : topics.stream(want.run, want.stream)

/** The topics of `RunEngine.wake`. */
export const topics = {
  /** A commit, or the end of a descendant. */
  run: (id: string): string => `run:${id}`,
  /** Chunks, or the stream's opening or end. */
  stream: (id: string, key: string): string => `stream:${id}:${key}`,
  /** What whoever executes the run must know: it is to be canceled, or another attempt took over. */
  control: (id: string): string => `control:${id}`,
  /** Which runs are of a task, have a tag or a parent, or what status one of them has, may have changed. */
  members: (kind: 'task' | 'tag' | 'parent', value: string): string => `members:${kind}:${value}`,
  /** There is something to claim. */
  queue: 'queue',
} as const
