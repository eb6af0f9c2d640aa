'use client'
import type { MetadataOf, RunContract } from '../contract/types.ts'
import type { Json, JsonObject } from '../protocol/json.ts'
import type { RunQuery } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import { matchesQuery } from '../protocol/run-query.ts'
import { DEFAULT_QUERY_LIMIT, MAX_QUERY_LIMIT, queryName } from '../protocol/want.ts'
import { readContractRun } from './contract-run.ts'
import type { FollowOptions, RunRef } from './options.ts'
import type { Result } from './result.ts'
import type { ReadRun } from './run-view.ts'
import { deriveRuns, type ListChoice } from './runs-view.ts'
import { throwIfAsked, useToldError } from './use-callbacks.ts'
import { useOnData } from './use-run-value.ts'
import { useSource } from './use-source.ts'
import { pageSize, useListTarget } from './use-target.ts'

/** A run in a list: without what can be large. `useRun` has all of it. */
export type RunSummary<M = JsonObject> = Omit<Run<M, Json, Json>, 'payload' | 'output'>
export type RunSummaryOf<C extends RunContract> = C extends unknown ? RunSummary<MetadataOf<C['metadata']> | undefined> : never

/** A conjunction with at least one of `ids`, `task`, `tag` and `parent`. One of these that is there and says nothing is not known yet: the hook is disabled. */
export interface RunsQuery {
  readonly ids?: readonly string[] | null | undefined
  readonly task?: string | null | undefined
  readonly tag?: string | null | undefined
  readonly parent?: string | null | undefined
  /** Any of these. Without, any at all. */
  readonly status?: readonly string[] | undefined
}

/** What a list hook takes; each may be written inline. */
export interface RunsOptions<V, T> extends Pick<FollowOptions, 'enabled' | 'throttle' | 'onError' | 'throwOnError' | 'client'> {
  /** Runs that are shown at first, and how many more with each `loadMore`: 1 to 200. @defaultValue 50 */
  limit?: number | undefined
  select?: ((runs: readonly V[]) => T) | undefined
  /** Whether two selected values are the same. @defaultValue deep equality that keeps the identity of what did not change */
  isEqual?: ((a: T, b: T) => boolean) | undefined
  /** Shown until the list is here. Where a run in it is not of the query, all of it is ignored. */
  initialData?: readonly Run[] | undefined
  onData?: ((value: T) => void) | undefined
}

export type RunsResult<T> = Result<
  'runs',
  T,
  {
    /** There are more than are shown. */
    readonly hasMore: boolean
    readonly isLoadingMore: boolean
    /** Shows one page more; what is shown stays meanwhile. A failure is in `error`, and the next call tries again. The same function while the query is the same. */
    readonly loadMore: () => void
  }
>

/**
 * Follows the newest runs of a query: they come, go, change and keep their order, all by the client's one connection. As many as have been asked for
 * are shown: a new one takes the place of the oldest.
 * @param query - may be written inline. Without one the hook is disabled.
 */
export function useRuns<T = readonly RunSummary[]>(query: RunsQuery | null | undefined, options: RunsOptions<RunSummary, T> = {}): RunsResult<T> {
  return useRunList<RunSummary, T>(query, undefined, options)
}

/**
 * Follows the runs that a run has triggered, newest first.
 * @param run - the parent's id or handle; without one the hook is disabled.
 */
export function useRunChildren<T = readonly RunSummary[]>(
  run: RunRef,
  { status, ...options }: RunsOptions<RunSummary, T> & { readonly status?: RunQuery['status'] | undefined } = {},
): RunsResult<T> {
  const { id: parent, publicAccessToken } = typeof run === 'string' ? { id: run } : (run ?? {})
  return useRunList<RunSummary, T>(parent ? { parent, ...(status && { status }) } : undefined, undefined, options, publicAccessToken)
}

/** `useRuns` of the contract's task, with metadata as the contract parses it. */
export function useContractRuns<C extends RunContract, T = readonly RunSummaryOf<C>[]>(
  contract: C,
  query: RunsQuery | null | undefined,
  options: RunsOptions<RunSummaryOf<C>, T> & { readonly mode?: 'keep-last' | 'strict' | undefined } = {},
): RunsResult<T> {
  const read = readContractRun<C>(contract, options.mode) as unknown as ReadRun<RunSummaryOf<C>>
  return useRunList(query && { ...query, task: query.task ?? contract.id }, read, options)
}

/** Left out, what is not known yet would ask for more than was meant. */
const isKnown = (query: RunsQuery): query is RunQuery => (['ids', 'task', 'tag', 'parent'] as const).every((name) => !(name in query) || query[name])

function useRunList<V, T>(
  said: RunsQuery | null | undefined,
  read: ReadRun<V> | undefined,
  options: RunsOptions<V, T> & Pick<ListChoice<V, T>, 'mode'>,
  token?: string,
): RunsResult<T> {
  const limit = pageSize(options.limit ?? DEFAULT_QUERY_LIMIT, MAX_QUERY_LIMIT)
  const query = said && isKnown(said) ? said : undefined
  // an inline query counts by what it says
  const target = useListTarget(query ? queryName({ ...query, limit }) : undefined, options, token)
  // a part of another query's runs would pass for all of this one's
  const initialData = query && options.initialData?.every((run) => matchesQuery(query, run)) ? options.initialData : undefined
  const derive = deriveRuns<V, T, RunsResult<T>>(target, read, { ...options, initialData })
  const { result, memory } = useSource(target.gate, derive, target.origin, target.initial)
  useToldError(result.error, target.origin, options.onError)
  useOnData(options.onData, target.origin, result.isSuccess, result.runs, memory.values ?? 0)
  throwIfAsked(result.error, options.throwOnError)
  return result
}
