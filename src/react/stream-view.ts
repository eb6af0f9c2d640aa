// From a stream's snapshot to a hook's result, without React.

import { refused } from '../contract/parse.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import { toRunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { Run, StreamState } from '../protocol/run.ts'
import { shareEqual } from '../store/share.ts'

export { changedFrom, type ChunkLog } from '../store/snapshot.ts'

import { type ChunkLog, changedFrom, type RunSnapshot, type StreamSnapshot } from '../store/snapshot.ts'
import { unnamed, warn } from './development.ts'
import type { Gated } from './gate.ts'
import type { StreamOptions } from './options.ts'
import { LogView, type PartJudge, partJudge } from './part-log.ts'
import { disabledFields, keepSame, NO_ISSUES, type Result, stateFields } from './result.ts'
import { isToBeTold, issuesOf, sameError } from './run-view.ts'
import type { Derive } from './use-source.ts'
import type { Target } from './use-target.ts'

/** What a stream hook gives. Destructuring `parts` reads it; where `log` or `value` is enough, leave it out. */
export type StreamResult<T, A> = Result<
  'parts',
  readonly T[],
  {
    /** The parts by their index in the stream, without an array of them: costs the same for ten as for a million. */
    readonly log: ChunkLog<T>
    /** What `reduce` made of the parts so far. */
    readonly value: A
    /** `waiting` until the task opens it. */
    readonly streamState: StreamState | 'waiting'
    /** Why the stream ended as `errored`. */
    readonly failure: string | undefined
    /** Earlier parts are missing: they were lost to retention, or left out for `maxParts`. */
    readonly isTruncated: boolean
  }
>

export interface StreamMemory<T, A> {
  readonly log: ChunkLog<T>
  /** The same with what `maxParts` leaves out. */
  readonly whole: ChunkLog<T>
  /** The same as it is stored. */
  readonly stored: ChunkLog<Json>
  readonly judge: PartJudge<T> | undefined
  /** The fold: what it is, how far it has come, where it began. */
  readonly value: A
  readonly initial: A
  readonly folded: number
  readonly start: number
  readonly run: Run | undefined
  readonly end: RunSnapshot['end']
  readonly disabled: object | undefined
}

const EMPTY = new LogView<never>({ at: () => undefined, slice: () => [] }, 0, { length: 0, cuts: [] })
const disabledResult = <A>(value: A): object =>
  Object.freeze({ ...disabledFields, parts: undefined, log: EMPTY, value, streamState: 'waiting', failure: undefined, isTruncated: false })
const DISABLED = disabledResult(undefined)
const FORGOTTEN = { log: EMPTY, whole: EMPTY, stored: EMPTY, judge: undefined, folded: 0, start: 0, run: undefined, end: undefined }

export function deriveStream<T, A>(
  target: Target<StreamSnapshot>,
  options: StreamOptions<T, A>,
): Derive<Gated<StreamSnapshot>, StreamResult<T, A>, StreamMemory<T, A>> {
  return ({ data, run, connectionStatus }, previous) => {
    const before = previous?.memory
    const initial = before ? before.initial : (options.initial as A)
    if (!target.isEnabled) {
      const disabled = before?.disabled ?? (initial === undefined ? DISABLED : disabledResult(initial))
      return { result: disabled as StreamResult<T, A>, memory: { ...FORGOTTEN, value: initial, initial, disabled } }
    }
    const judge = options.schema && partJudge(target.origin, options.schema, data.log, before?.judge)
    const refusals = judge?.read(data.log)
    if (process.env.NODE_ENV !== 'production' && options.schema && refusals) {
      const [refusal] = unnamed(options.schema, target.origin, refusals)
      const rest = refusals.length > 1 ? `, and ${refusals.length - 1} more` : ''
      if (refusal)
        warn(`the schema refuses part ${refusal.path.join('.')} of stream "${target.stream}" of ${target.runId}: ${refusal.message}${rest}; it is left out`)
    }

    const shownFrom = Math.max(data.start, data.log.firstIndex)
    const first = Math.max(shownFrom, options.maxParts === undefined ? 0 : data.log.length - options.maxParts)
    // after a crash of the server other chunks may stand where known ones stood
    const changed = before ? changedFrom(data.log, before.log.cuts) : 0
    const isSameLog =
      before &&
      before.judge === judge &&
      before.log.firstIndex === first &&
      before.log.length === data.log.length &&
      before.log.cuts.length === data.log.cuts.length
    const from = (index: number): ChunkLog<T> => new LogView<T>(judge ?? (data.log as ChunkLog<Json> as unknown as ChunkLog<T>), index, data.log)
    const log = isSameLog ? before.log : from(first)
    const whole = first === shownFrom ? log : from(shownFrom)

    // A stream that was opened again shows from its new start, and so its fold begins again there. A fold cannot take back a part.
    const isContinued = before !== undefined && before.start === data.start && changed >= before.folded
    let value = isContinued ? before.value : initial
    let folded = isContinued ? before.folded : shownFrom
    let error: RunfeedError | undefined = data.error ?? judge?.error
    if (options.reduce) {
      try {
        for (folded = Math.max(folded, shownFrom); folded < data.log.length; folded++) {
          const part = judge ? judge.at(folded) : (data.log.at(folded) as T | undefined)
          if (part !== undefined) value = options.reduce(value, part, folded)
        }
      } catch (thrown) {
        error ??= toRunfeedError(thrown)
      }
      if (before && value !== before.value && options.isEqual?.(before.value, value)) value = before.value
    }
    const issues = shareEqual(issuesOf(previous?.result), judge?.issues ?? NO_ISSUES)
    if (options.mode === 'strict' && issues[0]) error ??= refused(issues[0])

    const hasParts = data.state !== undefined || data.log.length > data.log.firstIndex || data.gap !== undefined
    const wanted = options.startIndex !== undefined && options.startIndex < 0 ? shownFrom : Math.max(data.start, options.startIndex ?? 0)
    const streamState = data.state ?? 'waiting'
    const next = {
      ...stateFields(sameError(previous?.result, error), hasParts),
      log,
      value,
      streamState,
      failure: data.failure,
      isTruncated: hasParts && (data.gap !== undefined || first > wanted),
      connectionStatus,
      isStale: hasParts && (streamState === 'open' || streamState === 'waiting') && connectionStatus !== 'open',
      isEnabled: true,
      issues,
      raw: judge?.raw,
      stop: target.gate.stop,
    }
    const end = run?.end
    const mustTell = isToBeTold(options, before, { run: run?.run, end })
    const previousResult = previous?.result as unknown as typeof next | undefined
    const isSame = !mustTell && keepSame(previousResult, next) === previousResult
    return {
      result: (isSame ? previousResult : withParts(next, hasParts)) as unknown as StreamResult<T, A>,
      memory: { log, whole, stored: data.log, judge, value, initial, folded, start: data.start, run: run?.run, end, disabled: undefined },
    }
  }
}

/** `parts` is made when it is first read, and once: an array per flush that nobody reads is what makes long streams slow. */
function withParts<R extends { readonly log: ChunkLog<unknown> }>(result: R, hasParts: boolean): R {
  let parts: readonly unknown[] | undefined
  Object.defineProperty(result, 'parts', { enumerable: true, get: () => (hasParts ? (parts ??= result.log.slice()) : undefined) })
  return result
}
