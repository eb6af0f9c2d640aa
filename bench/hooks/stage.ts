// The server of one page: the page itself, and the contender's transport, over HTTP/2 as in production. It counts what the transport costs.
import { createSecureServer } from 'node:http2'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { selfSigned } from '../../test/faults/self-signed.ts'
import { type Feed, pathOf } from './feeds/feed.ts'

const HTML =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Hooks</title><div id="root"></div><script type="module" src="/page.js"></script></html>'

export interface Traffic {
  /** Bytes on the wire that the page got and sent, TLS and HTTP/2 included. */
  readonly received: number
  readonly sent: number
  /** Requests of the transport so far, a WebSocket is one, and the most that were open at once. */
  readonly requests: number
  readonly mostOpen: number
}

export interface Stage {
  readonly url: string
  traffic(): Traffic
  close(): Promise<void>
}

const certificate = selfSigned()

export async function openStage(feed: Feed, script: string): Promise<Stage> {
  const sockets = new Set<Socket>()
  let requests = 0
  let open = 0
  let mostOpen = 0
  const begun = (): void => {
    requests++
    mostOpen = Math.max(mostOpen, ++open)
  }
  const ended = (): void => void open--

  // the compatibility layer's request and response are those of node:http, but for what nobody here uses
  const server = createSecureServer({ ...certificate, allowHTTP1: true }, (incoming, outgoing) => {
    const request = incoming as unknown as IncomingMessage
    const response = outgoing as unknown as ServerResponse
    const { pathname } = pathOf(request)
    if (pathname === '/') response.writeHead(200, { 'content-type': 'text/html' }).end(HTML)
    else if (pathname === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(script)
    else if (pathname === '/favicon.ico') response.writeHead(204).end()
    else {
      begun()
      response.once('close', ended)
      void feed.answer(request, response)
    }
  })
  // what is on the wire: the bytes of the TCP connection, below TLS
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    begun()
    socket.once('close', ended)
    feed.upgrade?.(request, socket, head)
  })
  server.on('sessionError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    traffic: () => ({
      received: [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, 0),
      sent: [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0),
      requests,
      mostOpen,
    }),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
      await feed.close?.()
    },
  }
}
