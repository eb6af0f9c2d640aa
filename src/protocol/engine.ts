// The interfaces of what keeps runs. No method assumes one process: an engine may be a file, memory, or a server elsewhere.
// A commit addresses one run; nothing is atomic across runs. Every promise settles when what it says is durable, as the engine defines that.
import type { Cursor } from './cursor.ts'
import type { ErrorBody } from './errors.ts'
import type { Json } from './json.ts'
import type { Operation } from './operation.ts'
import type { Patch } from './patch.ts'
import type { RunListRequest, RunPage } from './rest.ts'
import type { NewRun, Run, RunFailure, StreamState } from './run.ts'
import type { TerminalStatus } from './status.ts'

/** Everything that one writer says about one run at once: one version, or none where it changes nothing. */
export interface Commit {
  readonly run: string
  readonly operations?: readonly Operation[]
  /** The run's own attempt; required for `move`, `streams`, `end` and `retry`. A descendant that writes to its parent names none. */
  readonly attempt?: number
  /** The run that writes, where it is not the addressed one. */
  readonly by?: string
  /** A repeat of the same number by the same writer is answered as before, and not applied again. */
  readonly writer?: Writer
  /** The attempt begins to wait for other runs, or goes on. */
  readonly move?: 'WAITING' | 'EXECUTING'
  readonly streams?: { readonly [key: string]: StreamChange }
  /** Tags to add and to take away. */
  readonly tags?: { readonly add?: readonly string[]; readonly remove?: readonly string[] }
  /** The run's last commit: open streams close as `aborted`, the status is final. */
  readonly end?: RunEnd
  /**
   * The attempt is over and another is to come: the run is QUEUED, or DELAYED until `at` (ms since the epoch); `error` is what the attempt met,
   * until the next one begins. Open streams stay open. What the attempt has queued is canceled, but for what has an idempotency key. A run that is
   * to be canceled ends as CANCELED instead. Refused as InvalidRequestError when no attempt is left.
   */
  readonly retry?: { readonly at: number; readonly error: RunFailure }
  /** The version that the writer knows; the answer then brings the patch from there. */
  readonly base?: number
}

/** Who says something, and the how manieth thing of that writer it is. */
export interface Writer {
  readonly id: string
  readonly sequence: number
}

export type StreamChange = { readonly state: 'open' } | { readonly state: 'closed' } | { readonly state: 'errored'; readonly error: string }

export interface RunEnd {
  readonly status: TerminalStatus
  readonly output?: Json
  readonly error?: RunFailure
}

export interface CommitAnswer {
  readonly version: number
  readonly cursor: Cursor
  /** The metadata's size at this version, bytes of its JSON: the writer need not measure what it knows by patches. */
  readonly bytes: number
  /** The operations that were left out, by their index in the commit. */
  readonly refused: readonly { readonly index: number; readonly error: ErrorBody }[]
  /** What happened after `base`, this commit included; the whole run where the log no longer reaches back. Absent without `base`. */
  readonly since?: { readonly patch: Patch /** The patch is this commit's alone. */; readonly isOwn?: true } | { readonly run: Run }
}

/** A run and the cursor of its version. */
export interface StoredRun {
  readonly run: Run
  readonly cursor: Cursor
}

/** One version in the log. */
export interface LogEntry {
  readonly cursor: Cursor
  readonly at: number
  readonly by: string | null
  /** Over the record, but for `version` and `updatedAt`. */
  readonly patch: Patch
}

export interface RunRecord {
  /**
   * Makes queued or delayed runs, in order, all or none. For an idempotency key that a run of the task was made with, that run is answered;
   * so is the run that has the wanted `id` already, so that a repeated call makes nothing twice.
   * @throws NotFoundError for a parent that is not there, RunEndedError for one that has ended, RunfeedError `canceled` for one that is being canceled.
   */
  create(runs: readonly NewRun[]): Promise<readonly Run[]>
  read(run: string): Promise<StoredRun | undefined>
  /** @throws NotFoundError, RunEndedError, StaleAttemptError, TooLargeError (output), InvalidRequestError. A refused operation does not throw: see the answer. */
  commit(commit: Commit): Promise<CommitAnswer>
  /** The versions after a cursor, oldest first; `undefined` for a cursor that the log does not hold. */
  since(run: string, cursor: Cursor): Promise<readonly LogEntry[] | undefined>
  list(request: RunList): Promise<RunPage>
  /** The versions that the log holds after `after`, oldest first: `limit` of them at most, fewer where they are large, but one where there is one. @throws NotFoundError */
  history(run: string, after: number, limit: number): Promise<RunHistory>
  /** The record as it was at a version. @throws NotFoundError (no such run, or not yet), VersionGoneError where the log no longer reaches back. */
  at(run: string, version: number): Promise<Run>
  /** A queued or delayed run ends at once; an executing one gets `cancelRequestedAt` and is ended by its worker. Ended already: nothing. @throws NotFoundError */
  cancel(run: string): Promise<Run>
  /** Whether neither the run nor a descendant of it lives any more. */
  isSettled(run: string): Promise<boolean>
}

export interface RunList extends RunListRequest {
  /** @defaultValue every one */
  readonly namespace?: string
}

export interface RunHistory {
  /** The oldest version that can still be read. */
  readonly oldest: number
  readonly versions: readonly (LogEntry & { readonly version: number })[]
}

