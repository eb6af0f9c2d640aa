// What is known of one stream, and what each kind of frame makes of it. Pure: a record is replaced, never changed.
import type { Cursor } from '../protocol/cursor.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { FrameOf } from '../protocol/frame.ts'
import type { Json } from '../protocol/json.ts'
import type { StreamState, StreamSummary } from '../protocol/run.ts'
import { GrowingLog } from './growing-log.ts'
import type { StreamSnapshot } from './snapshot.ts'

interface Ending {
  readonly state: StreamState
  readonly length: number
  readonly error: string | undefined
}

/** A `StreamSnapshot` of the whole log, and what readers do not see. */
export interface StreamRecord extends StreamSnapshot {
  readonly log: GrowingLog<Json>
  readonly error: RunfeedError | undefined
  /** Of the position that `nextIndex` gives. */
  readonly cursor: Cursor | undefined
  /** The stream has ended, but chunks before its end are still on their way. */
  readonly ending: Ending | undefined
  /** What of `log` was asked for: where it begins, but for what is gone. */
  readonly from: number
  /** A log from a lower index, which somebody asked for later, until it has caught up with `log`. */
  readonly refill: GrowingLog<Json> | undefined
  readonly refillFrom: number
  /** As the server has said it last: chunks up to it may still be on their way. */
  readonly toldLength: number
}

export const emptyStream = (from: number): StreamRecord => ({
  log: GrowingLog.at(from),
  state: undefined,
  start: 0,
  failure: undefined,
  gap: undefined,
  error: undefined,
  cursor: undefined,
  ending: undefined,
  from,
  refill: undefined,
  refillFrom: from,
  toldLength: 0,
})

/** The first chunk that a new connection must bring. */
export const nextIndex = (record: StreamRecord): number => (record.refill ?? record.log).length
export const isStreamOver = (record: StreamRecord): boolean => record.state !== undefined && record.state !== 'open' && !record.ending && !record.refill

/** Chunks from `from` on are wanted, too. */
export function lowerStart(record: StreamRecord, from: number): StreamRecord {
  const first = (record.refill ?? record.log).firstIndex
  return from < first ? { ...record, refill: GrowingLog.at(from, record.log.cuts), refillFrom: from, cursor: undefined } : record
}

/** Lets go of all but the last so many chunks. */
export function keepLast(record: StreamRecord, count: number): StreamRecord {
  const log = record.log.last(count)
  return { ...record, log, from: log === record.log ? record.from : log.firstIndex, refill: record.refill?.last(count) }
}

export function addChunks(record: StreamRecord, { index, chunks, cursor }: FrameOf<'chunks'>['data']): StreamRecord {
  const log = record.log.append(index, chunks)
  const refill = record.refill?.append(index, chunks)
  if (log === record.log && refill === record.refill) return record
  return settle({
    ...record,
    log,
    refill,
    // an older connection may be ahead of the log that is being refilled, or a newer one behind: its cursor is not of our position then
    cursor: (refill ?? log).length === index + chunks.length ? cursor : record.cursor,
    error: undefined,
  })
}

/** The stream opened, again perhaps, or ended. */
export function describeStream(record: StreamRecord, { state, start, length, error }: FrameOf<'stream'>['data']): StreamRecord {
  if (state === 'open') return { ...record, state, start, toldLength: length, failure: undefined, ending: undefined, error: undefined }
  return settle({ ...record, start, toldLength: length, error: undefined, ending: { state, length, error } })
}

/** The run has ended, and its streams with it. `summary` is the stream's in the run's last record. */
export function endStream(record: StreamRecord, length: number, summary: StreamSummary | undefined): StreamRecord {
  // it may have ended earlier and have been opened again by a later attempt since
  if (record.ending ? record.ending.length >= length : isStreamOver(record) && record.log.length >= length) return record
  // one that was never opened is over, and empty; one that was open was cut off with its run
  const state = !summary ? 'closed' : summary.state === 'open' ? 'aborted' : summary.state
  return settle({ ...record, ending: { state, length, error: summary?.error } })
}

/**
 * Chunks are gone.
 * @param position - where the connection that says so had got to. A `to` below it: the server forgot what it had told us (a crash), and tells
 * it again from there, so that ours go as well.
 */
export function leaveGap(record: StreamRecord, { from, to }: FrameOf<'gap'>['data'], position: number): StreamRecord {
  const skip = (log: GrowingLog<Json>): GrowingLog<Json> => (to < position ? log.upTo(to) : to > log.length ? GrowingLog.at(to, log.cuts) : log)
  return {
    ...record,
    log: skip(record.log),
    refill: record.refill && skip(record.refill),
    cursor: undefined,
    // once, although an old connection and the one that replaces it may both tell it
    gap: to > from && !(record.gap?.from === from && record.gap.to === to) ? { from, to } : record.gap,
  }
}

function settle(record: StreamRecord): StreamRecord {
  const { ending, refill } = record
  const whole = Math.min(record.log.length, ending?.length ?? Number.POSITIVE_INFINITY)
  const settled = refill && refill.length >= whole ? { ...record, log: refill, from: record.refillFrom, refill: undefined } : record
  if (!ending || nextIndex(settled) < ending.length) return settled
  return { ...settled, state: ending.state, failure: ending.error, ending: undefined }
}
