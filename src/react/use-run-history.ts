'use client'
import { useMemo } from 'react'
import { RunHistory, type RunHistorySnapshot } from '../client/run-history.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { RunVersion } from '../protocol/rest.ts'
import type { Source } from '../store/snapshot.ts'
import type { FollowOptions, RunRef } from './options.ts'
import { type State, stateFields } from './result.ts'
import { throwIfAsked, useToldError } from './use-callbacks.ts'
import { type Derive, useSource } from './use-source.ts'
import { nothing, pageSize, refOf, sourceOf, still, useWhere } from './use-target.ts'

export interface HistoryOptions extends Pick<FollowOptions, 'enabled' | 'onError' | 'throwOnError' | 'client'> {
  /** Versions on a page, 1 to 1,000. @defaultValue 100 */
  limit?: number | undefined
}

/** A discriminated union over `status`. With `status: 'error'`, `versions` are those that came before. */
export type HistoryResult = {
  /** The oldest version that the server still has; earlier ones were cut from its log. */
  readonly oldest: number | undefined
  /** The pages that were asked for are full, and there are later versions. */
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  readonly isEnabled: boolean
  /** Shows one page more; after a failure it tries again. The same function while the run is the same. */
  readonly loadMore: () => void
} & (
  | State<'pending', 'versions', undefined, undefined>
  | State<'success', 'versions', readonly RunVersion[], undefined>
  | State<'error', 'versions', readonly RunVersion[] | undefined, RunfeedError>
)

const EMPTY: RunHistorySnapshot = { versions: undefined, oldest: undefined, hasMore: false, isLoadingMore: false, error: undefined }
const empty = (): RunHistorySnapshot => EMPTY

interface Reader {
  readonly source: Source<RunHistorySnapshot>
  readonly derive: Derive<RunHistorySnapshot, HistoryResult, undefined>
}
function readerOf(source: Source<RunHistorySnapshot>, isEnabled: boolean, loadMore: () => void): Reader {
  return {
    source,
    derive: ({ error, ...page }) => ({
      result: { ...stateFields(error, page.versions !== undefined), ...page, isEnabled, loadMore } as unknown as HistoryResult,
      memory: undefined,
    }),
  }
}
const DISABLED = /* @__PURE__ */ readerOf(still(EMPTY), false, nothing)

/**
 * The versions of a run, oldest first: what changed, when, and which run wrote it. New ones come while the run goes on, until the pages that were
 * asked for are full.
 * @param run - its id or handle; without one the hook is disabled.
 */
export function useRunHistory(run: RunRef, options: HistoryOptions = {}): HistoryResult {
  const limit = pageSize(options.limit ?? 100, 1000)
  const { client, id, token } = useWhere(run, options)
  const { source, derive } = useMemo(() => {
    if (id === undefined) return DISABLED
    const history = sourceOf(client, (from) => new RunHistory(from, refOf(id, token), limit))
    return history instanceof RunHistory
      ? readerOf(history, true, history.loadMore)
      : readerOf(still({ ...EMPTY, error: history as RunfeedError }), true, nothing)
  }, [client, id, limit, token])
  const { result } = useSource(source, derive, source, empty)
  useToldError(result.error, source, options.onError)
  throwIfAsked(result.error, options.throwOnError)
  return result
}
