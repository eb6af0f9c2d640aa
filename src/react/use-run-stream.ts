'use client'
import { useEffect, useRef } from 'react'
import type { Json } from '../protocol/json.ts'
import { changedFrom } from '../store/snapshot.ts'
import type { RunRef, StreamOptions } from './options.ts'
import { deriveStream, type StreamMemory, type StreamResult } from './stream-view.ts'
import { useFollowed } from './use-followed.ts'
import { useStreamTarget } from './use-target.ts'

const partsSeen = ({ log }: StreamMemory<unknown, unknown>): number => log.length

/**
 * Follows one stream of a run.
 * @param run - its id or handle; without one the hook is disabled.
 * @param stream - the stream's key.
 */
export function useRunStream<T = Json, A = undefined>(run: RunRef, stream: string, options: StreamOptions<T, A> = {}): StreamResult<T, A> {
  const target = useStreamTarget(run, stream, options)
  const { result } = useFollowed(target, deriveStream(target, options), partsSeen, options)
  useOnParts(options.onData, target.origin, result)
  return result
}

function useOnParts<T>(onData: StreamOptions<T, unknown>['onData'], origin: object, { log }: StreamResult<T, unknown>): void {
  const told = useRef<{ readonly origin: object; readonly next: number; readonly cuts: readonly number[] } | undefined>(undefined)
  useEffect(() => {
    const before = told.current?.origin === origin ? told.current : undefined
    const next = before ? Math.min(before.next, changedFrom(log, before.cuts)) : 0
    const from = Math.max(next, log.firstIndex)
    if (log.length <= from) return
    told.current = { origin, next: log.length, cuts: log.cuts }
    onData?.(log.slice(from), from)
  })
}
