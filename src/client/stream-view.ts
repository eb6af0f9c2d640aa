// A stream as one reader asked for it: the whole record without what is before the reader's first chunk.

import type { Json } from '../protocol/json.ts'
import { hasSame } from '../protocol/same.ts'
import { GrowingLog } from '../store/growing-log.ts'
import type { StreamSnapshot } from '../store/snapshot.ts'
import type { StreamRecord } from '../store/stream-record.ts'

/**
 * Reads a record's snapshot, the same one while nothing in it has changed.
 * @param startIndex - `undefined`: from where the stream's readers start, which moves when the stream is opened again. Negative: so many chunks before
 * the end that is there when this reader first knows of one; it stays there while more come.
 * @param maxParts - the last so many of them.
 */
export function streamView(startIndex: number | undefined, maxParts: number = Number.POSITIVE_INFINITY): (record: StreamRecord) => StreamSnapshot {
  let whole: GrowingLog<Json> | undefined
  let view: StreamSnapshot | undefined
  let begin = startIndex
  return ({ log, from, refill, refillFrom, toldLength, state, start, failure, gap, error }) => {
    if (begin !== undefined && begin < 0 && (state ?? log.length)) begin = Math.max(start, Math.max(toldLength, log.length) + begin)
    const first = Math.max(0, begin ?? start, log.length - maxParts)
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
