// Numbers and times as the page writes them.
import type { Run } from 'runfeed'
import { durationText, elapsedText } from '../duration.ts'

export const number = (n: number): string => n.toLocaleString('en')

/** When a run was started: the time alone if that was today. */
export function startedAt({ createdAt }: Pick<Run, 'createdAt'>, now: Date = new Date()): string {
  const at = new Date(createdAt)
  const time = at.toLocaleTimeString('en-GB')
  return at.toDateString() === now.toDateString() ? time : `${at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })}, ${time}`
}

/** How long a run has been at work. */
export const elapsed = ({ startedAt: from }: Pick<Run, 'startedAt'>, now: number): string | undefined => (from === null ? undefined : elapsedText(now - from))

/** How long a run took, once it has ended. A crash is noticed at the next start, so that its end says nothing. */
export function duration({ status, startedAt: from, finishedAt: to }: Pick<Run, 'status' | 'startedAt' | 'finishedAt'>): string | undefined {
  if (from === null || to === null || status === 'CRASHED') return undefined
  return durationText(to - from)
}
