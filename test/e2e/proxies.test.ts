// What stands between a server and its readers: nginx as Debian ships it, HTTP/2 to a real browser, and a middleware that compresses.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGzip } from 'node:zlib'
import type { Browser } from 'playwright'
import { createRunClient } from 'runfeed'
import { createRunServer, memoryEngine, type RunServer } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { launchBrowser } from './demo-page.ts'
import { isNginxSkipped, type Nginx, startNginx } from '../faults/nginx.ts'
import { atOnce, watchRun } from '../faults/watch.ts'
import { Follow } from '../feed/follow.ts'
import { gate } from '../support/gate.ts'
import { HEARTBEAT } from '../support/server.ts'

const SECRET = 'a-secret-of-this-test-alone-0123456789'
/** Long enough that nobody takes a slow machine's silence for a dead connection. */
const BEAT = 3 * HEARTBEAT
const authorized = { authorization: `Bearer ${SECRET}` }

/** Says `ready` at once and waits until it is let go. */
function held() {
  const hold = gate()
  onTestFinished(() => hold.open())
  const work = task({
    id: 'held',
    run: async () => {
      metadata.set('said', 'ready')
      await metadata.stream(
        'out',
        (async function* () {
          yield 'first'
          await hold.opened
          yield 'last'
        })(),
      )
    },
  })
  return { work, open: () => hold.open() }
}

async function listening(server: RunServer): Promise<string> {
  const { url } = await server.listen()
  onTestFinished(async () => await server.close())
  return url
}

