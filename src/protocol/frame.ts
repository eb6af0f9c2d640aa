// Frames: what the feed says, and how a frame is written as a server-sent event (WHATWG HTML, 9.2).
// Unknown frames and unknown fields are ignored by readers.
import type { Cursor } from './cursor.ts'
import type { Json } from './json.ts'
import type { Patch } from './patch.ts'
import type { Run, StreamState } from './run.ts'

/** Fields of the record that are not in this frame, because they are over 128 kB or the run is only a member of a query; read them by REST. */
export type Omitted = readonly ('payload' | 'output')[]

/** A run of a query's membership. */
export interface Member {
  readonly id: string
  readonly version: number
}

/** Which subscription failed, and why. */
export type Denied = (
  | { readonly run: string; readonly stream?: string; readonly query?: undefined }
  | { readonly query: string; readonly run?: undefined; readonly stream?: undefined }
) & { readonly code: string; readonly message: string }

interface FrameData {
  /**
   * The first frame, at once. `heartbeat` is ms between two pings, `time` the server's clock, `spread` the ms over which clients come back when the
   * server is lost: it knows how many they are.
   */
  readonly open: { readonly protocol: number; readonly heartbeat: number; readonly time: number; readonly spread?: number }
  /** Replaces what the client has, unless the client's is newer. */
  readonly run: { readonly run: Run; readonly cursor: Cursor; readonly omitted?: Omitted }
  /**
   * What changed from version `base` to the cursor's. The patch is over the whole record, but for `version` and `updatedAt`: those are the
   * cursor's number and `at`. `by` is the run that wrote it, null where that is the server or several.
   */
  readonly patch: {
    readonly run: string
    readonly base: number
    readonly cursor: Cursor
    readonly at: number
    readonly patch: Patch
    readonly by: string | null
    readonly omitted?: Omitted
  }
  /** `index` is that of the first chunk; overlap is skipped, a hole is a resync. */
  readonly chunks: {
    readonly run: string
    readonly stream: string
    readonly index: number
    readonly cursor: Cursor
    readonly chunks: readonly Json[]
    readonly by: string | null
  }
  /** A stream opened (again) or ended. `start` is where readers show from, `length` the index after its last chunk. */
  readonly stream: {
    readonly run: string
    readonly stream: string
    readonly state: StreamState
    readonly start: number
    readonly length: number
    readonly error?: string
  }
  /** The run has ended, and the client has its last version so far. `lengths` are those of its streams, `settled` whether its descendants have ended too. */
  readonly end: { readonly run: string; readonly cursor: Cursor; readonly lengths: { readonly [stream: string]: number }; readonly settled: boolean }
  /** Chunks from `from` to `to` (exclusive) are gone; chunks follow from `to`. */
  readonly gap: { readonly run: string; readonly stream: string; readonly from: number; readonly to: number }
  /**
   * A query's whole membership, newest first; replaces what the client has. `query` is its name (see `queryName`), a version the least that belongs
   * to this membership, `hasMore` whether there are runs beyond the limit.
   */
  readonly list: { readonly query: string; readonly runs: readonly Member[]; readonly hasMore: boolean }
  /** A run became a member, placed before another one; null: at the end. */
  readonly enter: { readonly query: string; readonly run: Member; readonly before: string | null }
  /** A run is no member any more. The version that made it leave came before. */
  readonly leave: { readonly query: string; readonly run: string }
  /** This subscription failed; the others go on. */
  readonly denied: Denied
  readonly ping: { readonly time: number; readonly spread?: number }
  /** This node drains; come back after so many ms. */
  readonly bye: { readonly reconnectAfter: number }
}

export type FrameEvent = keyof FrameData
export type FrameOf<E extends FrameEvent> = { readonly event: E; readonly data: FrameData[E] }
export type Frame = { [E in FrameEvent]: FrameOf<E> }[FrameEvent]

/** The frame as an event. JSON text has neither CR nor LF, so one `data:` line holds it. */
export const encodeFrame = (frame: Frame): string => `event: ${frame.event}\ndata: ${JSON.stringify(frame.data)}\n\n`
