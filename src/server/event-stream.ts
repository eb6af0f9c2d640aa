// A feed session as a server-sent event stream: over Node it is written by hand, for other hosts it is a body that is pulled.
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { AccessEnv } from './access.ts'
import { type EventSession, WRITE_DEADLINE_MS } from './event-session.ts'
import { EventWriter } from './event-writer.ts'

/** Proxies must neither transform nor gather it (nginx: `X-Accel-Buffering`). */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
} as const

const HEADERS_1 = { ...HEADERS, connection: 'keep-alive' } as const

/** The answer for either kind of host. */
export function answerWith(session: EventSession, context: Context<AccessEnv>): Response {
  const outgoing = context.env?.outgoing
  if (!outgoing || !('writeHead' in outgoing)) return eventStreamResponse(session, context.req.raw.signal)
  const response = outgoing as ServerResponse
  // HTTP/2 knows no connection header, and refuses it
  new EventWriter(session, response, response.req.httpVersionMajor === 1 ? HEADERS_1 : HEADERS).proceed()
  return RESPONSE_ALREADY_SENT
}

/** The same for hosts that take a Fetch response. */
export function eventStreamResponse(session: EventSession, signal: AbortSignal): Response {
  const encoder = new TextEncoder()
  let late: ReturnType<typeof setTimeout> | undefined
  const close = (): void => {
    clearTimeout(late)
    session.close()
  }
  signal.addEventListener('abort', close, { once: true })
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(late)
        const text = await session.next()
        if (text === undefined) {
          close()
          return controller.close()
        }
        controller.enqueue(encoder.encode(text))
        // the host asks for more once its network has taken this
        late = setTimeout(() => {
          controller.error(new Error('the reader took nothing in time'))
          close()
        }, session.writeDeadline ?? WRITE_DEADLINE_MS)
      },
      cancel: close,
    },
    // nothing is read ahead of the reader
    { highWaterMark: 0 },
  )
  return new Response(body, { headers: HEADERS })
}
