// Counts what one side of real sockets receives, headers and all.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface Wire {
  readonly url: string
  /** Bytes that came from the server so far. */
  readonly received: number
  /** Bytes that the clients said. */
  readonly sent: number
  close(): Promise<void>
}

/** Listens on a free port for who would talk to `target`. */
export async function countingWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  let [received, sent] = [0, 0]
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: Number(port), host: hostname, noDelay: true })
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => {}).on('close', () => open.delete(socket))
    }
    client.on('data', (data: Buffer) => (sent += data.length)).pipe(upstream)
    upstream.on('data', (data: Buffer) => (received += data.length)).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get received() {
      return received
    },
    get sent() {
      return sent
    },
    async close() {
      for (const socket of open) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
