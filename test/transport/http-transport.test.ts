// Over a real socket, with a server that misbehaves in every way that we have read about.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeFrame, type Frame } from '../../src/protocol/frame.ts'
import { MAX_FRAME_BYTES } from '../../src/protocol/limits.ts'
import { type HttpTransportOptions, httpTransport } from '../../src/transport/http-transport.ts'
import { readFrames } from '../../src/transport/read-frames.ts'
import { ManualEnvironment } from './manual-environment.ts'

interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
type Answer = (response: ServerResponse, received: Received) => void

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections()
})

async function serve(answer: Answer, options: Omit<HttpTransportOptions, 'baseUrl'> = {}, environment?: ManualEnvironment) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body }
      received.push(one)
      answer(response, one)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { received, transport: httpTransport({ baseUrl, ...options }, environment) }
}

const ping = (time: number): Frame => ({ event: 'ping', data: { time } })
const events = (response: ServerResponse): ServerResponse => response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
const json = (response: ServerResponse, status: number, body: unknown, headers: { [name: string]: string } = {}): void =>
  void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))

async function read(frames: AsyncIterable<Frame>): Promise<{ frames: Frame[]; thrown: unknown }> {
  const seen: Frame[] = []
  try {
    for await (const frame of frames) seen.push(frame)
    return { frames: seen, thrown: undefined }
  } catch (thrown) {
    return { frames: seen, thrown }
  }
}
const open = new AbortController().signal

