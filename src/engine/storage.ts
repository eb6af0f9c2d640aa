// Where an embedded engine keeps its runs: the memory and the SQLite engine differ in this interface and in nothing else.
// Synchronous, and without rules: what may happen is decided above it. An engine on another machine shares decide.ts and friends, not this.
import type { ClaimRequest, LogEntry, RunList } from '../protocol/engine.ts'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import type { RunState } from './state.ts'

/** What is known of a stream beside its state, which is in the record. */
export interface StreamPlace {
  /** The length at the last opening. */
  readonly start: number
  /** The index after the last chunk. */
  readonly length: number
  /** The attempt that opened it last; -1 when none did. */
  readonly attempt: number
  /** The tag of the last batch; that of START while there is none. */
  readonly tag: string
  /** The first chunk that is still kept. */
  readonly first: number
  /** `size` of all batches there ever were. */
  readonly total: number
  /** `size` of those that are gone. */
  readonly cut: number
}
export const NO_PLACE: StreamPlace = { start: 0, length: 0, attempt: -1, tag: '0', first: 0, total: 0, cut: 0 }

/** What one `append` brought. */
export interface ChunkBatch {
  readonly first: number
  readonly count: number
  readonly tag: string
  readonly by: string
  /** Length of all of its chunks as JSON text. */
  readonly size: number
  /** `size` of this one and of all before it. */
  readonly total: number
  chunks(): readonly Json[]
}
export interface NewBatch {
  readonly first: number
  readonly tag: string
  readonly by: string
  readonly chunks: readonly Json[]
  /** The JSON text of each. */
  readonly texts: readonly string[]
}

/** A version in the log, with the bytes of its patch. */
export interface SizedEntry {
  readonly entry: LogEntry
  readonly bytes: number
}

/** The last thing that a writer said about a run, and what it was answered. */
export interface Answered<T> {
  readonly sequence: number
  readonly answer: T
}

/** A worker's last claim. */
export interface Claimed {
  readonly sequence: number
  readonly taken: readonly { readonly run: string; readonly attempt: number }[]
}

export interface IdPage {
  readonly ids: readonly string[]
  readonly next?: string
}

/** What makes a run a member of lists. */
export type Membership = Pick<Run, 'id' | 'namespace' | 'task' | 'tags' | 'parentId'>

export interface Purged {
  readonly gone: readonly Membership[]
  /** Whether it found any, so that there may be more. */
  readonly hasMore: boolean
}

export interface Storage {
  load(run: string): RunState | undefined
  insert(state: RunState): void
  /** The next version of a run that is there. */
  save(state: RunState, entry: LogEntry): void
  /** The same version of a run whose plan says from now on that its parent waits for it. */
  saveAwaited(state: RunState): void
  /** The versions after `after` up to `upTo`; `undefined` when the log does not reach back so far, or not so far ahead. */
  log(run: string, after: number, upTo: number): readonly LogEntry[] | undefined
  tagOf(run: string, version: number): string | undefined
  /** The oldest version that can be rebuilt: that of the first snapshot. */
  oldest(run: string): number
  /** The versions after `after`, oldest first, read as they are taken. */
  entries(run: string, after: number): Iterable<SizedEntry>
  /** The record as it was at a version that the log reaches. */
  at(run: string, version: number): Run

  /** Descendants that have not ended, parents before children. */
  liveDescendants(run: string): readonly string[]
  /** Those of them that are waited for, by a parent that is waited for itself or is the run. */
  awaitedDescendants(run: string): readonly string[]
  hasLiveDescendants(run: string): boolean
  /** Newest first. */
  list(request: RunList, limit: number): IdPage
  /** How many runs there are of each status. */
  counts(): { readonly [status: string]: number }
  /** Queued runs of these tasks, oldest first, as many of each concurrency key as its task's limit leaves room for. */
  queued(tasks: readonly string[], max: number, limits?: ClaimRequest['limits'], namespace?: string): readonly string[]

  /** The run that was made with this key. */
  byKey(namespace: string, task: string, key: string): string | undefined
  /** Runs to look at by `now`, as `dueAt` says, the earliest first. */
  due(now: number, max: number): readonly string[]
  nextDue(): number | undefined

  /** When the first of the roots that have ended did. */
  firstEnd(): number | undefined
  /** Removes runs of trees that had ended, whole, by `before`: a portion. */
  purge(before: number, max: number): Purged

  answered<T>(run: string, writer: string): Answered<T> | undefined
  remember(run: string, writer: string, said: Answered<unknown>, at: number): void
  claimed(worker: string): Claimed | undefined
  rememberClaim(worker: string, claimed: Claimed, at: number): void
  /** Answers from before `at` may be forgotten. */
  forget(at: number): void

  place(run: string, stream: string): StreamPlace
  open(run: string, stream: string, attempt: number): void
  append(run: string, stream: string, batch: NewBatch): void
  /** Removes the batches before `first`. @param cut - their `size`, and that of what was removed before. */
  cut(run: string, stream: string, first: number, cut: number): void
  /** Batches in order, from the one that holds `index`. */
  batches(run: string, stream: string, index: number): Iterable<ChunkBatch>
}
