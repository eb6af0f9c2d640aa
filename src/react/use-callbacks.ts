'use client'
// Callbacks are called after the commit that shows what they tell, each thing once, with the functions of the newest render.
import { useEffect, useRef } from 'react'
import type { Issue } from '../contract/judge.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import type { RunStatus } from '../protocol/status.ts'
import type { RunSnapshot } from '../store/snapshot.ts'
import { ChangeCount, warn, warnOnce } from './development.ts'
import type { FollowOptions, InvalidEvent } from './options.ts'

export interface Tellable {
  /** Whose data it is: what was told of another origin is forgotten. */
  readonly origin: object
  readonly runId: string
  readonly run: Run | undefined
  readonly end: RunSnapshot['end']
  readonly issues: readonly Issue[]
  readonly raw: Json | undefined
  readonly error: RunfeedError | undefined
  readonly schema: object | undefined
}

interface Told {
  origin: object | undefined
  error: RunfeedError | undefined
  status: RunStatus | undefined
  invalidAt: string | undefined
  /** Ids, because a component may come back to a run that it has already seen end. */
  readonly completed: Set<string>
  /** In development. */
  schemas?: ChangeCount
}

/** Names a version, also one whose number is made twice: after a crash of the server another may have the number of one that was lost. */
export const stampOf = (run: Run | undefined): string => `${run?.version} ${run?.updatedAt}`

export function useCallbacks(
  now: Tellable,
  { onComplete, onError, onInvalid, onStatusChange }: FollowOptions & { onInvalid?: ((event: InvalidEvent) => void) | undefined },
): void {
  const memory = useRef<Told | undefined>(undefined)
  useEffect(() => {
    const told = (memory.current ??= { origin: undefined, error: undefined, status: undefined, invalidAt: undefined, completed: new Set() })
    if (process.env.NODE_ENV !== 'production' && (told.schemas ??= new ChangeCount()).isMadePerRender(now.schema))
      warn(`a schema is made in each render of a component that follows ${now.runId}, so that each render validates again; make it outside of the component`)
    if (told.origin !== now.origin) Object.assign(told, { origin: now.origin, error: undefined, status: undefined, invalidAt: undefined })
    if (now.issues.length > 0 && now.run && told.invalidAt !== stampOf(now.run)) {
      told.invalidAt = stampOf(now.run)
      onInvalid?.({ runId: now.runId, version: now.run.version, issues: now.issues, raw: now.raw ?? null })
    }
    if (now.error !== told.error) {
      told.error = now.error
      if (now.error) onError?.(now.error)
    }
    const previous = told.status
    told.status = now.run?.status ?? previous
    if (now.run && previous !== undefined && now.run.status !== previous) onStatusChange?.(now.run.status, now.run, previous)
    if (now.end && now.run && onComplete && !told.completed.has(now.runId)) {
      told.completed.add(now.runId)
      onComplete(now.run, { live: now.end.live })
    }
  })
}

/** Tells each error once, of what has no other news to tell. */
export function useToldError(error: RunfeedError | undefined, origin: object, onError: FollowOptions['onError']): void {
  const told = useRef<{ readonly origin: object; readonly error: RunfeedError | undefined } | undefined>(undefined)
  useEffect(() => {
    const before = told.current?.origin === origin ? told.current.error : undefined
    told.current = { origin, error }
    if (error && error !== before) onError?.(error)
  })
}

/** Throws in render what a boundary was asked to show. */
export function throwIfAsked(error: RunfeedError | undefined, throwOnError: FollowOptions['throwOnError']): void {
  if (process.env.NODE_ENV !== 'production' && error?.type === 'client_closed') warnOnce(error.message)
  if (error && (typeof throwOnError === 'function' ? throwOnError(error) : throwOnError)) throw error
}