describe('the feed', () => {
  test('is one POST that says what is wanted; the token is in a header alone', async () => {
    const { transport, received } = await serve((response) => events(response).end(encodeFrame(ping(1))), { accessToken: 'se"cret' })
    expect(await read(transport.stream([{ run: 'run_a', cursor: '3.t' }], open))).toEqual({ frames: [ping(1)], thrown: undefined })
    expect(received).toMatchObject([
      { method: 'POST', url: '/v1/feed', headers: { accept: 'text/event-stream', 'content-type': 'application/json', authorization: 'Bearer se"cret' } },
    ])
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ protocol: 1, wants: [{ run: 'run_a', cursor: '3.t' }] })
  })

  test('without a token has no authorization', async () => {
    const { transport, received } = await serve((response) => events(response).end())
    await read(transport.stream([], open))
    expect(received[0]?.headers).not.toHaveProperty('authorization')
  })

  test('cut within a frame gives the frames before it and a connection error', async () => {
    const { transport } = await serve((response) => {
      events(response).write(`${encodeFrame(ping(1))}event: ping\ndata: {"ti`)
      setImmediate(() => response.destroy())
    })
    const { frames, thrown } = await read(transport.stream([], open))
    expect(frames).toEqual([ping(1)])
    expect(thrown).toMatchObject({ type: 'connection', retryable: true })
  })

  test('cut before any answer is a connection error', async () => {
    const { transport } = await serve((response) => void response.destroy())
    expect((await read(transport.stream([], open))).thrown).toMatchObject({ name: 'ConnectionError', retryable: true })
  })

  test('a clean end within a frame drops that frame and throws nothing', async () => {
    const { transport } = await serve((response) => events(response).end(`${encodeFrame(ping(1))}event: ping\ndata: {"time":2}\n`))
    expect(await read(transport.stream([], open))).toEqual({ frames: [ping(1)], thrown: undefined })
  })

  test.each([
    [404, false],
    [403, false],
    [426, false],
    [429, true],
    [503, true],
  ])('%i is an HttpError with what the body says; retryable: %s', async (status, retryable) => {
    const { transport } = await serve((response) => json(response, status, { error: { type: 'why', message: 'because', extra: 1 } }, { 'retry-after': '7' }))
    const { thrown } = await read(transport.stream([], open))
    expect(thrown).toMatchObject({ name: 'HttpError', status, type: 'why', message: 'because', details: { extra: 1 }, retryAfter: 7_000, retryable })
  })

  test('a proxy’s page is an error by its status', async () => {
    const { transport } = await serve((response) => void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad gateway</h1>'))
    expect((await read(transport.stream([], open))).thrown).toMatchObject({ type: 'http_502', retryable: true, retryAfter: undefined })
  })

  test('Retry-After may be a date', async () => {
    const environment = new ManualEnvironment()
    const { transport } = await serve((response) => json(response, 503, {}, { 'retry-after': new Date(1_020_000).toUTCString() }), {}, environment)
    expect((await read(transport.stream([], open))).thrown).toMatchObject({ retryAfter: 20_000 })
  })

  test.each(['Text/Event-Stream;charset=UTF-8', 'text/event-stream'])('is what it says it is, as %s as well', async (type) => {
    const { transport } = await serve((response) => void response.writeHead(200, { 'content-type': type }).end(encodeFrame(ping(1))))
    expect(await read(transport.stream([], open))).toEqual({ frames: [ping(1)], thrown: undefined })
  })

  test('an answer that is no event stream is not one', async () => {
    const { transport } = await serve((response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Sign in'))
    expect((await read(transport.stream([], open))).thrown).toMatchObject({ name: 'ProtocolError', message: expect.stringContaining('text/html') })
  })

  test('aborting ends it', async () => {
    const { transport } = await serve((response) => events(response).write(encodeFrame(ping(1))))
    const controller = new AbortController()
    const frames = transport.stream([], controller.signal)[Symbol.asyncIterator]()
    expect((await frames.next()).value).toEqual(ping(1))
    const next = frames.next()
    controller.abort()
    await Promise.allSettled([next])
    expect((await frames.next()).done).toBe(true)
  })
})

describe('tokens', () => {
  test('a function is asked per attempt, once for all that wait', async () => {
    let asked = 0
    const { transport, received } = await serve((response) => json(response, 200, {}), { accessToken: () => Promise.resolve(`t${++asked}`) })
    await Promise.all([transport.request('GET', '/v1/runs'), transport.request('GET', '/v1/runs'), transport.request('GET', '/v1/runs')])
    expect(asked).toBe(1)
    await transport.request('GET', '/v1/runs')
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer t1', 'Bearer t1', 'Bearer t1', 'Bearer t2'])
  })

  test('a 401 is tried once with a fresh one; the second is meant', async () => {
    let asked = 0
    const accessToken = () => `t${++asked}`
    const { transport } = await serve((response, { headers }) => json(response, headers.authorization === 'Bearer t2' ? 200 : 401, { ok: true }), {
      accessToken,
    })
    expect(await transport.request('GET', '/v1/runs')).toEqual({ ok: true })
    await expect(transport.request('GET', '/v1/runs')).rejects.toMatchObject({ status: 401, retryable: false })
    expect(asked).toBe(4)
  })

  test('a fixed one is not tried twice', async () => {
    const { transport, received } = await serve((response) => json(response, 401, {}), { accessToken: 'old' })
    await expect(transport.request('GET', '/v1/runs')).rejects.toMatchObject({ status: 401 })
    expect(received).toHaveLength(1)
  })

  test('one that cannot be had now may be had later', async () => {
    const { transport } = await serve((response) => json(response, 200, {}), {
      accessToken: () => {
        throw new Error('offline')
      },
    })
    await expect(transport.request('GET', '/v1/runs')).rejects.toMatchObject({ type: 'connection', retryable: true })
  })
})

describe('calls', () => {
  test('answer JSON, or nothing', async () => {
    const { transport, received } = await serve((response, { method }) => (method === 'POST' ? void response.writeHead(204).end() : json(response, 200, [1])))
    expect(await transport.request('GET', '/v1/runs')).toEqual([1])
    expect(await transport.request('POST', '/v1/runs/run_a/cancel', { a: 1 })).toBeNull()
    expect(received.map(({ body }) => body)).toEqual(['', '{"a":1}'])
  })

  test('that break off while they are answered may work later', async () => {
    const { transport } = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '20' }).write('{"id":')
      // later, so that the head is not lost with it
      setImmediate(() => response.destroy())
    })
    await expect(transport.request('GET', '/v1/runs/run_a')).rejects.toMatchObject({ type: 'connection', retryable: true })
  })

  test.each(['', '{"id":"run_'])('whose answer is cut short to %j, as by a proxy that closes cleanly, may work later', async (text) => {
    const { transport } = await serve((response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(text))
    await expect(transport.request('GET', '/v1/runs/run_a')).rejects.toMatchObject({ type: 'connection', retryable: true })
  })

  test.each(['', '<h1>Sign in</h1>'])('that somebody else answers with %j are an error of the protocol', async (text) => {
    const { transport } = await serve((response) => void response.writeHead(200, { 'content-type': 'text/html' }).end(text))
    await expect(transport.request('GET', '/v1/runs')).rejects.toMatchObject({ type: 'protocol', retryable: false })
  })

  test('have a limit, which its error names', async () => {
    const environment = new ManualEnvironment()
    let came: () => void = () => {}
    const arrived = new Promise<void>((resolve) => (came = resolve))
    const { transport } = await serve(() => came(), {}, environment)
    const answer = transport.request('GET', '/v1/runs').catch((thrown: unknown) => thrown)
    await arrived
    await environment.advance(30_000)
    expect(await answer).toMatchObject({ type: 'connection', message: 'GET /v1/runs was not answered within 30 s' })
    expect(environment.timers).toBe(0)
  })

  test.each<[string, Omit<HttpTransportOptions, 'baseUrl'>, string]>([
    ['a token that never comes', { accessToken: () => new Promise(() => {}) }, 'accessToken'],
    ['a fetch that takes no notice of its signal', { fetch: () => new Promise(() => {}) }, 'GET /v1/runs'],
  ])('have it also with %s', async (_, options, what) => {
    const environment = new ManualEnvironment()
    const transport = httpTransport({ baseUrl: 'http://127.0.0.1:1', ...options }, environment)
    const answer = transport.request('GET', '/v1/runs').catch((thrown: unknown) => thrown)
    const controller = new AbortController()
    const given = transport.request('GET', '/v1/runs', undefined, controller.signal).catch((thrown: unknown) => thrown)
    controller.abort('enough')
    expect(await given).toBe('enough')
    await environment.advance(30_000)
    expect(await answer).toMatchObject({ type: 'connection', message: `${what} was not answered within 30 s` })
    expect(environment.timers).toBe(0)
  })

  test('ask for another token where one never came', async () => {
    const environment = new ManualEnvironment()
    let asked = 0
    const accessToken = (): string | Promise<string> => (++asked === 1 ? new Promise(() => {}) : 'second')
    const { transport, received } = await serve((response) => json(response, 200, {}), { accessToken }, environment)
    const first = transport.request('GET', '/v1/runs').catch((thrown: unknown) => thrown)
    await environment.advance(30_000)
    expect(await first).toMatchObject({ retryable: true })
    await transport.request('GET', '/v1/runs')
    expect(received.map(({ headers }) => headers.authorization)).toEqual(['Bearer second'])
  })

  test('give up when they are told to', async () => {
    const { transport } = await serve(() => {})
    const controller = new AbortController()
    const answer = transport.request('GET', '/v1/runs', undefined, controller.signal)
    controller.abort(new Error('enough'))
    await expect(answer).rejects.toThrow('enough')
  })
})

