// What a commit does to a run. Pure: the state and the commit in, the next version (or none) out. The engine decides, on the record,
// whether anything changes; a refused operation is left out alone and the rest applies.
import { Draft } from '../protocol/draft.ts'
import type { Commit, CommitAnswer, StreamChange } from '../protocol/engine.ts'
import { InvalidRequestError, RunEndedError, type RunfeedError, StaleAttemptError, TooLargeError, toRunfeedError } from '../protocol/errors.ts'
import { jsonBytes } from '../protocol/json.ts'
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.ts'
import type { Operation } from '../protocol/operation.ts'
import { coalescePatch } from '../protocol/patch.ts'
import { isTerminalStatus } from '../protocol/status.ts'
import { retryIn } from './attempts.ts'
import { endIn } from './end.ts'
import { checkName, checkTagCount } from './names.ts'
import type { EngineSettings } from './settings.ts'
import { Change, documentOf, isHeld, isLive, type RunHead, type RunState, type Step } from './state.ts'

export interface Decision {
  /** `undefined`: nothing changes. */
  readonly step: Step | undefined
  readonly refused: CommitAnswer['refused']
  /** Streams that this commit opens, anew or again. */
  readonly opened: readonly string[]
}

/** @param openedBy - the attempt that opened a stream last, -1 when none did. */
export function decide(state: RunState, commit: Commit, settings: EngineSettings, openedBy: (stream: string) => number): Decision {
  const now = settings.now()
  checkMayWrite(state.run, commit, now, settings.lateWritesMs)
  const change = new Change(state)
  if (commit.tags) changeTags(change, state.run, commit.tags)
  if (commit.move && commit.move !== state.run.status) change.set('status', commit.move)
  const opened: string[] = []
  for (const [key, wanted] of Object.entries(commit.streams ?? {})) {
    checkName('stream', key)
    if (changeStream(change, state.run, key, wanted, commit, openedBy)) opened.push(key)
  }
  if (commit.end) {
    const bytes = commit.end.output === undefined ? 0 : jsonBytes(commit.end.output)
    if (bytes > MAX_PAYLOAD_BYTES) throw new TooLargeError('output', bytes, MAX_PAYLOAD_BYTES)
    endIn(change, commit.end, now)
  }
  if (commit.retry) retryIn(change, state, commit.retry, now)
  // nothing may fail after this: it changes the document in place
  const refused = applyOperations(change, state, commit, settings.metadataLimit)
  const by = commit.by ?? (commit.attempt === undefined ? null : commit.run)
  return { step: change.isEmpty ? undefined : change.step(by, now), refused, opened }
}

/** Whoever names an attempt must be the one that executes the run now. */
export function checkAttempt(run: RunHead, attempt: number | undefined): void {
  if (attempt === undefined) return
  if (attempt !== run.attempt) throw new StaleAttemptError(run.id, attempt, run.attempt)
  // given back: the next attempt is to come, and this one is over
  if (!isHeld(run)) throw new StaleAttemptError(run.id, attempt, attempt + 1)
}

function checkMayWrite(run: RunHead, commit: Commit, now: number, lateWritesMs: number): void {
  const isOwn = commit.move !== undefined || commit.end !== undefined || commit.retry !== undefined
  if (!isLive(run)) {
    // what descendants and the secret key still have to say about the metadata comes after the end; the run itself has said its last
    const hasStreams = Object.keys(commit.streams ?? {}).length > 0
    const isLate = commit.attempt === undefined && !isOwn && !hasStreams && now - (run.finishedAt ?? now) <= lateWritesMs
    if (!isLate) throw new RunEndedError(run.id)
    return
  }
  checkAttempt(run, commit.attempt)
  if (isOwn && commit.attempt === undefined) throw new InvalidRequestError('a commit that moves, ends or retries a run names its attempt')
  if (commit.end && commit.retry) throw new InvalidRequestError('a commit ends a run or has it tried again, not both')
  if (commit.end && !isTerminalStatus(commit.end.status)) throw new InvalidRequestError(`${String(commit.end.status)} is no status that a run ends with`)
}

/** What is no operation at all is refused like one that does not fit: thrown, it would leave what came before it in the document, and in no version. */
function attempt(draft: Draft, operation: Operation): RunfeedError | undefined {
  try {
    return draft.apply(operation)
  } catch (thrown) {
    return new InvalidRequestError(`this is no operation: ${toRunfeedError(thrown).message}`)
  }
}

function applyOperations(change: Change, state: RunState, commit: Commit, limit: number): CommitAnswer['refused'] {
  if (!commit.operations || commit.operations.length === 0) return []
  const { bytes, unseen } = state
  const draft = new Draft({ document: documentOf(state), bytes }, limit, undefined, unseen.containers)
  const refused: { index: number; error: CommitAnswer['refused'][number]['error'] }[] = []
  for (const [index, operation] of commit.operations.entries()) {
    const error = attempt(draft, operation)
    if (error) refused.push({ index, error: error.toJSON() })
  }
  unseen.containers = draft.owned
  if (draft.patch.length > 0) change.metadata(draft.result, coalescePatch(draft.patch))
  return refused
}

/** @throws InvalidRequestError naming the tag, or how many are too many */
function changeTags(change: Change, { tags }: RunHead, { add = [], remove = [] }: NonNullable<Commit['tags']>): void {
  for (const tag of [...add, ...remove]) checkName('tag', tag)
  const left = new Set(tags)
  for (const tag of remove) left.delete(tag)
  for (const tag of add) left.add(tag)
  const next = [...left]
  // a run of a time without this limit may lose tags one by one
  if (next.length > tags.length) checkTagCount(next)
  if (next.length !== tags.length || next.some((tag, at) => tag !== tags[at])) change.tags(next)
}

/** @returns whether the stream opens. */
function changeStream(change: Change, run: RunHead, key: string, wanted: StreamChange, commit: Commit, openedBy: (stream: string) => number): boolean {
  const current = Object.hasOwn(run.streams, key) ? run.streams[key] : undefined
  switch (wanted.state) {
    case 'open': {
      // left open by an earlier attempt: it opens again, and readers show from here
      const isAgain = commit.attempt !== undefined && openedBy(key) < commit.attempt
      if (current?.state === 'open' && !isAgain) return false
      if (current && commit.attempt === undefined) throw new InvalidRequestError(`the stream ${key} has ended; only the run itself opens it again`)
      change.stream(key, { state: 'open' })
      return true
    }
    case 'closed':
    case 'errored':
      if (commit.attempt === undefined) throw new InvalidRequestError(`the stream ${key} is ended by the run's own attempt only`)
      // the first end stands
      if (current && current.state !== 'open') return false
      change.stream(key, wanted.state === 'errored' ? { state: 'errored', error: wanted.error } : { state: 'closed' })
      return false
    default:
      wanted satisfies never
      throw new InvalidRequestError(`the stream ${key} can be opened, closed or errored`)
  }
}
