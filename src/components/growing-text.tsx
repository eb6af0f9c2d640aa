'use client'
// Text that only grows. React would write the whole text again at each chunk: that costs more the longer it is, and drops the reader's selection.
import { type ReactElement, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { changedFrom, type ChunkLog } from '../react/stream-view.ts'

const useCommit = typeof document === 'undefined' ? useEffect : useLayoutEffect
/** A text node is copied whole when it grows, so it may not grow for ever. */
const NODE_LENGTH = 8192

interface GrowingTextProps {
  readonly log: ChunkLog<unknown>
  readonly format: (part: unknown) => string
}

/** Give it another `key` for another stream. */
export function GrowingText({ log, format }: GrowingTextProps): ReactElement {
  // React writes what was there at first, also on a server, and never touches it again because it stays the same
  const [first] = useState(() => ({ text: textOf(log, log.firstIndex, format), from: log.firstIndex, next: log.length, cuts: log.cuts }))
  const written = useRef<Omit<typeof first, 'text'>>(first)
  const element = useRef<HTMLSpanElement>(null)
  useCommit(() => {
    if (!element.current) return
    const { from, next, cuts } = written.current
    // a stream that was opened again shows from its new start: nothing of what is written belongs to it; and a text cannot take back a part
    const isNew = (log.firstIndex > from && log.firstIndex >= next) || changedFrom(log, cuts) < next
    if (isNew) element.current.textContent = ''
    else if (log.length <= next) return
    append(element.current, textOf(log, isNew ? log.firstIndex : next, format))
    written.current = { from: isNew ? log.firstIndex : from, next: log.length, cuts: log.cuts }
  })
  return (
    <span ref={element} className="rf-stream__written" data-part="written">
      {first.text}
    </span>
  )
}

function textOf(log: ChunkLog<unknown>, from: number, format: (part: unknown) => string): string {
  let text = ''
  for (const part of log.slice(from)) text += format(part)
  return text
}

function append(element: HTMLElement, text: string): void {
  const last = element.lastChild
  if (last instanceof Text && last.length < NODE_LENGTH) last.appendData(text)
  else element.append(text)
}
