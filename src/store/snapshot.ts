// What the store publishes about a resource. A snapshot is replaced, never changed; an unchanged part keeps its identity.
import type { Cursor } from '../protocol/cursor.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { Run, StreamState } from '../protocol/run.ts'

/** What can be read now and followed: the shape that `useSyncExternalStore` takes. */
export interface Source<T> {
  getSnapshot(): T
  /** Calls `listener` after each publication. The first subscription opens what the source needs, the last one's end lets it go after a linger. */
  subscribe(listener: () => void): () => void
}

export interface RunSnapshot {
  /** `undefined` until the first record arrives. */
  readonly run: Run | undefined
  readonly cursor: Cursor | undefined
  /** Why this run cannot be read; nothing more will come unless it is subscribed to again. */
  readonly error: RunfeedError | undefined
  /** The run's end, once everything up to it has been applied. `live`: it happened while we watched. */
  readonly end: { readonly settled: boolean; readonly live: boolean } | undefined
}

export interface RunListSnapshot {
  /** The runs of the query, newest first, without payload and output. `undefined` until all of them have arrived. */
  readonly runs: readonly Run[] | undefined
  /** Whether there are more of them than its limit. */
  readonly hasMore: boolean
  /** Why the list cannot be read. */
  readonly error: RunfeedError | undefined
}

export interface StreamSnapshot {
  readonly log: ChunkLog<Json>
  /** `undefined` while the stream has not been opened. */
  readonly state: StreamState | undefined
  /** Readers show from here. */
  readonly start: number
  /** Why the stream itself ended as `errored`. */
  readonly failure: string | undefined
  /** Chunks that were lost to retention, if any. */
  readonly gap: { readonly from: number; readonly to: number } | undefined
  /** Why this stream cannot be read. */
  readonly error: RunfeedError | undefined
}

/** A view of a stream's chunks by their index in the stream. Making one copies nothing. */
export interface ChunkLog<T> extends Iterable<T> {
  /** The index after the last chunk. */
  readonly length: number
  /** The index of the first chunk that is held. */
  readonly firstIndex: number
  /**
   * Where the log was cut, each time it was: a server that crashed had told chunks that it then forgot, and others have come from that index on.
   * What was made of chunks from there on is to be made again.
   */
  readonly cuts: readonly number[]
  at(index: number): T | undefined
  /** @defaultValue from `firstIndex` to `length` */
  slice(from?: number, to?: number): T[]
}

/** The first index at which the log holds other chunks than when it had these cuts; Infinity where all are the same. */
export const changedFrom = (log: ChunkLog<unknown>, cuts: readonly number[]): number => Math.min(...log.cuts.slice(cuts.length))
