// Tokens that last 5 s, a stream that lasts a minute, and ten hooks in a real browser: the page asks for one token for each that ended, and
// nothing is lost.
import assert from 'node:assert/strict'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { buildPage } from '../../../bench/page.ts'
import { launchBrowser } from '../../e2e/demo-page.ts'
import type { HooksPage } from './hooks-page/main.tsx'
import { gate } from '../../support/gate.ts'
import { type RealCase, until, wait, withCleanup } from './real-case.ts'

const SECRET = 'a-secret-of-this-case-alone-0123456789'
const TOKEN_MS = 5000
const STREAM_MS = 60_000
const CHUNKS = 600

export const tokens: RealCase = async () =>
  await withCleanup(async (later) => {
    const shown = gate()
    later(() => shown.open())
    const speaks = task({
      id: 'speaks',
      run: async () => {
        await metadata.stream(
          'log',
          (async function* () {
            metadata.set('n', 0)
            yield 0
            await shown.opened
            const start = performance.now()
            for (let n = 1; n < CHUNKS; n++) {
              metadata.set('n', n)
              yield n
              await wait(Math.max(0, start + (n * STREAM_MS) / CHUNKS - performance.now()))
            }
          })(),
        )
      },
    })
    const page = await buildPage(`${import.meta.dirname}/hooks-page`)
    const minted: { readonly at: number; readonly expiresAt: number }[] = []
    let run = ''
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` }
    const mint = async (): Promise<Response> => {
      const at = Date.now()
      const body = JSON.stringify({ scopes: [`read:runs:${run}`], expiresIn: '5s' })
      const { token, expiresAt } = (await (await fetch(`${url}/v1/tokens`, { method: 'POST', headers, body })).json()) as { token: string; expiresAt: number }
      minted.push({ at, expiresAt })
      return new Response(token)
    }
    let feeds = 0
    const server = createRunServer({
      engine: memoryEngine(),
      tasks: [speaks],
      auth: { secretKeys: [SECRET] },
      fallback: async (request) => (new URL(request.url).pathname === '/token' ? await mint() : page(request)),
    })
    const { url } = await server.listen()
    later(async () => await server.close())
    run = ((await (await fetch(`${url}/v1/tasks/speaks/trigger`, { method: 'POST', headers, body: '{}' })).json()) as { id: string }).id

    const browser = await launchBrowser()
    later(async () => await browser.close())
    const tab = await browser.newPage()
    tab.on('request', (request) => void (request.url().endsWith('/v1/feed') && feeds++))
    await tab.goto(`${url}/?run=${run}`)
    const hooks = async (): Promise<HooksPage> => await tab.evaluate(() => window.hooks)
    const first = async (): Promise<number> => (await hooks()).parts.filter(({ length }) => length === 1).length
    await until('every hook of the stream has its first part', async () => (await first()) === 5, 30_000)
    shown.open()
    await until('every hook was told of the end', async () => (await hooks()).ended === 5, STREAM_MS + 30_000)

    const { parts, values, errors } = await hooks()
    const all = Array.from({ length: CHUNKS }, (_, n) => n)
    for (const [at, seen] of parts.entries()) assert.deepEqual(seen, all, `hook ${at} of the stream`)
    assert.deepEqual([values, errors], [Array.from({ length: 5 }, () => CHUNKS - 1), []])
    // each was asked for when the one before had ended, and not earlier, nor twice
    for (const [n, { at }] of minted.entries()) {
      const before = minted[n - 1]
      if (before) assert.ok(at >= before.expiresAt, `token ${n} was asked for ${before.expiresAt - at} ms before the one before it ended`)
    }
    assert.ok(minted.length >= STREAM_MS / TOKEN_MS - 2, `${minted.length} tokens were asked for`)
    assert.equal(feeds, minted.length, 'feeds that were opened')
    return `tokens of 5 s, a stream of 60 s, 10 hooks: ${minted.length} tokens, ${feeds} feeds, ${CHUNKS} chunks in each, no error`
  })