describe('reading', () => {
  const body = (...pieces: readonly Uint8Array[]): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece)
        controller.close()
      },
    })
  const bodyOf =
    (...pieces: readonly Uint8Array[]) =>
    () =>
      Promise.resolve(body(...pieces))
  const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

  test('frames split at every byte are the same frames', async () => {
    const chunks: Frame = { event: 'chunks', data: { run: 'run_a', stream: 's', index: 0, cursor: '2.c', chunks: ['häl\u2028lo 🦊', '\uFEFF'], by: null } }
    const bytes = utf8(`\uFEFFretry: 99999999999999999999999999\n: a comment\r\n${encodeFrame(ping(1))}event: unknown\ndata: {}\n\n${encodeFrame(chunks)}`)
    // what `retry:` asks for, within bounds
    const first: Frame = { event: 'ping', data: { time: 1, spread: 30_000 } }
    for (let at = 0; at <= bytes.length; at++)
      expect((await read(readFrames(bodyOf(bytes.slice(0, at), bytes.slice(at)), open))).frames).toEqual([first, chunks])
    expect((await read(readFrames(bodyOf(...Array.from(bytes, (byte) => Uint8Array.of(byte))), open))).frames).toEqual([first, chunks])
  })

  test.each<[string, number | undefined, number | undefined]>([
    ['retry: 5000', undefined, 5_000],
    ['retry: 5000', 8_000, 8_000],
    ['retry: 5000', 3_000, 5_000],
    ['retry: 86400000', undefined, 30_000],
    ['retry: 0', undefined, undefined],
    ['retry: -1', undefined, undefined],
    ['retry: soon', 4_000, 4_000],
  ])('%j beside a spread of %s is one of %s', async (line, spread, expected) => {
    const frame: Frame = { event: 'open', data: { protocol: 1, heartbeat: 1, time: 1, ...(spread !== undefined && { spread }) } }
    const { frames } = await read(readFrames(bodyOf(utf8(`${line}\n${encodeFrame(frame)}`)), open))
    expect(frames).toMatchObject([{ event: 'open' }])
    expect(frames[0]?.data).toEqual({ protocol: 1, heartbeat: 1, time: 1, ...(expected !== undefined && { spread: expected }) })
  })

  test('a frame over the limit, whole or endless, stops the reading', async () => {
    const long = utf8(`event: ping\ndata: "${'x'.repeat(MAX_FRAME_BYTES)}"\n\n`)
    expect((await read(readFrames(bodyOf(long), open))).thrown).toMatchObject({ name: 'ProtocolError', retryable: false })
    const piece = utf8('x'.repeat(64 * 1024))
    let pulled = 0
    const endless = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(utf8('event: ping\ndata: ')),
      pull(controller) {
        pulled += piece.length
        controller.enqueue(piece)
      },
    })
    expect((await read(readFrames(() => Promise.resolve(endless), open))).thrown).toMatchObject({ name: 'ProtocolError' })
    expect(pulled).toBeLessThan(MAX_FRAME_BYTES + 4 * piece.length)
  })

  test('data that is not JSON is an error of the protocol', async () => {
    expect((await read(readFrames(bodyOf(utf8('event: run\ndata: {"a"\n\n')), open))).thrown).toMatchObject({ type: 'protocol' })
  })
})
