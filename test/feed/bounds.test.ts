// What connections may cost: how many, how long, how slow. And how they end.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createRunServer, memoryEngine, type RunServer, type RunServerOptions } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { describe, expect, onTestFinished, test } from 'vitest'
import { framesOf, framesUntil } from '../support/frames.ts'
import { HEARTBEAT, startServer } from '../support/server.ts'
import { Follow } from './follow.ts'

/** Executes until its server closes. */
const held = task({ id: 'held', run: async (_: unknown, { signal }) => await new Promise((resolve) => signal.addEventListener('abort', resolve)) })

/** 20 MB: more than a loopback socket takes. */
const flood = task({
  id: 'flood',
  run: async () =>
    void (await metadata.stream(
      'out',
      (async function* () {
        for (let i = 0; i < 200; i++) yield 'x'.repeat(100_000)
      })(),
    )),
})

/** The server in a host of the test's own, which sees its connections. */
async function hosted(options: Partial<RunServerOptions>): Promise<{ readonly host: Server; readonly url: string }> {
  const server = createRunServer({ engine: memoryEngine(), heartbeat: HEARTBEAT, ...options })
  const host = createServer((request, response) => server.handler(request, response))
  host.listen(0, '127.0.0.1')
  await once(host, 'listening')
  onTestFinished(async () => {
    await server.close()
    host.closeAllConnections()
    await new Promise((resolve) => host.close(resolve))
  })
  return { host, url: `http://127.0.0.1:${(host.address() as AddressInfo).port}` }
}

async function trigger(url: string, id: string): Promise<string> {
  const answer = await fetch(`${url}/v1/tasks/${id}/trigger`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  return ((await answer.json()) as { id: string }).id
}

/** For machines that have much else to do. */
const TIMEOUT = { timeout: 60_000 }

describe('how many', TIMEOUT, () => {
  test('one connection more than there may be is answered 503, and the others go on', async () => {
    const server = await startServer({ tasks: [held], feed: { maxConnections: 2 } })
    const id = await server.trigger('held')
    const open = await Promise.all([0, 1].map(async () => new Follow(await server.get(`/v1/runs/${id}/events`))))
    const refused = await server.get(`/v1/runs/${id}/events`)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await refused.json()).toMatchObject({ error: { type: 'unavailable' } })
    const pings = ({ events }: Follow) => events.filter((event) => event === 'ping').length
    await Promise.all(open.map(async (feed) => await feed.until((folded) => pings(folded) > 1)))
  })

  test('a connection that ends makes room', async () => {
    const server = await startServer({ tasks: [held], feed: { maxConnections: 1 } })
    const id = await server.trigger('held')
    await framesUntil(await server.get(`/v1/runs/${id}/events`), ({ event }) => event === 'run')
    // the server learns of it when it learns of it
    let status = 503
    while (status === 503) status = (await server.get(`/v1/runs/${id}/events`)).status
    expect(status).toBe(200)
  })

  test('so do its wants', async () => {
    const server = await startServer({ tasks: [held], feed: { maxSubscriptions: 2 } })
    const id = await server.trigger('held')
    const wants = [{ run: id }, { run: id, stream: 's' }]
    await framesUntil(await server.post('/v1/feed', { wants }), ({ event }) => event === 'run')
    let status = 503
    while (status === 503) status = (await server.post('/v1/feed', { wants })).status
    expect(status).toBe(200)
  })

  test('wants are counted too', async () => {
    const server = await startServer({ tasks: [held], feed: { maxSubscriptions: 3 } })
    const id = await server.trigger('held')
    const wants = [{ run: id }, { run: id, stream: 's' }]
    const first = new Follow(await server.post('/v1/feed', { wants }))
    await first.until(({ runs }) => runs.size === 1)
    expect((await server.post('/v1/feed', { wants })).status).toBe(503)
    expect((await server.post('/v1/feed', { wants: [{ run: id }] })).status).toBe(200)
  })
})

