// A TCP proxy of our own between a client and a server: it can cut, stall and answer anything, at any byte.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { type Fault, Link, requestOf } from './link.ts'

export type { Fault }

export interface FaultProxy {
  readonly url: string
  /** Connections that something was asked on so far. */
  readonly connections: number
  /** Loses every connection that is open now. */
  cutAll(): void
  /** Ends the bodies of every connection; cleanly where their fault is `finish`. */
  endAll(): void
  /** Nothing arrives any more on those that last asked for this (`POST /v1/feed`), and nobody is told. @returns how many they are. */
  stall(asked: string): number
  /** Bytes that those who last asked for this were sent so far. */
  passed(asked: string): number
  /** Loses every connection and listens no more, until `accept`. */
  refuse(): Promise<void>
  accept(): Promise<void>
  close(): Promise<void>
}

/**
 * Listens on a free loopback port for connections to `target`.
 * @param next - asked for the fault of each connection when the first request comes on it, by its number from 0 and by what that asks for
 * (`POST /v1/feed`).
 */
export async function faultProxy(target: string, next: (connection: number, asked: string) => Fault): Promise<FaultProxy> {
  const open = new Set<Socket>()
  const links = new Map<Socket, Link>()
  let connections = 0

  const server = createServer({ noDelay: true }, (client) => {
    open.add(client)
    client.on('error', ignore).on('close', () => {
      open.delete(client)
      links.delete(client)
    })
    client.once('data', (first: Buffer) => {
      const fault = next(connections++, requestOf(first) ?? '')
      if (fault.kind === 'answer') client.end(fault.text)
      else links.set(client, new Link(client, first, fault, new URL(target)))
    })
  })
  const listen = async (port: number): Promise<void> => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  await listen(0)
  const { port } = server.address() as AddressInfo
  const cutAll = (): void => {
    for (const client of open) client.resetAndDestroy()
  }
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    cutAll()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return connections
    },
    cutAll,
    endAll: () => {
      for (const link of links.values()) link.end()
    },
    stall: (asked) => {
      const stalled = [...links.values()].filter((link) => link.asked === asked)
      for (const link of stalled) link.stall()
      return stalled.length
    },
    passed: (asked) => [...links.values()].reduce((bytes, link) => bytes + (link.asked === asked ? link.passed : 0), 0),
    refuse: stop,
    accept: async () => await listen(port),
    close: stop,
  }
}

const ignore = (): void => {}
