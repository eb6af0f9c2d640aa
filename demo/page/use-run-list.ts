// A task's runs. Until the server has live lists, this asks: at once, when the page comes to the front, and every 3 s while it is there.
import type { Run } from 'runfeed'
import { useRunClient } from 'runfeed/react'
import { useCallback, useEffect, useRef, useState } from 'react'
import { messageOf } from './api.ts'
import { type RunPages, withNewest, withOlder } from './run-pages.ts'

const EVERY_MS = 3000

export interface RunList {
  /** Newest first; `undefined` until the first answer. */
  readonly runs: readonly Run[] | undefined
  /** Why the last question was not answered. What was known before stays. */
  readonly error: string | undefined
  readonly hasOlder: boolean
  readonly refresh: () => void
  readonly loadOlder: () => Promise<void>
}

/** @param limit - runs that are asked for at once */
export function useRunList(task: string, limit: number): RunList {
  const client = useRunClient()
  const [pages, setPages] = useState<RunPages>()
  const [error, setError] = useState<string>()
  const ask = useRef<() => void>(() => {})

  useEffect(() => {
    let abort = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const refresh = (): void => {
      clearTimeout(timer)
      // the answer to an older question may not overwrite a newer one's
      abort.abort()
      const { signal } = (abort = new AbortController())
      client.runs
        .list({ task, limit }, signal)
        .then(
          (page) => {
            if (signal.aborted) return
            setPages((known) => withNewest(known, page))
            setError(undefined)
          },
          (thrown: unknown) => {
            if (!signal.aborted) setError(messageOf(thrown))
          },
        )
        .finally(() => {
          if (!signal.aborted && document.visibilityState === 'visible') timer = setTimeout(refresh, EVERY_MS)
        })
    }
    const shown = (): void => {
      if (document.visibilityState === 'visible') refresh()
    }
    ask.current = refresh
    refresh()
    document.addEventListener('visibilitychange', shown)
    window.addEventListener('focus', shown)
    return () => {
      clearTimeout(timer)
      abort.abort()
      document.removeEventListener('visibilitychange', shown)
      window.removeEventListener('focus', shown)
    }
  }, [client, task, limit])

  const refresh = useCallback(() => ask.current(), [])
  const next = pages?.next
  const loadOlder = useCallback(async () => {
    if (next === undefined) return
    const page = await client.runs.list({ task, limit, after: next })
    setPages((known) => known && withOlder(known, page))
  }, [client, task, limit, next])

  return { runs: pages?.runs, error, hasOlder: next !== undefined, refresh, loadOlder }
}
