// The seam between the client and the network: two methods, so that a scripted transport is trivial. The rest is for those who stand between.
import type { RunfeedError } from '../protocol/errors.ts'
import type { Frame } from '../protocol/frame.ts'
import type { Json } from '../protocol/json.ts'
import type { Want } from '../protocol/want.ts'
import type { TransportName } from './connection-status.ts'
import type { Environment } from './environment.ts'

/** How frames and answers get here. */
export interface RunTransport {
  /**
   * One connection for all wants. It throws what made it fail; its normal end is a disconnect too: only `end` frames end anything.
   * @param isPoll - asks for what is there now: the answer ends after it.
   */
  stream(wants: readonly Want[], signal: AbortSignal, isPoll?: boolean): AsyncIterable<Frame>
  /**
   * One REST call; `path` begins with `/v1/`.
   * @param token - in the place of the transport's own.
   * @throws HttpError, ConnectionError
   */
  request(method: string, path: string, body?: Json, signal?: AbortSignal, token?: string): Promise<Json>
  /** How frames come now, and why, read with each `open` frame. @defaultValue a stream */
  readonly via?: (() => Via) | undefined
  /** Calls `listener` when `via` says something else. */
  readonly onVia?: ((listener: () => void) => void) | undefined
  /** The token that the next attempt will have. */
  readonly token?: (() => Promise<string | undefined>) | undefined
  /** Whether a token that has expired can be had anew. @defaultValue false */
  readonly isRenewable?: boolean | undefined
  /** Of its server: connections that may hang for each other's sake are counted by it. */
  readonly origin?: string | undefined
}

export interface Via {
  readonly transport: TransportName
  readonly reason?: string | undefined
  /** What is behind it is lost, and opens again by itself. */
  readonly error?: RunfeedError | undefined
}

/** What `share` and `poll` are: they stand between the client and its transport. */
export type TransportLayer = (below: RunTransport, environment: Environment) => RunTransport
