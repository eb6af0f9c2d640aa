'use client'
// What a run was, in pages over REST. It does not follow the run: `loadMore` also brings what has come since.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import type { RunClient } from '../client/run-client.ts'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { RunVersion } from '../protocol/rest.ts'
import type { FollowOptions, RunRef } from './options.ts'
import { requireClient, useOptionalClient } from './provider.ts'
import { type State, stateFields } from './result.ts'
import { throwIfAsked, useToldError } from './use-callbacks.ts'

export interface HistoryOptions extends Pick<FollowOptions, 'enabled' | 'onError' | 'throwOnError' | 'client'> {
  /** Versions on a page, at most 1,000. @defaultValue 100 */
  limit?: number | undefined
}

/** A discriminated union over `status`. With `status: 'error'`, `versions` are those that came before. */
export type HistoryResult = {
  /** The oldest version that the server still has; earlier ones were cut from its log. */
  readonly oldest: number | undefined
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  readonly isEnabled: boolean
  /** Asks for the next page; on the last one, for what has come since. The same function while the run is the same. */
  readonly loadMore: () => void
} & (
  | State<'pending', 'versions', undefined, undefined>
  | State<'success', 'versions', readonly RunVersion[], undefined>
  | State<'error', 'versions', readonly RunVersion[] | undefined, RunfeedError>
)

interface Known {
  /** Whose history it is. */
  readonly origin: object
  readonly versions: readonly RunVersion[] | undefined
  readonly oldest: number | undefined
  readonly hasMore: boolean
  readonly isLoading: boolean
  readonly error: RunfeedError | undefined
}
const NOTHING = { versions: undefined, oldest: undefined, hasMore: false, isLoading: false, error: undefined } as const

/**
 * The versions of a run, oldest first: what changed, when, and which run wrote it.
 * @param run - its id or handle; without one the hook is disabled.
 */
export function useRunHistory(run: RunRef, options: HistoryOptions = {}): HistoryResult {
  const { enabled = true, limit = 100 } = options
  const client = useOptionalClient(options.client)
  const given = typeof run === 'string' ? run : run?.id
  const id = enabled && given ? given : undefined
  // another object for another client or run
  // oxlint-disable-next-line react/exhaustive-deps
  const origin = useMemo(() => ({}), [client, id])
  const [state, setState] = useState<Known>({ origin, ...NOTHING })
  const known = state.origin === origin ? state : { origin, ...NOTHING }
  const asking = useRef<{ readonly origin: object; readonly abort: AbortController } | undefined>(undefined)
  const latest = useRef(known)
  useEffect(() => {
    latest.current = known
  })

  const loadMore = useCallback(() => {
    if (id === undefined || asking.current?.origin === origin) return
    const abort = new AbortController()
    const request = { origin, abort }
    asking.current = request
    const before = latest.current.origin === origin ? latest.current : { origin, ...NOTHING }
    setState({ ...before, isLoading: true })
    const after = before.versions?.at(-1)?.version ?? 0
    void (async () => {
      const next = await gather(client, id, after, limit, abort.signal).then(
        ({ versions, ...page }) => ({ origin, ...page, versions: [...(before.versions ?? []), ...versions], isLoading: false, error: undefined }),
        (thrown: unknown) => ({ ...before, isLoading: false, error: toRunfeedError(thrown) }),
      )
      if (asking.current !== request) return
      asking.current = undefined
      setState(next)
    })()
  }, [client, id, limit, origin])

  const isKnown = known.versions !== undefined
  useEffect(() => {
    if (!isKnown) loadMore()
    // the first page of each run; later ones are asked for
    // oxlint-disable-next-line react/exhaustive-deps
  }, [origin])
  useEffect(
    () => () => {
      asking.current?.abort.abort()
      asking.current = undefined
    },
    [origin],
  )

  const { versions, oldest, hasMore, error } = known
  useToldError(error, origin, options.onError)
  throwIfAsked(error, options.throwOnError)
  const isLoadingMore = known.isLoading && isKnown
  return { ...stateFields(error, isKnown), versions, oldest, hasMore, isLoadingMore, isEnabled: id !== undefined, loadMore } as unknown as HistoryResult
}

interface Gathered {
  readonly versions: readonly RunVersion[]
  readonly oldest: number
  readonly hasMore: boolean
}

/** A server answers fewer than it was asked for where versions are large: only an empty answer is the end. */
async function gather(client: RunClient | undefined, id: string, from: number, limit: number, signal: AbortSignal): Promise<Gathered> {
  const versions: RunVersion[] = []
  for (let after = from; ; ) {
    const page = await requireClient(client).runs.history(id, { after, limit: limit - versions.length }, signal)
    versions.push(...page.versions)
    const last = page.versions.at(-1)
    if (!last || versions.length >= limit) return { versions, oldest: page.oldest, hasMore: last !== undefined }
    after = last.version
  }
}