export interface StreamInfo {
  /** `undefined`: never opened. */
  readonly state: StreamState | undefined
  /** Where readers show from: the length at the last opening. */
  readonly start: number
  /** The index after the last chunk. */
  readonly length: number
  /** The first chunk that is still kept. */
  readonly first: number
  readonly error?: string
}

export interface ChunkRead {
  readonly index: number
  readonly chunks: readonly Json[]
  /** Of the position after the last of them. */
  readonly cursor: Cursor
  /** Who wrote them, null where several did. */
  readonly by: string | null
}

export interface ChunkSource {
  readonly by: string
  /** Set on the run's own streams. */
  readonly attempt?: number
  /** A repeat of the same number by the same writer is answered as before, and appends nothing. */
  readonly writer?: Writer
}

export interface ChunkLog {
  /**
   * Appends to an open stream; the engine gives the indexes.
   * @throws NotFoundError, RunEndedError, StaleAttemptError, TooLargeError; InvalidRequestError when the stream is not open.
   */
  append(run: string, stream: string, chunks: readonly Json[], from: ChunkSource): Promise<{ readonly index: number }>
  /** @throws NotFoundError when there is no such run */
  info(run: string, stream: string): Promise<StreamInfo>
  /** Chunks from `index` on, about `maxBytes` of them but at least one where there is one. */
  read(run: string, stream: string, index: number, maxBytes: number): Promise<ChunkRead>
  /** Whether the log holds this cursor. */
  holds(run: string, stream: string, cursor: Cursor): Promise<boolean>
}

export interface ClaimRequest {
  /** Names the claiming worker. */
  readonly worker: string
  /** Only runs of these tasks. */
  readonly tasks: readonly string[]
  readonly max: number
  /** Only runs of this one. @defaultValue every one */
  readonly namespace?: string
  /** The worker outlives the process that the engine is in: its leases, and what it holds, stay when that one starts again. @defaultValue false */
  readonly isRemote?: boolean
  /** The how manieth claim of this worker it is: the last one, asked again because its answer was lost, is answered with what it took. */
  readonly sequence?: number
  /** For tasks with a concurrency limit: how many of each concurrency key (`''` is none) may execute at once, and how many of them do already. */
  readonly limits?: { readonly [task: string]: { readonly limit: number; readonly executing: { readonly [key: string]: number } } }
  /**
   * What the tasks say of runs whose trigger says nothing: a server that does not hold them gives it to the runs that are made from then on. Of
   * those that were made before, `maxAttempts` and `ttl` are looked at when they are claimed. Ms.
   */
  readonly settings?: { readonly [task: string]: { readonly maxAttempts?: number; readonly maxDuration?: number; readonly ttl?: number } }
}

/** The run as it is after the claim: EXECUTING, its attempt counted. */
export interface Claim {
  readonly run: Run
  /** No attempt before this one was executed: those that were given back were not. @defaultValue by the number of the attempt, for servers that do not say it */
  readonly isFirst?: boolean
  readonly leaseUntil: number
  readonly maxAttempts: number
  /** Ms; `null` without a limit. */
  readonly maxDuration: number | null
  /** `''` for none. */
  readonly concurrencyKey: string
  /** Bytes of JSON that the run's metadata may be. @defaultValue what the worker's environment says, for servers that do not say it */
  readonly metadataLimit?: number
}

export interface RunQueue {
  /** Takes queued runs, oldest first, under a lease. */
  claim(request: ClaimRequest): Promise<readonly Claim[]>
  /**
   * Makes a run that this worker executes from the start, at attempt 1; it never is in the queue.
   * @throws as RunRecord.create does; InvalidRequestError for an `id` or a key of a run that is not this worker's.
   */
  begin(run: NewRun, claim: Pick<ClaimRequest, 'worker' | 'isRemote'>): Promise<Claim>
  /** Renews leases; answers the runs that this worker still holds. */
  renew(worker: string, runs: readonly string[]): Promise<readonly string[]>
  /** Gives a claimed run back, unfinished and unharmed: it is queued again. Its attempt is over, yet counts neither as one of `maxAttempts` nor as executed. */
  release(worker: string, run: string): Promise<void>
}

/** What keeps runs: the record, the chunks, the queue, and a bell. */
export interface RunEngine {
  readonly record: RunRecord
  readonly chunks: ChunkLog
  readonly queue: RunQueue
  /**
   * Calls `listener` when there may be something new about a topic (see want.ts). No data; late, spurious and repeated wakes are allowed.
   * @returns ends it.
   */
  wake(topic: string, listener: () => void): () => void
  /** How many runs there are of each status, in all namespaces; for figures. Absent where an engine cannot tell. */
  counts?(): Promise<{ readonly [status: string]: number }>
  close(): Promise<void>
}

/** The part of an engine that a worker needs; over HTTP it is the same part. */
export interface RunBackend {
  readonly record: Pick<RunRecord, 'create' | 'read' | 'commit' | 'list' | 'cancel' | 'isSettled'>
  readonly chunks: ChunkLog
  readonly queue: RunQueue
  wake(topic: string, listener: () => void): () => void
  /** How long calls that meet what may pass are made again, ms. @defaultValue 30,000, a lease */
  readonly patience?: number
}
