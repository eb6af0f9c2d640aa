// The seam between the client and the network: two methods, so that a scripted transport is trivial.
import type { Frame } from '../protocol/frame.ts'
import type { Json } from '../protocol/json.ts'
import type { Want } from '../protocol/want.ts'

/** How frames and answers get here. */
export interface RunTransport {
  /** One connection for all wants. It throws what made it fail; its normal end is a disconnect too: only `end` frames end anything. */
  stream(wants: readonly Want[], signal: AbortSignal): AsyncIterable<Frame>
  /** One REST call; `path` begins with `/v1/`. @throws HttpError, ConnectionError */
  request(method: string, path: string, body?: Json, signal?: AbortSignal): Promise<Json>
}
