// Streams: chunks in batches, one per append, each with a tag. A position in the middle of a batch carries that batch's tag.
import { type Cursor, formatCursor, newTag, parseCursor, START } from '../protocol/cursor.ts'
import type { ChunkLog, ChunkRead, StreamInfo } from '../protocol/engine.ts'
import { InvalidRequestError, RunEndedError, TooLargeError } from '../protocol/errors.ts'
import { type Json, utf8Length } from '../protocol/json.ts'
import { MAX_CHUNK_BYTES } from '../protocol/limits.ts'
import type { Run } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import { checkAttempt } from './decide.ts'
import { answerOfRepeat, rememberAnswer } from './repeats.ts'
import { isLive, type RunHead } from './state.ts'
import type { ChunkBatch } from './storage.ts'
import type { Turn } from './turn.ts'

const summaryOf = (run: RunHead, stream: string): Run['streams'][string] | undefined => (Object.hasOwn(run.streams, stream) ? run.streams[stream] : undefined)

export function appendChunks(turn: Turn, id: string, stream: string, chunks: readonly Json[], from: Parameters<ChunkLog['append']>[3]): { index: number } {
  const { run } = turn.load(id)
  // before anything else: the repeat of a last append may find a stream that has ended
  const repeated = from.writer && answerOfRepeat<{ readonly index: number }>(turn, id, from.writer, stream)
  if (repeated) return repeated
  if (!isLive(run)) throw new RunEndedError(id)
  checkAttempt(run, from.attempt)
  if (summaryOf(run, stream)?.state !== 'open') throw new InvalidRequestError(`the stream ${stream} of ${id} is not open`)
  const texts = chunks.map((chunk, at) => {
    const text = JSON.stringify(chunk)
    // a unit is three bytes at most: most chunks need no counting
    const bytes = text.length * 3 > MAX_CHUNK_BYTES ? utf8Length(text) : 0
    if (bytes > MAX_CHUNK_BYTES) throw new TooLargeError(`chunk ${at}`, bytes, MAX_CHUNK_BYTES)
    return text
  })
  const index = turn.storage.place(id, stream).length
  if (from.attempt !== undefined) turn.leases.renew(id)
  if (chunks.length > 0) {
    turn.storage.append(id, stream, { first: index, tag: newTag(), by: from.by, chunks, texts })
    cutStream(turn, id, stream)
    turn.wake(topics.stream(id, stream))
  }
  if (from.writer) rememberAnswer(turn, id, from.writer, { index }, stream)
  return { index }
}

/** Batches that one append removes at most: where they are small it is one that comes and a few that go. */
const MAX_CUT = 1000

/** Takes the oldest batches away from a stream that is over its bounds, a little more than it must: not with each append from then on. */
function cutStream(turn: Turn, id: string, stream: string): void {
  const { streamBytes, streamChunks } = turn.settings
  const place = turn.storage.place(id, stream)
  const { length, total } = place
  const isOver = (share: number, first: number, cut: number): boolean => total - cut > streamBytes * share || length - first > streamChunks * share
  if (!isOver(1, place.first, place.cut)) return
  let { first, cut } = place
  let left = MAX_CUT
  for (const batch of turn.storage.batches(id, stream, first)) {
    const next = batch.first + batch.count
    // the last one stays, however large it is
    if (left-- === 0 || next === length || !isOver(KEPT_SHARE, first, cut)) break
    first = next
    cut = batch.total
  }
  if (first > place.first) turn.storage.cut(id, stream, first, cut)
}
const KEPT_SHARE = 63 / 64

export function streamInfo(turn: Turn, id: string, stream: string): StreamInfo {
  const summary = summaryOf(turn.load(id).run, stream)
  const { start, length, first } = turn.storage.place(id, stream)
  return { state: summary?.state, start, length, first, ...(summary?.error === undefined ? {} : { error: summary.error }) }
}

export function readChunks(turn: Turn, id: string, stream: string, wanted: number, maxBytes: number): ChunkRead {
  turn.load(id)
  const place = turn.storage.place(id, stream)
  // beyond the end there is nothing, and a position there could be no cursor; what is gone is passed over
  const index = Math.min(Math.max(place.first, wanted), place.length)
  if (index === place.length) return { index, chunks: [], cursor: formatCursor(index, place.tag), by: null }
  const chunks: Json[] = []
  const writers = new Set<string>()
  let tag = place.tag
  let left = maxBytes
  for (const batch of turn.storage.batches(id, stream, index)) {
    const taken = take(batch, index + chunks.length - batch.first, left)
    for (const chunk of taken.chunks) chunks.push(chunk)
    writers.add(batch.by)
    tag = batch.tag
    left -= taken.size
    if (left <= 0) break
  }
  const [by] = writers
  return { index, chunks, cursor: formatCursor(index + chunks.length, tag), by: writers.size === 1 && by !== undefined ? by : null }
}

/** Chunks of one batch, from `from` on: at least one. */
function take(batch: ChunkBatch, from: number, left: number): { readonly chunks: readonly Json[]; readonly size: number } {
  const all = batch.chunks()
  if (from === 0 && batch.size <= left) return { chunks: all, size: batch.size }
  let size = 0
  let to = from
  while (to < all.length && (to === from || size < left)) size += JSON.stringify(all[to++]).length
  return { chunks: all.slice(from, to), size }
}

export function holdsCursor(turn: Turn, id: string, stream: string, cursor: Cursor): boolean {
  if (cursor === START) return true
  const at = parseCursor(cursor)
  if (!at || at.number === 0 || !turn.storage.load(id)) return false
  const { first, length } = turn.storage.place(id, stream)
  if (at.number > length || at.number <= first) return false
  for (const batch of turn.storage.batches(id, stream, at.number - 1)) return batch.tag === at.tag
  return false
}
