// Nothing happens for minutes, behind nginx as Debian ships it, which cuts what is silent for 60 s: readers over HTTP/1.1 in Node and over
// HTTP/2 in a real browser keep the connection that they opened, and are told at once what comes then.
import assert from 'node:assert/strict'
import { createRunClient } from 'runfeed'
import { createPublicToken, createRunServer, memoryEngine, type RunServer } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { launchBrowser } from '../../e2e/demo-page.ts'
import { pageScripts } from '../../e2e/tabs/tab-server.ts'
import { Follow } from '../../feed/follow.ts'
import { gate } from '../../support/gate.ts'
import { startNginx } from '../nginx.ts'
import { atOnce, watchRun } from '../watch.ts'
import { until, withCleanup } from './real-case.ts'

const SECRET = 'a-secret-of-this-case-alone-0123456789'
const authorized = { authorization: `Bearer ${SECRET}` }
const MINUTE = 60_000
/** A minute without a word is nginx's limit by itself (`proxy_read_timeout`). */
const CUT_MS = { least: 55_000, most: 75_000 }
const HEARTBEAT_MS = 15_000

export const quiet = async (minutes: number): Promise<string> =>
  await withCleanup(async (later) => {
    assert.ok(minutes >= 2, 'a silent connection is cut after one minute: --quiet-minutes is 2 or more')
    const hold = gate()
    later(() => hold.open())
    const held = task({
      id: 'held',
      run: async () => {
        metadata.set('n', 0)
        await metadata.stream(
          'log',
          (async function* () {
            yield 0
            await hold.opened
            metadata.set('n', 1)
            yield 1
          })(),
        )
      },
    })
    const code = [...(await pageScripts()).values()].join('\n').replaceAll('</script', '<\\/script')
    const behindNginx = async (server: RunServer): Promise<{ readonly url: string; readonly secureUrl: string; readonly id: string }> => {
      const { url } = await server.listen()
      later(async () => await server.close())
      const nginx = await startNginx(url, `<!doctype html><title>quiet</title><script type="module">${code}</script>`)
      later(async () => await nginx.close())
      const answer = await fetch(`${url}/v1/tasks/held/trigger`, { method: 'POST', headers: { 'content-type': 'application/json', ...authorized }, body: '{}' })
      return { url: nginx.url, secureUrl: nginx.secureUrl, id: ((await answer.json()) as { id: string }).id }
    }
    const { url, secureUrl, id } = await behindNginx(createRunServer({ engine: memoryEngine(), tasks: [held], auth: { secretKeys: [SECRET] } }))
    const silent = await behindNginx(createRunServer({ engine: memoryEngine(), tasks: [held], auth: { secretKeys: [SECRET] }, heartbeat: 3_600_000 }))

    let feeds = 0
    const client = createRunClient({
      baseUrl: url,
      accessToken: SECRET,
      scheduler: atOnce,
      fetch: async (...asked) => {
        if (new Request(asked[0]).url.endsWith('/v1/feed')) feeds++
        return await fetch(...asked)
      },
    })
    later(() => client.close())
    const statuses: string[] = []
    client.connection.subscribe(() => statuses.push(client.connection.getSnapshot().status))
    const watch = watchRun(client, id, ['log'])

    const browser = await launchBrowser()
    later(async () => await browser.close())
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage()
    let pageFeeds = 0
    page.on('request', (request) => void (request.url().endsWith('/v1/feed') && pageFeeds++))
    await page.goto(secureUrl)
    const token = await createPublicToken({ secretKey: SECRET, scopes: [`read:runs:${id}`], expiresIn: '1h' })
    await page.evaluate(
      ([run, own]) => {
        window.tab.start(undefined, '', own)
        window.tab.follow(run)
      },
      [id, token] as const,
    )
    const shown = async (): Promise<number> => await page.evaluate((run) => window.tab.seen[run]?.chunks.length ?? 0, id)

    const raw = async (at: string, run: string): Promise<Follow> => new Follow(await fetch(`${at}/v1/runs/${run}/streams/log`, { headers: authorized }))
    const beats = await raw(url, id)
    const silentAt = performance.now()
    const cut = await raw(silent.url, silent.id)
    const cutAfter = cut.over.catch(() => {}).then(() => performance.now() - silentAt)

    await watch.until((run) => run.metadata['n'] === 0)
    await until('the page shows the first chunk', async () => (await shown()) === 1, 10_000)
    const pings = (): number => beats.events.filter((event) => event === 'ping').length
    await until(`the beats of ${minutes} minutes have come`, () => pings() > (minutes * MINUTE) / HEARTBEAT_MS, (minutes + 1) * MINUTE)

    const silentMs = await cutAfter
    assert.ok(silentMs > CUT_MS.least && silentMs < CUT_MS.most, `without beats nginx cut after ${silentMs} ms`)
    const saidAt = performance.now()
    hold.open()
    await watch.over
    const told = performance.now() - saidAt
    await until('the page shows what was said then', async () => (await shown()) === 2, 1000)
    assert.deepEqual([...(watch.logs['log']?.at(-1) ?? [])], [0, 1])
    assert.deepEqual([feeds, statuses.filter((status) => status === 'reconnecting')], [1, []], 'the client in Node reconnected')
    const seen = await page.evaluate((run) => ({ ...window.tab.seen[run], connections: window.tab.connections }), id)
    assert.deepEqual([pageFeeds, seen.errors, seen.connections.filter((one) => one.startsWith('reconnecting'))], [1, [], []], 'the page reconnected')
    const protocols = await page.evaluate(() => performance.getEntriesByType('navigation').map((entry) => (entry as PerformanceResourceTiming).nextHopProtocol))
    assert.deepEqual(protocols, ['h2'])
    return `${minutes} quiet minutes: ${pings()} beats; feeds opened by Node over HTTP/1.1 ${feeds}, by a browser over h2 ${pageFeeds}; last word told after ${Math.round(told)} ms; without beats nginx cut after ${(silentMs / 1000).toFixed(1)} s`
  })
