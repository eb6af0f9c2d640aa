// How a status looks and reads. One that this version does not know is neutral and reads as it is written.
import type { RunStatus } from '../protocol/status.ts'

export type StatusTone = 'neutral' | 'active' | 'waiting' | 'success' | 'danger' | 'muted'
export type StatusShape = 'queued' | 'clock' | 'spinner' | 'pause' | 'check' | 'cross' | 'slash' | 'dot'

interface StatusLook {
  readonly tone: StatusTone
  readonly shape: StatusShape
  readonly label: string
}

const LOOKS: { readonly [status: string]: StatusLook } = {
  PENDING_VERSION: { tone: 'neutral', shape: 'clock', label: 'Waiting for a version' },
  DELAYED: { tone: 'neutral', shape: 'clock', label: 'Delayed' },
  QUEUED: { tone: 'neutral', shape: 'queued', label: 'Queued' },
  DEQUEUED: { tone: 'neutral', shape: 'queued', label: 'Starting' },
  EXECUTING: { tone: 'active', shape: 'spinner', label: 'Running' },
  WAITING: { tone: 'waiting', shape: 'pause', label: 'Waiting' },
  COMPLETED: { tone: 'success', shape: 'check', label: 'Completed' },
  CANCELED: { tone: 'muted', shape: 'slash', label: 'Canceled' },
  FAILED: { tone: 'danger', shape: 'cross', label: 'Failed' },
  CRASHED: { tone: 'danger', shape: 'cross', label: 'Crashed' },
  SYSTEM_FAILURE: { tone: 'danger', shape: 'cross', label: 'System failure' },
  EXPIRED: { tone: 'muted', shape: 'clock', label: 'Expired' },
  TIMED_OUT: { tone: 'danger', shape: 'clock', label: 'Timed out' },
}

export function lookOf(status: RunStatus): StatusLook {
  // a status named `constructor` is one that we do not know, too
  return (Object.hasOwn(LOOKS, status) ? LOOKS[status] : undefined) ?? { tone: 'neutral', shape: 'dot', label: sentence(status) }
}

function sentence(status: string): string {
  const words = status.replaceAll('_', ' ').trim().toLowerCase()
  return words === '' ? 'Unknown' : words.charAt(0).toUpperCase() + words.slice(1)
}
