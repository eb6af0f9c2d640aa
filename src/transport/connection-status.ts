// The wire, apart from the data.
import type { RunfeedError } from '../protocol/errors.ts'

/** `idle`: nothing is wanted. `paused`: for a named reason. `closed`: by us. `failed`: for good. */
export type ConnectionStatus = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'paused' | 'closed' | 'failed'

export interface ConnectionSnapshot {
  readonly status: ConnectionStatus
  /** The last failure, while not open. */
  readonly error: RunfeedError | undefined
}
