'use client'
import { useEffect, useRef } from 'react'
import type { Json } from '../protocol/json.ts'
import { changedFrom, type StreamSnapshot } from '../store/snapshot.ts'
import type { Gated } from './gate.ts'
import type { RunRef, StreamOptions } from './options.ts'
import { deriveStream, type StreamMemory, type StreamResult } from './stream-view.ts'
import { throwIfAsked, useCallbacks } from './use-callbacks.ts'
import { useSource } from './use-source.ts'
import { emptyStream, useStreamTarget } from './use-target.ts'

const idle = (): Gated<StreamSnapshot> => ({ data: emptyStream(), run: undefined, connectionStatus: 'idle' })

/**
 * Follows one stream of a run.
 * @param run - its id or handle; without one the hook is disabled.
 * @param stream - the stream's key.
 */
export function useRunStream<T = Json, A = undefined>(run: RunRef, stream: string, options: StreamOptions<T, A> = {}): StreamResult<T, A> {
  const target = useStreamTarget(run, stream, options)
  const derive = deriveStream(target, options)
  const { result, memory } = useSource<Gated<StreamSnapshot>, StreamResult<T, A>, StreamMemory<T, A>>(target.gate, derive, target.origin, idle)
  useCallbacks(
    {
      origin: target.origin,
      runId: target.runId,
      version: memory.log.length,
      run: memory.run,
      end: memory.end,
      issues: result.issues,
      raw: result.raw,
      error: result.error,
    },
    options,
  )
  useOnParts(options.onData, target.origin, result)
  throwIfAsked(result.error, options.throwOnError)
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
