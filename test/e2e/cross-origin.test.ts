// A page of one origin reads runs of another, by CORS and with a token, behind a proxy that breaks its connection again and again: it goes on
// from its cursors, has everything, and no address that anybody asked for holds a credential.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createPublicToken, createRunServer, memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import { faultProxy } from '../faults/proxy.ts'
import { launchBrowser } from './demo-page.ts'
import { serveTabs } from './tabs/tab-server.ts'

const SECRET = 'a-secret-of-this-test-alone-0123456789'
/** At least; the connections of the first half of the chunks are cut. */
const CUTS = 3
/** More than the head of an answer and its first frames, and less than the run has to say: each cut is in the middle of frames. */
const CUT_AFTER = 3000
const CHUNKS = 60
/** Said at once; then the page has it before more is said. */
const STEP = 5
const chunkAt = (n: number): string => `${n} ${'x'.repeat(200)}`
const PATIENT = { timeout: 30_000, interval: 20 }

test('a page of another origin goes on from its cursors after each cut; no credential is in any address', async () => {
  let said = 0
  let more = (): void => {}
  const speak = task({
    id: 'speak',
    run: async () => {
      await metadata.stream(
        'log',
        (async function* () {
          for (let n = 0; n < CHUNKS; n++) {
            while (n >= said) await new Promise<void>((resolve) => (more = resolve))
            metadata.set('n', n)
            yield chunkAt(n)
          }
        })(),
      )
    },
  })
  const pages = await serveTabs()
  onTestFinished(async () => await pages.close())
  const server = createRunServer({ engine: memoryEngine(), tasks: [speak], heartbeat: 500, auth: { secretKeys: [SECRET] }, cors: { origins: [pages.url] } })
  // every request that reaches the server, those of the browser itself (preflights) as well
  const seen: { readonly method: string; readonly url: string; readonly origin: string | undefined }[] = []
  const host = createServer((request, response) => {
    seen.push({ method: request.method ?? '', url: request.url ?? '', origin: request.headers.origin })
    server.handler(request, response)
  })
  host.listen(0, '127.0.0.1')
  await once(host, 'listening')
  onTestFinished(async () => {
    await server.close()
    host.closeAllConnections()
    await new Promise((resolve) => host.close(resolve))
  })
  // whatever was asked first on a connection: the preflight's goes on as the feed's
  const proxy = await faultProxy(`http://127.0.0.1:${(host.address() as AddressInfo).port}`, () =>
    said < CHUNKS / 2 ? { kind: 'cut', after: CUT_AFTER } : { kind: 'none' },
  )
  onTestFinished(async () => await proxy.close())
  const { id: run } = await speak.trigger(null)
  const token = await createPublicToken({ secretKey: SECRET, scopes: [`read:runs:${run}`] })

  const browser = await launchBrowser()
  onTestFinished(async () => await browser.close())
  const page = await browser.newPage()
  const asked: { readonly url: string; readonly body: string; readonly authorization: string | undefined }[] = []
  page.on('request', (request) => void asked.push({ url: request.url(), body: request.postData() ?? '', authorization: request.headers()['authorization'] }))
  await page.goto(pages.url)
  await page.evaluate(
    ([id, url, own]) => {
      const { random } = Math
      // chance decides how long to wait before the next attempt; here it is always soon
      Math.random = () => random() * 0.02
      window.tab.start(undefined, url, own)
      window.tab.follow(id)
    },
    [run, proxy.url, token] as const,
  )
  const shown = async (): Promise<number> => await page.evaluate((id) => window.tab.seen[id]?.chunks.length ?? 0, run)
  while (said < CHUNKS) {
    said += STEP
    more()
    await vi.waitFor(async () => expect(await shown()).toBe(said), PATIENT)
  }
  await vi.waitFor(async () => expect(await page.evaluate((id) => window.tab.seen[id]?.ended, run)).toBe(1), PATIENT)

  const { chunks, metadata: last, errors } = (await page.evaluate((id) => window.tab.seen[id], run)) ?? { chunks: [], metadata: null, errors: [] }
  expect(chunks.map(([index, chunk]) => [index, chunk])).toEqual(Array.from({ length: CHUNKS }, (_, n) => [n, chunkAt(n)]))
  expect([last, errors]).toEqual([{ n: CHUNKS - 1 }, []])

  const feeds = asked.filter(({ url }) => url === `${proxy.url}/v1/feed`)
  expect(feeds.length).toBeGreaterThan(CUTS)
  expect(new Set(feeds.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${token}`]))
  // after the first they say where the page is, of the run and of its stream
  const cursors = feeds.map(({ body }) => (JSON.parse(body) as { readonly wants: readonly { readonly cursor?: string }[] }).wants.map(({ cursor }) => cursor))
  expect(cursors[0]).toEqual([undefined, undefined])
  expect(
    cursors
      .slice(1)
      .flat()
      .filter((cursor) => cursor === undefined),
  ).toEqual([])
  expect(seen.filter(({ origin }) => origin === pages.url).map(({ method }) => method)).toContain('OPTIONS')
  const [header = '', payload = '', signature = ''] = token.split('.')
  const addresses = [...asked.map(({ url }) => url), ...seen.map(({ url }) => url)]
  expect(addresses.length).toBeGreaterThan(2 * feeds.length)
  for (const credential of [header, payload, signature, SECRET, 'token', 'authorization'])
    expect(addresses.filter((url) => url.toLowerCase().includes(credential.toLowerCase()))).toEqual([])
}, 120_000)
