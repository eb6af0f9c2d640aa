// From a list's snapshot to a hook's result, without React.
import type { RunPagesSnapshot } from '../client/run-pages.ts'
import type { Issue } from '../contract/judge.ts'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import { shareEqual } from '../store/share.ts'
import type { Gated } from './gate.ts'
import type { Reading } from './judged-document.ts'
import { disabledFields, keepSame, NO_ISSUES, stateFields } from './result.ts'
import { choose, initialOf, issuesOf, type ReadRun, sameError } from './run-view.ts'
import type { Derive } from './use-source.ts'
import type { ListTarget } from './use-target.ts'

interface KnownRow<V> {
  readonly run: Run
  /** Names the run to what is shared by origin. */
  readonly origin: object
  readonly reading: Reading<V>
}
export interface RunsMemory<V> {
  readonly runs: readonly Run[] | undefined
  readonly rows: ReadonlyMap<string, KnownRow<V>>
  readonly values: readonly V[] | undefined
  readonly selected: { readonly from: readonly V[]; readonly by: unknown; readonly value: unknown } | undefined
  /** How the rows were read. */
  readonly mode: string | undefined
  readonly initial: readonly Run[] | undefined
}

const DISABLED = Object.freeze({ ...disabledFields, runs: undefined, hasMore: false, isLoadingMore: false, loadMore: (): void => {} })
const FORGOTTEN = { runs: undefined, rows: new Map<string, never>(), values: undefined, selected: undefined, mode: undefined, initial: undefined }

export interface ListChoice<V, T> {
  select?: ((runs: readonly V[]) => T) | undefined
  isEqual?: ((a: T, b: T) => boolean) | undefined
  initialData?: readonly Run[] | undefined
  mode?: 'keep-last' | 'strict' | undefined
}

/**
 * @param read - what is read of each run; without it, they are as they come.
 */
export function deriveRuns<V, T, R extends object>(
  target: ListTarget,
  read: ReadRun<V> | undefined,
  options: ListChoice<V, T>,
): Derive<Gated<RunPagesSnapshot>, R, RunsMemory<V>> {
  return ({ data, connectionStatus }, previous) => {
    if (!target.isEnabled) return { result: DISABLED as unknown as R, memory: FORGOTTEN }
    const before = previous?.memory
    const initial = initialRuns(options.initialData, before?.initial)
    const runs = data.runs ?? initial
    const isSameMode = before?.mode === options.mode
    const isSame = runs === before?.runs && isSameMode
    const rows = !runs || isSame || !read ? (before?.rows ?? FORGOTTEN.rows) : rowsOf(runs, read, isSameMode ? before?.rows : undefined)
    const values = !runs ? undefined : isSame ? before?.values : shareItems(before?.values, valuesOf(runs, read && rows))
    let error: RunfeedError | undefined = data.error
    let selected = before?.selected
    const issues: Issue[] = []
    for (const { run, reading } of rows.values()) {
      error ??= reading.error
      for (const issue of reading.issues) issues.push({ ...issue, path: [run.id, ...issue.path] })
    }
    if (values) {
      try {
        if (!selected || selected.from !== values || selected.by !== options.select)
          selected = { from: values, by: options.select, value: choose(values, selected?.value as T, options) }
      } catch (thrown) {
        error ??= toRunfeedError(thrown)
      }
    }
    const next = {
      ...stateFields(sameError(previous?.result, error), values !== undefined),
      runs: selected?.value,
      hasMore: data.hasMore,
      isLoadingMore: data.isLoadingMore,
      loadMore: target.loadMore,
      connectionStatus,
      // without ids nothing is followed, and what is shown is the truth
      isStale: values !== undefined && connectionStatus !== 'open' && connectionStatus !== 'idle',
      isEnabled: true,
      issues: issues.length > 0 ? shareEqual<readonly Issue[]>(issuesOf(previous?.result), issues) : NO_ISSUES,
      raw: undefined,
      stop: target.gate.stop,
    } as unknown as R
    return { result: keepSame(previous?.result, next), memory: { runs, rows, values, selected, mode: options.mode, initial } }
  }
}

function rowsOf<V>(runs: readonly Run[], read: ReadRun<V>, before: ReadonlyMap<string, KnownRow<V>> | undefined): ReadonlyMap<string, KnownRow<V>> {
  const rows = new Map<string, KnownRow<V>>()
  for (const run of runs) {
    const known = before?.get(run.id)
    const origin = known?.origin ?? {}
    rows.set(run.id, known?.run === run ? known : { run, origin, reading: read(run, origin, known?.reading) })
  }
  return rows
}

const valuesOf = <V>(runs: readonly Run[], rows: ReadonlyMap<string, KnownRow<V>> | undefined): readonly V[] =>
  rows ? runs.flatMap(({ id }) => rows.get(id)?.reading.good?.value ?? []) : (runs as unknown as readonly V[])

/** Inline initial data is another array in each render; the first of its versions stays. */
const initialRuns = (next: readonly Run[] | undefined, before: readonly Run[] | undefined): readonly Run[] | undefined =>
  next &&
  shareItems(
    before,
    next.map((run, index) => initialOf(run, before?.[index]) as Run),
  )

/** The same array where each item is the same: they are whole objects that keep their identity. */
const shareItems = <V>(before: readonly V[] | undefined, next: readonly V[]): readonly V[] =>
  before?.length === next.length && next.every((item, index) => item === before[index]) ? before : next
