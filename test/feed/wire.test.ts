// A feed as bytes on a connection: the server writes the chunks of HTTP/1.1 itself, so that all readers share them. Read here by a parser of
// the test's own, over plain sockets, and through what hosts put between the server and the network.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createServer2, connect as connect2, type Http2Server } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { createRunServer, memoryEngine, type RunEngine, type RunServer } from 'runfeed/server'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { HEARTBEAT, startServer } from '../support/server.ts'
import { Follow } from './follow.ts'

const TIMEOUT = { timeout: 60_000 }

async function listening<T extends Server | Http2Server>(host: T, server: RunServer): Promise<{ readonly port: number; readonly url: string }> {
  host.listen(0, '127.0.0.1')
  await once(host, 'listening')
  onTestFinished(async () => {
    await server.close()
    if ('closeAllConnections' in host) host.closeAllConnections()
    await new Promise<void>((resolve) => host.close(() => resolve()))
  })
  const { port } = host.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}` }
}

/** A run that has ended, so that its feed ends too. */
async function ended(engine: RunEngine, id?: string): Promise<string> {
  const run = id ?? ((await engine.record.create([{ task: 'work', payload: null, metadata: { word: 'größer 漢 😀' } }]))[0]?.id as string)
  await engine.record.cancel(run)
  return run
}

/** All that a server says to these requests, sent at once, until it closes the connection. */
async function said(port: number, requests: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  onTestFinished(() => void socket.destroy())
  socket.write(requests.map((request) => `${request}\r\n\r\n`).join(''))
  const parts: Buffer[] = []
  for await (const part of socket as AsyncIterable<Buffer>) parts.push(part)
  return Buffer.concat(parts).toString()
}

interface Answer {
  readonly status: number
  readonly body: string
}

/** Answers one after another (RFC 9112): chunks, or a length. @throws Error where a chunk is not as long as it says */
function answersOf(text: string): readonly Answer[] {
  let rest = Buffer.from(text)
  const take = (length: number): string => {
    const part = rest.subarray(0, length).toString()
    rest = rest.subarray(length)
    return part
  }
  const line = (): string => take(rest.indexOf('\r\n') + 2).slice(0, -2)
  const answers: Answer[] = []
  while (rest.length > 0) {
    const status = Number(line().split(' ')[1])
    const headers = new Map<string, string>()
    for (let header = line(); header !== ''; header = line()) {
      const at = header.indexOf(':')
      headers.set(header.slice(0, at).toLowerCase(), header.slice(at + 1).trim())
    }
    let body = ''
    if (headers.get('transfer-encoding') === 'chunked') {
      for (let size = Number.parseInt(line(), 16); ; size = Number.parseInt(line(), 16)) {
        body += take(size)
        if (take(2) !== '\r\n') throw new Error(`a chunk is not ${size} bytes long`)
        if (size === 0) break
      }
    } else body = take(Number(headers.get('content-length')))
    answers.push({ status, body })
  }
  return answers
}

const get = (path: string, version = '1.1'): string => `GET ${path} HTTP/${version}\r\nhost: 127.0.0.1`

test('after a feed has ended its connection takes the next request', TIMEOUT, async () => {
  const engine = memoryEngine()
  const { url } = await startServer({ engine })
  const id = await ended(engine)
  const text = await said(Number(new URL(url).port), [get(`/v1/runs/${id}/events`), `${get('/healthz')}\r\nconnection: close`])
  const [feed, health] = answersOf(text)
  expect([feed?.status, health?.status]).toEqual([200, 200])
  expect(feed?.body).toMatch(/^event: open\n[^]*größer 漢 😀[^]*"settled":true}\n\n$/)
})

test('of feeds that are asked for at once on one connection, each begins when the one before it has ended', TIMEOUT, async () => {
  const engine = memoryEngine()
  const { url } = await startServer({ engine })
  const [first] = await engine.record.create([{ task: 'work', payload: null, metadata: { which: 'first' } }])
  const second = await ended(engine)
  const asked = said(Number(new URL(url).port), [
    get(`/v1/runs/${first?.id}/events`),
    get(`/v1/runs/${second}/events`),
    `${get('/healthz')}\r\nconnection: close`,
  ])
  const other = new Follow(await fetch(`${url}/v1/runs/${first?.id}/events`))
  // the first is open for as long as this lasts
  await other.until(({ events }) => events.filter((event) => event === 'ping').length >= 2)
  await ended(engine, first?.id)
  const answers = answersOf(await asked)
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(answers[0]?.body).toContain('"which":"first"')
  expect(answers[1]?.body).toContain('größer 漢 😀')
  expect(answers[1]?.body).toContain('"settled":true')
})

test('a client of HTTP/1.0 gets frames and no chunks', TIMEOUT, async () => {
  const engine = memoryEngine()
  const { url } = await startServer({ engine })
  const id = await ended(engine)
  const text = await said(Number(new URL(url).port), [get(`/v1/runs/${id}/events`, '1.0')])
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  expect(text).not.toMatch(/transfer-encoding/i)
  expect(body).toMatch(/^event: open\n[^]*größer 漢 😀[^]*"settled":true}\n\n$/)
})

test('who stands between the server and the network sees every frame', TIMEOUT, async () => {
  const engine = memoryEngine()
  const server = createRunServer({ engine, heartbeat: HEARTBEAT })
  let seen = ''
  const host = createServer((request, response) => {
    const write = response.write.bind(response)
    response.write = ((chunk: Buffer, ...rest: readonly []) => {
      seen += chunk.toString()
      return write(chunk, ...rest)
    }) as typeof response.write
    server.handler(request, response)
  })
  const { url } = await listening(host, server)
  const id = await ended(engine)
  const text = await (await fetch(`${url}/v1/runs/${id}/events`)).text()
  expect(text).toContain('"settled":true')
  expect(seen).toBe(text)
})

test('Node’s own HTTP/2 carries a feed', TIMEOUT, async () => {
  const engine = memoryEngine()
  const server = createRunServer({ engine, heartbeat: HEARTBEAT })
  const host = createServer2((request, response) => server.handler(request as never, response as never))
  const { port, url } = await listening(host, server)
  const id = await ended(engine)
  const session = connect2(url)
  onTestFinished(() => session.destroy())
  const stream = session.request({ ':path': `/v1/runs/${id}/events`, host: `127.0.0.1:${port}` })
  let text = ''
  stream.setEncoding('utf8')
  for await (const part of stream as AsyncIterable<string>) text += part
  expect(text).toMatch(/^event: open\n[^]*größer 漢 😀[^]*"settled":true}\n\n$/)
})

test('whatever is said arrives as it was, for all who are told the same and for who is told more', TIMEOUT, async () => {
  const engine = memoryEngine()
  const server = await startServer({ engine })
  const [one, two] = (await engine.record.create([
    { task: 'work', payload: null },
    { task: 'work', payload: null },
  ])) as readonly { readonly id: string }[]
  if (!one || !two) throw new Error('there are no runs')
  const same = await Promise.all([1, 2, 3].map(async () => new Follow(await server.get(`/v1/runs/${one.id}/events`))))
  const both = new Follow(await server.post('/v1/feed', { wants: [{ run: one.id }, { run: two.id }] }))
  const all = [...same, both]
  let round = 0
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 20_000, size: 'max' }), fc.string({ unit: 'grapheme' }), async (long, short) => {
      round++
      for (const { id } of [one, two])
        await engine.record.commit({
          run: id,
          operations: [
            { op: 'set', key: 'long', value: long },
            { op: 'set', key: 'short', value: short },
            { op: 'set', key: 'round', value: round },
          ],
        })
      await Promise.all(all.map(async (feed) => await feed.until(({ runs }) => runs.get(one.id)?.metadata['round'] === round)))
      await both.until(({ runs }) => runs.get(two.id)?.metadata['round'] === round)
      for (const { runs } of all) expect(runs.get(one.id)?.metadata).toEqual({ long, short, round })
      expect(both.runs.get(two.id)?.metadata).toEqual({ long, short, round })
    }),
    { numRuns: 40 },
  )
})
