// An HTTP proxy that gathers each answer until it ends, as compressing and scanning ones do; it can be told to let streams through.
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

export interface GatheringProxy {
  readonly url: string
  isGathering: boolean
}

export async function gatheringProxy(target: string): Promise<GatheringProxy> {
  const proxy = { url: '', isGathering: true }
  const server = createServer((incoming, outgoing) => {
    const { isGathering } = proxy
    const upstream = request(target + (incoming.url ?? ''), { method: incoming.method, headers: incoming.headers }, (answer) => {
      const { 'transfer-encoding': _chunked, ...headers } = answer.headers
      if (!isGathering) {
        outgoing.writeHead(answer.statusCode ?? 502, headers)
        answer.pipe(outgoing)
        return
      }
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => outgoing.writeHead(answer.statusCode ?? 502, headers).end(Buffer.concat(pieces)))
    })
    upstream.on('error', () => outgoing.destroy())
    outgoing.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return proxy
}
