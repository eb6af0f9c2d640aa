// A stream as one reader asked for it: the whole record without what is before the reader's first chunk.

import type { Json } from '../protocol/json.ts'
import { hasSame } from '../protocol/same.ts'
import type { GrowingLog } from '../store/growing-log.ts'
import type { StreamSnapshot } from '../store/snapshot.ts'
import type { StreamRecord } from '../store/stream-record.ts'

/**
 * Reads a record's snapshot, the same one while nothing in it has changed.
 * @param startIndex - `undefined`: from where the stream's readers start, which moves when the stream is opened again.
 * @param maxParts - the last so many of them.
 */
export function streamView(startIndex: number | undefined, maxParts: number = Number.POSITIVE_INFINITY): (record: StreamRecord) => StreamSnapshot {
  let whole: GrowingLog<Json> | undefined
  let view: StreamSnapshot | undefined
  return ({ log, state, start, failure, gap, error }) => {
    const next = { state, start, failure, gap, error }
    if (view && log === whole && hasSame(view, next)) return view
    whole = log
    return (view = { log: log.from(Math.max(startIndex ?? start, log.length - maxParts)), ...next })
  }
}
