// A stream of events as the answer to a request, for either kind of host.
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { AccessEnv } from './access.ts'
import { eventStreamResponse, writeEventStream } from './event-stream.ts'

export function answerWith(session: Parameters<typeof writeEventStream>[0], context: Context<AccessEnv>): Response {
  const outgoing = context.env?.outgoing
  if (!outgoing || !('writeHead' in outgoing)) return eventStreamResponse(session, context.req.raw.signal)
  void writeEventStream(session, outgoing as ServerResponse)
  return RESPONSE_ALREADY_SENT
}
