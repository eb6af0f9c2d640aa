// A feed session as a server-sent event stream. Over Node it is written by hand: the writer asks for the next text only when the socket has
// drained, so a slow reader costs the server nothing but a cursor.
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { AccessEnv } from './access.ts'

/** Whatever has events to write: `undefined` is the end. */
export interface EventSession {
  next(): Promise<string | undefined>
  close(): void
}

/** Proxies must neither transform nor gather it (nginx: `X-Accel-Buffering`). */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const

/** The answer for either kind of host. */
export function answerWith(session: EventSession, context: Context<AccessEnv>): Response {
  const outgoing = context.env?.outgoing
  if (!outgoing || !('writeHead' in outgoing)) return eventStreamResponse(session, context.req.raw.signal)
  void writeEventStream(session, outgoing as ServerResponse)
  return RESPONSE_ALREADY_SENT
}

export async function writeEventStream(session: EventSession, response: ServerResponse): Promise<void> {
  // one pair of listeners for all waits: a pair per wait would stay until the connection ends
  let proceed = (): void => {}
  response.on('drain', () => proceed())
  response.once('close', () => {
    session.close()
    proceed()
  })
  // the client went away: `close` follows
  response.on('error', () => {})
  response.writeHead(200, { ...HEADERS, connection: 'keep-alive' })
  response.flushHeaders()
  response.socket?.setNoDelay(true)
  try {
    for (;;) {
      const text = await session.next()
      if (text === undefined || response.destroyed) break
      if (response.write(text) || response.destroyed) continue
      await new Promise<void>((resolve) => {
        proceed = resolve
      })
    }
    response.end()
  } catch (thrown) {
    // the headers are out: what is left is to cut, which the client takes as a disconnect
    console.error('runfeed: a feed failed:', thrown)
    response.destroy()
  } finally {
    session.close()
  }
}

/** The same for hosts that take a Fetch response. */
export function eventStreamResponse(session: EventSession, signal: AbortSignal): Response {
  signal.addEventListener('abort', () => session.close(), { once: true })
  const encoder = new TextEncoder()
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const text = await session.next()
        if (text === undefined) controller.close()
        else controller.enqueue(encoder.encode(text))
      },
      cancel: () => session.close(),
    },
    // nothing is read ahead of the reader
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: HEADERS })
}
