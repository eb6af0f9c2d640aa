// The states of the connection as data. What an event does not name leaves the state as it is.
import type { ConnectionStatus } from './connection-status.ts'

/**
 * `want`: something is wanted. `unwant`: nothing is. `opened`: a first frame. `lost`: it broke, and is tried again. `refused`: it is not.
 * `pause` and `resume`: the first named reason to pause, and the end of the last.
 */
export type ConnectionEvent = 'want' | 'unwant' | 'opened' | 'lost' | 'refused' | 'pause' | 'resume' | 'close'

type Row = { readonly [E in ConnectionEvent]?: ConnectionStatus }

export const transitions: { readonly [S in ConnectionStatus]: Row } = {
  idle: { want: 'connecting', close: 'closed' },
  connecting: { unwant: 'idle', opened: 'open', lost: 'reconnecting', refused: 'failed', pause: 'paused', close: 'closed' },
  open: { unwant: 'idle', lost: 'reconnecting', refused: 'failed', pause: 'paused', close: 'closed' },
  reconnecting: { unwant: 'idle', opened: 'open', refused: 'failed', pause: 'paused', close: 'closed' },
  paused: { unwant: 'idle', resume: 'reconnecting', close: 'closed' },
  failed: { want: 'connecting', unwant: 'idle', close: 'closed' },
  closed: {},
}

export const transition = (status: ConnectionStatus, event: ConnectionEvent): ConnectionStatus => transitions[status][event] ?? status
