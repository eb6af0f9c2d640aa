// A feed session as a server-sent event stream. Over Node it is written by hand: the writer asks for the next text only when the socket has
// drained, so a slow reader costs the server nothing but a cursor, and one that takes nothing at all is cut off.
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { AccessEnv } from './access.ts'

/** Whatever has events to write: `undefined` is the end. */
export interface EventSession {
  next(): string | undefined | Promise<string | undefined>
  close(): void
  /** ms within which the network must take something of what was written. @defaultValue 30000 */
  readonly writeDeadline?: number
}

const WRITE_DEADLINE_MS = 30_000
/** UTF-16 units. */
const LARGE = 4096

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
  void writeEventStream(session, outgoing as ServerResponse)
  return RESPONSE_ALREADY_SENT
}

export async function writeEventStream(session: EventSession, response: ServerResponse): Promise<void> {
  // one pair of listeners for all waits: a pair per wait would stay until the connection ends
  let proceed = (): void => {}
  response.on('drain', () => proceed())
  response.on('timeout', cut)
  response.once('close', () => {
    session.close()
    proceed()
  })
  response.on('error', ignore)
  // HTTP/2 knows no connection header, and refuses it
  response.writeHead(200, response.req.httpVersionMajor === 1 ? HEADERS_1 : HEADERS)
  response.flushHeaders()
  if (response.req.httpVersionMajor === 1) response.socket?.setNoDelay(true)
  try {
    for (;;) {
      const next = session.next()
      const state = writeText(next instanceof Promise ? await next : next, response)
      if (state === 'over' || response.destroyed) break
      if (state === 'taken') continue
      response.setTimeout(session.writeDeadline ?? WRITE_DEADLINE_MS)
      await new Promise<void>((resolve) => {
        proceed = resolve
      })
      response.setTimeout(0)
    }
    // the last of it must be taken too
    response.setTimeout(session.writeDeadline ?? WRITE_DEADLINE_MS)
    response.end(() => response.setTimeout(0))
  } catch (thrown) {
    // the headers are out: what is left is to cut, which the client takes as a disconnect
    console.error('runfeed: a feed failed:', thrown)
    response.destroy()
  } finally {
    session.close()
  }
}

/** Node takes what the network accepts of a write as a sign of life, so that only who takes nothing is cut off. */
function cut(this: ServerResponse): void {
  this.destroy()
}
/** The client went away: `close` follows. */
const ignore = (): void => {}

function writeText(text: string | undefined, response: ServerResponse): 'taken' | 'waits' | 'over' {
  if (text === undefined || response.destroyed) return 'over'
  // for a string that waits Node keeps three times its length, because it might all be Chinese
  return response.write(text.length > LARGE ? Buffer.from(text) : text) ? 'taken' : 'waits'
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
