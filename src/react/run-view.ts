// From a run's snapshot to a hook's result, without React: pure, so that every case can be tested by calling it.
import type { Issue } from '../contract/judge.ts'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import { shareEqual } from '../store/share.ts'
import type { RunSnapshot } from '../store/snapshot.ts'
import type { Gated } from './gate.ts'
import type { Reading } from './judged-document.ts'
import type { FollowOptions, RunOptions } from './options.ts'
import { disabledFields, keepSame, NO_ISSUES, stateFields } from './result.ts'
import type { Derive } from './use-source.ts'
import type { Target } from './use-target.ts'

/** What a hook reads of a run. */
export type ReadRun<V> = (run: Run, origin: object, before: Reading<V> | undefined) => Reading<V>

/** What has to be known for the next result and for the callbacks. */
export interface RunMemory<V> {
  readonly run: Run | undefined
  readonly reading: Reading<V> | undefined
  /** What the value was selected from, so that the same is not selected again. */
  readonly selected: { readonly from: V; readonly by: unknown; readonly value: unknown } | undefined
  readonly end: RunSnapshot['end']
  readonly initial: Run | undefined
}

const disabled = {
  run: Object.freeze({ ...disabledFields, run: undefined }),
  metadata: Object.freeze({ ...disabledFields, metadata: undefined }),
} as const
const FORGOTTEN = { run: undefined, reading: undefined, selected: undefined, end: undefined, initial: undefined } as const

export const isStale = (run: Run | undefined, connectionStatus: string): boolean => run !== undefined && run.finishedAt === null && connectionStatus !== 'open'

/** The record, or `initialData` where that is newer. Initial data of another run is none. */
export function runOf(snapshot: RunSnapshot, initial: Run | undefined, runId: string): Run | undefined {
  if (initial?.id !== runId) return snapshot.run
  return snapshot.run && snapshot.run.version >= initial.version ? snapshot.run : initial
}

/** Inline initial data is another object in each render; the first of its version stays. */
export function initialOf(next: Run | undefined, before: Run | undefined): Run | undefined {
  return before && next && before.id === next.id && before.version === next.version ? before : next
}

export function deriveRun<V, T, R extends object>(
  noun: 'run' | 'metadata',
  target: Target<RunSnapshot>,
  read: ReadRun<V>,
  options: Pick<RunOptions<V, T>, 'select' | 'isEqual' | 'initialData' | 'onComplete' | 'onStatusChange'>,
): Derive<Gated<RunSnapshot>, R, RunMemory<V>> {
  return ({ data, connectionStatus }, previous) => {
    if (!target.isEnabled) return { result: disabled[noun] as unknown as R, memory: FORGOTTEN }
    const before = previous?.memory
    const initial = initialOf(options.initialData, before?.initial)
    const run = runOf(data, initial, target.runId)
    const reading = run && read(run, target.origin, before?.reading)
    let error = data.error ?? reading?.error
    let selected = before?.selected
    if (reading?.good) {
      const from = reading.good.value
      try {
        if (!selected || selected.from !== from || selected.by !== options.select)
          selected = { from, by: options.select, value: choose(from, selected?.value as T, options) }
      } catch (thrown) {
        error ??= toRunfeedError(thrown)
      }
    } else selected = undefined

    const next = {
      ...stateFields(sameError(previous?.result, error), reading?.good !== undefined),
      [noun]: selected?.value,
      connectionStatus,
      isStale: isStale(run, connectionStatus),
      isEnabled: true,
      issues: shareEqual(issuesOf(previous?.result), reading?.issues ?? NO_ISSUES),
      raw: reading?.raw,
      stop: target.gate.stop,
    } as unknown as R
    const { end } = data
    return { result: isToBeTold(options, before, { run, end }) ? next : keepSame(previous?.result, next), memory: { run, reading, selected, end, initial } }
  }
}

/** The end and a status are told after they have been shown; where they show nothing new, the render that tells them has to be asked for. */
export function isToBeTold(
  { onComplete, onStatusChange }: Pick<FollowOptions, 'onComplete' | 'onStatusChange'>,
  before: Followable | undefined,
  now: Followable,
): boolean {
  if (!before) return false
  const hasEnded = onComplete !== undefined && now.end !== undefined && before.end === undefined
  return hasEnded || (onStatusChange !== undefined && now.run?.status !== before.run?.status)
}
interface Followable {
  readonly run: Run | undefined
  readonly end: RunSnapshot['end']
}

/** What `select` gives; the same as before where it is equal. */
export function choose<V, T>(value: V, before: T | undefined, { select, isEqual }: Pick<RunOptions<V, T>, 'select' | 'isEqual'>): unknown {
  const next = select ? select(value) : (value as unknown as T)
  if (before === undefined) return next
  if (isEqual) return isEqual(before, next) ? before : next
  // without `select` the store or the judge has shared what is equal already
  return select ? shareEqual(before, next) : next
}

// A throw makes a new error for the same thing each time; the first one stays.
export function sameError(previous: object | undefined, error: RunfeedError | undefined): RunfeedError | undefined {
  const before = (previous as { readonly error?: RunfeedError | undefined } | undefined)?.error
  return before && error && before.type === error.type && before.message === error.message ? before : error
}
export const issuesOf = (previous: object | undefined): readonly Issue[] =>
  (previous as { readonly issues?: readonly Issue[] | undefined } | undefined)?.issues ?? NO_ISSUES
