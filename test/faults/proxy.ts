// A TCP proxy of our own between a client and a server: it can cut, stall and answer anything, at any byte of what the server says.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** What happens to one connection. Bytes count what the server sends on it. */
export type Fault =
  | { readonly kind: 'none' }
  /** Both ends lose the connection (RST) after so many bytes; 0: before any. */
  | { readonly kind: 'cut'; readonly after: number }
  /** The client sees a clean end after so many bytes: to HTTP, a body cut short. */
  | { readonly kind: 'end'; readonly after: number }
  /** Nothing more arrives after so many bytes, and nobody is told: a dead NAT. */
  | { readonly kind: 'stall'; readonly after: number }
  /** The client is answered by the proxy, and the server not asked. */
  | { readonly kind: 'answer'; readonly text: string }

export interface FaultProxy {
  readonly url: string
  /** Connections that were made so far. */
  readonly connections: number
  /** Loses every connection that is open now. */
  cutAll(): void
  close(): Promise<void>
}

/**
 * Listens on a free loopback port for connections to `target`.
 * @param next - asked for the fault of each connection, by its number from 0.
 */
export async function faultProxy(target: string, next: (connection: number) => Fault): Promise<FaultProxy> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let connections = 0

  const server = createServer((client) => {
    const fault = next(connections++)
    open.add(client)
    client.on('error', ignore).on('close', () => open.delete(client))
    if (fault.kind === 'answer') {
      client.once('data', () => client.end(fault.text))
      return
    }
    const upstream = connect(Number(port), hostname)
    upstream.on('error', () => client.resetAndDestroy()).on('end', () => client.end())
    client.on('close', () => upstream.destroy())
    client.pipe(upstream)
    const limit = fault.kind === 'none' ? Number.POSITIVE_INFINITY : fault.after
    let sent = 0
    upstream.on('data', (data: Buffer) => {
      const passed = data.subarray(0, limit - sent)
      sent += passed.length
      if (!client.write(passed)) {
        upstream.pause()
        client.once('drain', () => upstream.resume())
      }
      if (sent >= limit) fail(fault, client, upstream)
    })
    if (limit === 0) fail(fault, client, upstream)
  })

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return connections
    },
    cutAll: () => {
      for (const client of open) client.resetAndDestroy()
    },
    close: async () => {
      for (const client of open) client.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function fail(fault: Fault, client: Socket, upstream: Socket): void {
  switch (fault.kind) {
    case 'cut':
      // what was written before is on its way: a reset at once would take it back
      client.end(() => client.resetAndDestroy())
      break
    case 'end':
      client.end()
      break
    case 'stall':
      // both sides stay open, and the server goes on talking to nobody
      upstream.removeAllListeners('data').resume()
      return
    default:
      return
  }
  upstream.destroy()
}

const ignore = (): void => {}
