// A stream as one reader asked for it: the whole record without what is before the reader's first chunk.

import type { Json } from '../protocol/json.ts'
import type { GrowingLog } from '../store/growing-log.ts'
import type { StreamSnapshot } from '../store/snapshot.ts'
import type { StreamRecord } from '../store/stream-record.ts'

/**
 * Reads a record's snapshot, the same one while nothing in it has changed.
 * @param startIndex - `undefined`: from where the stream's readers start, which moves when the stream is opened again.
 * @param maxParts - the last so many of them.
 */
export function streamView(startIndex: number | undefined, maxParts: number = Number.POSITIVE_INFINITY): (record: StreamRecord) => StreamSnapshot {
  let seen: StreamRecord | undefined
  let whole: GrowingLog<Json> | undefined
  let view: StreamSnapshot | undefined
  return (record) => {
    if (record === seen && view) return view
    seen = record
    const { state, start, failure, gap, error } = record
    const first = Math.max(startIndex ?? start, record.log.length - maxParts)
    const isSame = view && record.log === whole && view.state === state && view.start === start && view.failure === failure && view.gap === gap
    if (view && isSame && view.error === error) return view
    whole = record.log
    view = { log: record.log.from(first), state, start, failure, gap, error }
    return view
  }
}
