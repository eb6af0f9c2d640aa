// A server of one kind, in a process of its own: many connections, and one update to all of them when it is told to. The same text for each kind.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { pathToFileURL } from 'node:url'
import { createRunServer, memoryEngine } from 'runfeed/server'

export type Kind = 'runfeed' | 'node:http' | 'better-sse'

/** What the parent says, and what is answered. */
export type Order = { readonly do: 'update'; readonly number: number } | { readonly do: 'memory' } | { readonly do: 'used' }
/** `body`: what is sent to the path; without one it is got. `processor`: µs that were used since the last update was ordered. */
export type Answer = { readonly url: string; readonly path: string; readonly body?: string } | { readonly rss: number } | { readonly processor: number }

interface Feed {
  readonly url: string
  readonly path: string
  readonly body?: string
  update(number: number): void
}

interface SseSession {
  readonly isConnected: boolean
}
interface SseChannel {
  broadcast(data: unknown, event: string): unknown
  register(session: SseSession): unknown
}
interface BetterSse {
  createSession(request: IncomingMessage, response: ServerResponse): Promise<SseSession>
  createChannel(): SseChannel
}

const open: { readonly [K in Kind]: () => Promise<Feed> } = { runfeed, 'node:http': plain, 'better-sse': betterSse }

/** What an update of ours says; the others say as much. */
const data = (number: number): object => ({
  run: 'run_00000000000000000000',
  base: number,
  cursor: `${number + 1}.abcd`,
  at: Date.now(),
  patch: [{ op: 'replace', path: '/metadata/number', value: number }],
  by: null,
})

async function runfeed(): Promise<Feed> {
  const engine = memoryEngine()
  // the loopback gate and all else that a request passes is part of it
  // without pings, because the others say none: they would meet one round and not another
  const server = createRunServer({ engine, heartbeat: 3_600_000 })
  const [run] = await engine.record.create([{ task: 'bench', payload: null, metadata: { number: -1 } }])
  const { url } = await server.listen()
  const id = run?.id as string
  return {
    url,
    // as our client asks
    path: '/v1/feed',
    body: JSON.stringify({ protocol: 1, wants: [{ run: id }] }),
    update: (number) => void engine.record.commit({ run: id, operations: [{ op: 'set', key: 'number', value: number }] }),
  }
}

async function listening(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function plain(): Promise<Feed> {
  const responses = new Set<ServerResponse>()
  const url = await listening((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
    response.flushHeaders()
    response.write(`event: patch\ndata: ${JSON.stringify(data(-1))}\n\n`)
    responses.add(response)
    response.once('close', () => responses.delete(response))
  })
  return {
    url,
    path: '/',
    update(number) {
      const text = `event: patch\ndata: ${JSON.stringify(data(number))}\n\n`
      for (const response of responses) response.write(text)
    },
  }
}

async function betterSse(): Promise<Feed> {
  // by its name at run time: who only checks types has not installed the bench's peers
  const peers = createRequire(new URL('../peers/package.json', import.meta.url))
  let path: string
  try {
    path = peers.resolve('better-sse')
  } catch {
    throw new Error('better-sse is not installed: npm install --prefix bench/peers')
  }
  const peer = (await import(pathToFileURL(path).href)) as BetterSse
  const channel = peer.createChannel()
  const url = await listening((request, response) => void peer.createSession(request, response).then((session) => channel.register(session)))
  return { url, path: '/', update: (number) => void channel.broadcast(data(number), 'patch') }
}

const feed = await (open[process.argv[2] as Kind] ?? open['node:http'])()
/** All that can be given back is, by each kind alike: what is left of a heap that was larger while connections came is nobody's connection. */
const collect = (globalThis as { gc?: (options: object) => void }).gc
const COLLECTIONS = 4
let used = process.cpuUsage()
process.on('message', (order: Order) => {
  switch (order.do) {
    case 'update':
      used = process.cpuUsage()
      feed.update(order.number)
      return
    case 'used': {
      const { user, system } = process.cpuUsage(used)
      process.send?.({ processor: user + system } satisfies Answer)
      return
    }
    case 'memory':
      for (let i = 0; i < COLLECTIONS; i++) collect?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
      process.send?.({ rss: process.memoryUsage.rss() } satisfies Answer)
      return
    default:
      order satisfies never
  }
})
process.on('disconnect', () => process.exit(0))
process.send?.({ url: feed.url, path: feed.path, ...(feed.body !== undefined && { body: feed.body }) } satisfies Answer)
