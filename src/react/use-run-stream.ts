'use client'
import { useEffect, useRef } from 'react'
import type { Json } from '../protocol/json.ts'
import { changedFrom } from '../store/snapshot.ts'
import type { RunRef, StreamOptions } from './options.ts'
import { deriveStream, type StreamMemory, type StreamResult } from './stream-view.ts'
import { useFollowed, useTold } from './use-followed.ts'
import { type Target, useStreamTarget } from './use-target.ts'

/**
 * Follows one stream of a run.
 * @param run - its id or handle; without one the hook is disabled.
 * @param stream - the stream's key.
 */
export function useRunStream<T = Json, A = undefined>(run: RunRef, stream: string, options: StreamOptions<T, A> = {}): StreamResult<T, A> {
  const target = useStreamTarget(run, stream, options)
  const derived = useFollowed(target, deriveStream(target, options))
  useOnParts(target, derived.memory, options)
  // what is refused has been told, part by part
  useTold(target, derived, { ...options, onInvalid: undefined })
  return derived.result
}

/** Of all parts: what `maxParts` leaves out is told too. */
function useOnParts<T, A>(
  { runId, subject = [] }: Target<unknown>,
  { whole: log, stored, judge }: StreamMemory<T, A>,
  { onData, onInvalid }: Pick<StreamOptions<T, A>, 'onData' | 'onInvalid'>,
): void {
  const told = useRef<{ readonly subject: readonly unknown[]; readonly next: number; readonly cuts: readonly number[] } | undefined>(undefined)
  useEffect(() => {
    const before = told.current?.subject.every((part, index) => part === subject[index]) ? told.current : undefined
    const next = before ? Math.min(before.next, changedFrom(log, before.cuts)) : 0
    const from = Math.max(next, log.firstIndex)
    if (log.length <= from) return
    told.current = { subject, next: log.length, cuts: log.cuts }
    if (!onData && !onInvalid) return
    // What a schema refuses is left out, and would put every part after it at an index that is not its own: so each stretch without one is told by itself.
    let parts: T[] = []
    const refused: number[] = []
    for (let index = from; index <= log.length; index++) {
      const part = log.at(index)
      if (part !== undefined) parts.push(part)
      else {
        if (parts.length > 0) onData?.(parts, index - parts.length)
        parts = []
        refused.push(index)
      }
    }
    if (!onInvalid || !judge) return
    for (const index of refused) {
      const raw = stored.at(index)
      const issues = judge.issuesOf(index, raw)
      if (issues.length > 0) onInvalid({ runId, version: index, issues, raw: raw as Json })
    }
  })
}
