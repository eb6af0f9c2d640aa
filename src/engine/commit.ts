// A commit on the storage: repeats are answered as before, what changed is kept, and the answer brings what others wrote meanwhile.
import { formatCursor, parseCursor } from '../protocol/cursor.ts'
import type { Commit, CommitAnswer, LogEntry } from '../protocol/engine.ts'
import { coalescePatch } from '../protocol/patch.ts'
import { topics } from '../protocol/want.ts'
import { afterAttempt } from './attempts.ts'
import { decide } from './decide.ts'
import { cancelQueued } from './end.ts'
import { answerOfRepeat, rememberAnswer } from './repeats.ts'
import { cursorOf, type RunState, shown } from './state.ts'
import type { Turn } from './turn.ts'

export function commitRun(turn: Turn, commit: Commit): CommitAnswer {
  const { storage } = turn
  const before = turn.load(commit.run)
  const repeated = commit.writer && answerOfRepeat<Answer>(turn, commit.run, commit.writer)
  // before anything else: a repeated last commit finds a run that has ended
  if (repeated) return withSince(turn, before, commit, repeated, undefined)

  const decision = decide(before, commit, turn.settings, (stream) => storage.place(commit.run, stream).attempt)
  let state = before
  if (decision.step) {
    state = turn.save(before, decision.step)
    if (commit.end?.status === 'CRASHED') cancelQueued(turn, commit.run, 'which crashed')
    if (commit.retry) afterAttempt(turn, state)
    for (const key of decision.opened) storage.open(commit.run, key, before.run.attempt)
    for (const key of Object.keys(state.run.streams)) if (state.run.streams[key] !== before.run.streams[key]) turn.wake(topics.stream(commit.run, key))
  }
  if (commit.attempt !== undefined) turn.leases.renew(commit.run)
  const answer = { version: state.run.version, cursor: cursorOf(state), bytes: state.bytes, refused: decision.refused }
  if (commit.writer) rememberAnswer(turn, commit.run, commit.writer, answer)
  return withSince(turn, state, commit, answer, decision.step?.entry)
}

type Answer = Omit<CommitAnswer, 'since'>

function withSince(turn: Turn, state: RunState, { base, run }: Commit, answer: Answer, entry: LogEntry | undefined): CommitAnswer {
  if (base === undefined) return answer
  if (base === answer.version) return { ...answer, since: { patch: [] } }
  if (entry && base === answer.version - 1) return { ...answer, since: { patch: entry.patch, isOwn: true } }
  const entries = turn.storage.log(run, base, answer.version)
  return { ...answer, since: entries ? { patch: coalescePatch(entries.flatMap((one) => one.patch)) } : { run: shown(state) } }
}

export function logSince(turn: Turn, run: string, cursor: string): readonly LogEntry[] | undefined {
  const from = parseCursor(cursor)
  const state = turn.storage.load(run)
  if (!from || !state) return undefined
  if (cursor === cursorOf(state)) return []
  const tag = turn.storage.tagOf(run, from.number)
  if (tag === undefined || formatCursor(from.number, tag) !== cursor) return undefined
  return turn.storage.log(run, from.number, state.run.version)
}