async function trigger(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/tasks/held/trigger`, { method: 'POST', headers: { 'content-type': 'application/json', ...authorized }, body: '{}' })
  return ((await answer.json()) as { id: string }).id
}

const isReady = ({ frames }: Follow): boolean => frames.some(({ event, data }) => event === 'chunks' && data.chunks.includes('first'))

describe.skipIf(isNginxSkipped)('behind nginx with the settings that it has by itself', () => {
  async function behind(server: RunServer, directives?: string): Promise<{ readonly nginx: Nginx; readonly url: string }> {
    const url = await listening(server)
    const nginx = await startNginx(url, '<!doctype html><title>page</title>', directives)
    onTestFinished(async () => await nginx.close())
    return { nginx, url }
  }
  const open = async (url: string, id: string, headers: { readonly [name: string]: string } = {}): Promise<Response> =>
    await fetch(`${url}/v1/feed`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ wants: [{ run: id }, { run: id, stream: 'out' }] }),
    })

  test.each([
    ['', ''],
    [' that compresses everything', 'gzip on; gzip_types *; gzip_min_length 0; gzip_proxied any;'],
  ])('what is said arrives while the body is open%s', async (_name, directives) => {
    const { work, open: go } = held()
    // no ping pushes anything out
    const { nginx } = await behind(createRunServer({ engine: memoryEngine(), tasks: [work] }), directives)
    const id = await trigger(nginx.url)
    const feed = new Follow(await open(nginx.url, id, { 'accept-encoding': 'gzip' }))
    await feed.until(isReady)
    expect(feed.events[0]).toBe('open')
    go()
    await feed.over
    expect(feed.runs.get(id)).toMatchObject({ status: 'COMPLETED', metadata: { said: 'ready' } })
  })

  test('beats keep an idle connection through many of its timeouts, and without them it is cut', { timeout: 120_000 }, async () => {
    const { work, open: go } = held()
    const engine = memoryEngine()
    // four beats to a timeout, as 15 s are to 60
    const { nginx, url } = await behind(createRunServer({ engine, heartbeat: BEAT, tasks: [work] }), `proxy_read_timeout ${4 * BEAT}ms;`)
    const id = await trigger(nginx.url)
    let feeds = 0
    const client = createRunClient({
      baseUrl: nginx.url,
      scheduler: atOnce,
      fetch: async (input, init) => {
        if (new Request(input).url.endsWith('/v1/feed')) feeds++
        return await fetch(input, init)
      },
    })
    onTestFinished(() => client.close())
    const watch = watchRun(client, id, ['out'])
    await watch.until(({ metadata: { said } }) => said === 'ready')
    const pings = new Follow(await open(url, id))
    await pings.until(({ events }) => events.filter((event) => event === 'ping').length >= 14)
    expect(feeds).toBe(1)
    go()
    expect(await watch.over).toMatchObject({ status: 'COMPLETED' })

    // the same proxy before a server that is silent
    const silent = held()
    const { nginx: impatient } = await behind(createRunServer({ engine: memoryEngine(), tasks: [silent.work] }), `proxy_read_timeout ${4 * BEAT}ms;`)
    const cut = new Follow(await open(impatient.url, await trigger(impatient.url)))
    await cut.over.catch(() => {})
    expect(cut.events).not.toContain('end')
  })

  describe('HTTP/2 to a browser', () => {
    let browser: Browser
    beforeAll(async () => {
      browser = await launchBrowser()
    })
    afterAll(async () => await browser.close())

    test('carries more feeds at once than HTTP/1.1 has connections', async () => {
      const { work, open: go } = held()
      const { nginx } = await behind(createRunServer({ engine: memoryEngine(), tasks: [work], auth: { secretKeys: [SECRET] } }))
      const id = await trigger(nginx.url)
      const context = await browser.newContext({ ignoreHTTPSErrors: true })
      onTestFinished(async () => await context.close())
      const page = await context.newPage()
      await page.goto(nginx.secureUrl)
      // ten bodies that stay open, each read up to the first chunk
      const said = await page.evaluate(
        async ({ run, headers }) => {
          const read = async (): Promise<string> => {
            const answer = await fetch('/v1/feed', {
              method: 'POST',
              headers: { 'content-type': 'application/json', ...headers },
              body: JSON.stringify({ wants: [{ run, stream: 'out' }] }),
            })
            const reader = (answer.body as ReadableStream<Uint8Array>)
              .pipeThrough(new TextDecoderStream() as never)
              .getReader() as ReadableStreamDefaultReader<string>
            let text = ''
            while (!text.includes('first')) {
              const { done, value } = await reader.read()
              if (done) return `${answer.status} ${text}`
              text += value
            }
            return 'first'
          }
          return await Promise.all(Array.from({ length: 10 }, read))
        },
        { run: id, headers: authorized },
      )
      expect(said).toEqual(Array.from({ length: 10 }, () => 'first'))
      const protocols = await page.evaluate(() =>
        performance.getEntriesByType('navigation').map((entry) => (entry as PerformanceResourceTiming).nextHopProtocol),
      )
      expect(protocols).toEqual(['h2'])
      go()
    })
  })
})

test('behind a middleware that compresses what may be, a feed is not, and arrives as it is said', async () => {
  const { work, open: go } = held()
  const server = createRunServer({ engine: memoryEngine(), tasks: [work] })
  onTestFinished(async () => await server.close())
  const host = createServer((request, response) => {
    compress(request, response)
    server.handler(request, response)
  })
  host.listen(0, '127.0.0.1')
  await once(host, 'listening')
  onTestFinished(async () => {
    host.closeAllConnections()
    await new Promise((resolve) => host.close(resolve))
  })
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
  const id = await trigger(url)
  const record = await fetch(`${url}/v1/runs/${id}`)
  expect(record.headers.get('content-encoding')).toBe('gzip')
  expect(await record.json()).toMatchObject({ id })
  const answer = await fetch(`${url}/v1/runs/${id}/streams/out`)
  expect(answer.headers.get('content-encoding')).toBeNull()
  const feed = new Follow(answer)
  await feed.until(isReady)
  go()
  await feed.over
  expect(feed.frames.at(-1)).toMatchObject({ event: 'stream', data: { state: 'closed', length: 2 } })
})

/** As those of Express and others do: compresses answers, gathers what it compresses, and leaves alone what says `no-transform` (RFC 9111, 5.2.2.6). */
function compress(request: IncomingMessage, response: ServerResponse): void {
  if (!String(request.headers['accept-encoding']).includes('gzip')) return
  const [writeHead, write, end] = [response.writeHead.bind(response), response.write.bind(response), response.end.bind(response)]
  let gzip: ReturnType<typeof createGzip> | undefined
  response.writeHead = ((status: number, ...rest: readonly unknown[]) => {
    const headers = new Headers(rest.at(-1) as HeadersInit)
    if (headers.get('cache-control')?.includes('no-transform')) return writeHead(status, ...(rest as []))
    headers.delete('content-length')
    headers.set('content-encoding', 'gzip')
    gzip = createGzip()
    gzip.on('data', (data: Buffer) => void write(data)).on('end', () => void end())
    return writeHead(status, Object.fromEntries(headers))
  }) as ServerResponse['writeHead']
  response.write = ((chunk: Buffer | string, ...rest: readonly unknown[]) =>
    gzip ? gzip.write(chunk) : write(chunk, ...(rest as []))) as ServerResponse['write']
  response.end = ((chunk?: Buffer | string, ...rest: readonly unknown[]) => {
    if (!gzip) return end(chunk, ...(rest as []))
    gzip.end(typeof chunk === 'function' ? undefined : chunk)
    return response
  }) as ServerResponse['end']
}
