// The plain way: an event stream that says the whole document again whenever some of it changes.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createParser } from 'eventsource-parser'
import { Arrivals, type Open } from './contender.ts'

export const resending: Open = async (document) => {
  const readers = new Set<ServerResponse>()
  let now = document
  const say = (reader: ServerResponse): void => void reader.write(`data: ${JSON.stringify(now)}\n\n`)
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    readers.add(response)
    say(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const arrivals = new Arrivals()
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async read(at) {
      const { body } = await fetch(at)
      const parser = createParser({ onEvent: ({ data }) => arrivals.came((JSON.parse(data) as { readonly n: number }).n) })
      const pump = async (): Promise<void> => {
        for await (const text of (body as ReadableStream<Uint8Array<ArrayBuffer>>).pipeThrough(new TextDecoderStream())) parser.feed(text)
      }
      // it ends when the server hangs up
      pump().catch(() => {})
      await arrivals.of(0)
    },
    async change(n) {
      now = { ...now, n }
      for (const reader of readers) say(reader)
      await arrivals.of(n)
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
