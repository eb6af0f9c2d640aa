// A stream as one reader asked for it: the whole record without what is before the reader's first chunk.

import type { Json } from '../protocol/json.ts'
import { hasSame } from '../protocol/same.ts'
import { GrowingLog } from '../store/growing-log.ts'
import type { StreamSnapshot } from '../store/snapshot.ts'
import type { StreamRecord } from '../store/stream-record.ts'

/** Where one reader begins. What counts from the end is noted in it once, when the reader first knows of one. */
export interface StreamPlace {
  begin: number | undefined
}

/**
 * Reads a record's snapshot, the same one while nothing in it has changed.
 * @param place - `undefined`: from where the stream's readers start, which moves when the stream is opened again. Negative: so many chunks before
 * the end that is there when this reader first knows of one; it stays there while more come.
 * @param maxParts - the last so many of them.
 */
export function streamView(place: StreamPlace, maxParts: number = Number.POSITIVE_INFINITY): (record: StreamRecord) => StreamSnapshot {
  let whole: GrowingLog<Json> | undefined
  let view: StreamSnapshot | undefined
  return ({ log, from, refill, refillFrom, toldLength, state, start, failure, gap, error }) => {
    if (isTail(place.begin) && (state ?? log.length)) place.begin = Math.max(start, Math.max(toldLength, log.length) + place.begin)
    const first = Math.max(0, place.begin ?? start, log.length - maxParts)
    // what somebody else had asked for is not shown before what this reader begins with: a loop or a fold would never have the earlier ones
    const isBehind = first < from
    // nor what was asked for before this reader came, when that is all that has been published yet
    const shown = !isBehind ? log : first < refillFrom ? undefined : refill
    const next = { state: isBehind ? state && 'open' : state, start, failure: isBehind ? undefined : failure, gap, error }
    if (view && shown === whole && hasSame(view, next)) return view
    whole = shown
    return (view = { log: (shown ?? GrowingLog.at<Json>(first, log.cuts)).from(first), ...next })
  }
}

export const isTail = (startIndex: number | undefined): startIndex is number => startIndex !== undefined && startIndex < 0