describe('how slow', TIMEOUT, () => {
  test('who takes nothing of what was written is cut off, and nobody else', async () => {
    const { url, host } = await hosted({ tasks: [flood, held], feed: { writeDeadline: 2 * HEARTBEAT } })
    const [id, quiet] = [await trigger(url, 'flood'), await trigger(url, 'held')]
    const other = new Follow(await fetch(`${url}/v1/runs/${quiet}/events`))
    await other.until(({ runs }) => runs.size === 1)
    const accepted = once(host, 'connection') as Promise<[Socket]>
    const deaf = connect({ port: Number(new URL(url).port), host: '127.0.0.1' })
    deaf.on('error', () => {}).pause()
    onTestFinished(() => void deaf.destroy())
    deaf.write(`GET /v1/runs/${id}/streams/out HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n`)
    const [socket] = await accepted
    await once(socket, 'close')
    const { length } = other.events
    await other.until(({ events }) => events.length > length)
    expect(other.events.at(-1)).toBe('ping')
  })

  test('who takes little at a time gets all of it, however long it takes', async () => {
    const { url } = await hosted({ tasks: [flood, held], feed: { writeDeadline: 10 * HEARTBEAT } })
    const [id, quiet] = [await trigger(url, 'flood'), await trigger(url, 'held')]
    const other = new Follow(await fetch(`${url}/v1/runs/${quiet}/events`))
    await other.until(({ runs }) => runs.size === 1)
    let chunks = 0
    let next = 0
    for await (const frame of framesOf(await fetch(`${url}/v1/runs/${id}/streams/out`))) {
      if (frame.event === 'chunks') chunks += frame.data.chunks.length
      if (chunks < next) continue
      // two heartbeats each time, which is longer than the deadline in all
      next += 20
      const { length } = other.events
      await other.until(({ events }) => events.length >= length + 2)
    }
    expect(chunks).toBe(200)
  })
})

describe('how long', TIMEOUT, () => {
  test('a connection of its age is told to come back at once, and ends', async () => {
    const server = await startServer({ tasks: [held], feed: { maxAge: 2 * HEARTBEAT } })
    const id = await server.trigger('held')
    const feed = new Follow(await server.get(`/v1/runs/${id}/events`))
    await feed.over
    const waits = feed.frames.flatMap(({ event, data }) => (event === 'bye' ? [data.reconnectAfter] : []))
    expect(waits).toHaveLength(1)
    expect(waits[0]).toBeLessThanOrEqual(1000)
  })

  test('a poll ends once all that is there has been told', async () => {
    const server = await startServer({ tasks: [held, flood] })
    const [id, full] = [await server.trigger('held'), await server.trigger('flood')]
    await server.ended(full)
    const wants = [{ run: id }, { run: full }, { run: full, stream: 'out' }, { query: { task: 'held' } }, { run: id, stream: 'never' }]
    const feed = new Follow(await server.post('/v1/feed', { wants, poll: true }))
    await feed.over
    expect([...feed.runs.keys()].toSorted()).toEqual([id, full].toSorted())
    expect(feed.frames.flatMap(({ event, data }) => (event === 'chunks' ? data.chunks : []))).toHaveLength(200)
    expect([feed.events[0], feed.queries.size]).toEqual(['open', 1])
    // from there on there is nothing
    const again = new Follow(await server.post('/v1/feed', { wants: [{ run: id, cursor: feed.cursors[id] }], poll: true }))
    await again.over
    expect(again.events).toEqual(['open'])
  })
})

describe('a host that speaks Fetch', TIMEOUT, () => {
  const fetched = (): RunServer => {
    const server = createRunServer({ engine: memoryEngine(), heartbeat: HEARTBEAT, tasks: [held, flood], feed: { writeDeadline: HEARTBEAT } })
    onTestFinished(async () => await server.close())
    return server
  }
  const started = async (server: RunServer, id: string): Promise<string> =>
    (
      (await (
        await server.fetch(
          new Request(`http://localhost/v1/tasks/${id}/trigger`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }),
        )
      ).json()) as { id: string }
    ).id

  test('is told bye when the server closes, and the body ends', async () => {
    const server = fetched()
    const id = await started(server, 'held')
    const feed = new Follow(await server.fetch(new Request(`http://localhost/v1/runs/${id}/events`)))
    await feed.until(({ runs }) => runs.size === 1)
    void server.close()
    await feed.over
    expect(feed.events.at(-1)).toBe('bye')
  })

  test('and takes nothing loses its body, not more', async () => {
    const server = fetched()
    const id = await started(server, 'flood')
    const response = await server.fetch(new Request(`http://localhost/v1/runs/${id}/streams/out`))
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    await reader.read()
    await expect(reader.closed).rejects.toThrow('took nothing')
  })
})
