// The port: how long a request may take to come, and one shape of error for what is refused before it is a request.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorBody } from '../protocol/errors.ts'
import { positiveMsOf } from '../task/duration.ts'

const REQUEST_TIMEOUT_MS = 120_000
const HEADERS_TIMEOUT_MS = 20_000

/** @param requestTimeout - ms. @throws InvalidRequestError */
export function httpServer(listener: (request: IncomingMessage, response: ServerResponse) => void, requestTimeout: number = REQUEST_TIMEOUT_MS): Server {
  const timeout = positiveMsOf('requestTimeout', requestTimeout)
  const server = createServer(
    {
      requestTimeout: timeout,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, timeout),
      // Node looks for late ones so often
      connectionsCheckingInterval: Math.min(10_000, Math.ceil(timeout / 4)),
      // Node would refuse it without a word
      requireHostHeader: false,
    },
    (request, response) => (isWithoutHost(request) ? refuseWithoutHost(response) : listener(request, response)),
  )
  server.on('clientError', refuse)
  // what is expected beyond 100-continue may be left aside (RFC 9110, 10.1.1); Node would refuse that without a word too
  server.on('checkExpectation', listener)
  return server
}

/** HTTP/1.0 has no such rule (RFC 9112, 3.2). */
const isWithoutHost = ({ headers, httpVersion }: IncomingMessage): boolean => !headers.host && httpVersion !== '1.0'

function refuseWithoutHost(response: ServerResponse): void {
  const body = JSON.stringify({ error: { type: 'invalid_request', message: 'the request names no Host' } satisfies ErrorBody })
  response.writeHead(400, { connection: 'close', 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
}

const REFUSALS: { readonly [code: string]: readonly [status: string, type: string, message: string] } = {
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'the request did not come in time; send it again'],
  HPE_HEADER_OVERFLOW: [
    '431 Request Header Fields Too Large',
    'headers_too_large',
    'the headers are more than 16 kB, token and cookies included; send less in them',
  ],
}
const OTHER = ['400 Bad Request', 'invalid_request', 'this is no HTTP request'] as const

/** What began to be answered is cut: a second answer would be read as the rest of the first. */
function refuse(error: Error & { readonly code?: string }, socket: Socket & { readonly _httpMessage?: ServerResponse | null }): void {
  if (!socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy(error)
    return
  }
  const [status, type, message] = REFUSALS[error.code ?? ''] ?? OTHER
  const body = JSON.stringify({ error: { type, message } satisfies ErrorBody })
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`, () =>
    socket.destroy(),
  )
}
