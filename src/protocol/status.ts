// The statuses of a run. Readers test `finishedAt`, never a name, and survive a status that they do not know.

const STATUSES = [
  'PENDING_VERSION',
  'DELAYED',
  'QUEUED',
  'DEQUEUED',
  'EXECUTING',
  'WAITING',
  'COMPLETED',
  'CANCELED',
  'FAILED',
  'CRASHED',
  'SYSTEM_FAILURE',
  'EXPIRED',
  'TIMED_OUT',
] as const

export type KnownStatus = (typeof STATUSES)[number]
export const RUN_STATUSES: readonly KnownStatus[] = STATUSES
/** A status as it is read: a newer server may send one that this version does not know. */
export type RunStatus = KnownStatus | (string & {})

export type TerminalStatus = 'COMPLETED' | 'CANCELED' | 'FAILED' | 'CRASHED' | 'SYSTEM_FAILURE' | 'EXPIRED' | 'TIMED_OUT'
const TERMINAL: ReadonlySet<string> = new Set<TerminalStatus>(['COMPLETED', 'CANCELED', 'FAILED', 'CRASHED', 'SYSTEM_FAILURE', 'EXPIRED', 'TIMED_OUT'])
export const isTerminalStatus = (status: string): status is TerminalStatus => TERMINAL.has(status)
