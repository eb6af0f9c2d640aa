// The wire, apart from the data.
import type { RunfeedError } from '../protocol/errors.ts'

/** `idle`: nothing is wanted. `paused`: for a named reason. `closed`: by us. `failed`: for good. */
export type ConnectionStatus = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'paused' | 'closed' | 'failed'

/** How frames come: by one stream, by asking again and again, or from another tab of this browser. */
export type TransportName = 'stream' | 'poll' | 'shared'

/** With `status: 'failed'` it has its `error`. */
export type ConnectionSnapshot = {
  /** The last failure, while not open. */
  readonly error: RunfeedError | undefined
  readonly transport: TransportName
  /** What it is paused for, or why it is not a stream of its own. */
  readonly reason: string | undefined
} & ({ readonly status: 'failed'; readonly error: RunfeedError } | { readonly status: Exclude<ConnectionStatus, 'failed'> })
