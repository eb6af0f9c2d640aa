// Tabs of one browser share one connection, whichever of them comes, goes, crashes or is hidden.
import type { Browser, BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { launchBrowser } from '../demo-page.ts'
import { serveTabs, type TabServer } from './tab-server.ts'

let browser: Browser
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
})

const PATIENT = { timeout: 20_000, interval: 50 }

async function setUp(): Promise<{ server: TabServer; context: BrowserContext; open: (runs: readonly string[], identity?: string) => Promise<Page> }> {
  const server = await serveTabs()
  const context = await browser.newContext()
  const pages: Page[] = []
  return {
    server,
    context,
    async open(runs, identity = 'me') {
      const page = await context.newPage()
      pages.push(page)
      await page.goto(server.url)
      await page.evaluate(
        ([all, who]) => {
          window.tab.start(who)
          for (const run of all) window.tab.follow(run)
        },
        [runs, identity] as const,
      )
      return page
    },
  }
}

const indexes = (page: Page, run: string): Promise<number[]> => page.evaluate((id) => window.tab.seen[id]?.chunks.map(([index]) => index) ?? [], run)
const upTo = (length: number): number[] => Array.from({ length }, (_, index) => index)

async function hasAll(pages: readonly Page[], runs: readonly string[], length: number): Promise<void> {
  for (const page of pages)
    for (const run of runs)
      await vi.waitFor(async () => {
        expect(await indexes(page, run)).toEqual(upTo(length))
        expect(await page.evaluate((id) => window.tab.seen[id]?.metadata, run)).toEqual({ n: length - 1 })
      }, PATIENT)
}
const openFeeds = (server: TabServer, count: number): Promise<void> => vi.waitFor(async () => expect(await server.feeds()).toBe(count), PATIENT)
const connections = (pages: readonly Page[]): Promise<string[]> => Promise.all(pages.map((page) => page.evaluate(() => window.tab.connection())))
async function leaderOf(pages: readonly Page[]): Promise<Page> {
  return await vi.waitFor(async () => {
    const leaders = (await connections(pages)).flatMap((connection, at) => (connection === 'open stream' ? [pages[at] as Page] : []))
    expect(leaders).toHaveLength(1)
    return leaders[0] as Page
  }, PATIENT)
}

test('8 tabs that follow 3 runs are 1 connection; when the leader is closed or crashes another takes over, and nothing is lost', async () => {
  const { server, context, open } = await setUp()
  try {
    const runs = await Promise.all([server.start(), server.start(), server.start()])
    const pages: Page[] = []
    for (let tab = 0; tab < 8; tab++) pages.push(await open(runs))
    for (let n = 0; n < 5; n++) server.write()
    await hasAll(pages, runs, 5)
    await openFeeds(server, 1)

    const leader = await leaderOf(pages)
    await leader.close()
    const left = pages.filter((page) => page !== leader)
    server.write()
    await hasAll(left, runs, 6)
    await openFeeds(server, 1)

    const next = await leaderOf(left)
    // killed, without a word to anybody
    const session = await context.newCDPSession(next)
    session.send('Page.crash').catch(() => {})
    const alive = left.filter((page) => page !== next)
    server.write()
    await hasAll(alive, runs, 7)

    // one that comes late has all that was
    const late = await open(runs)
    await hasAll([late], runs, 7)
    server.finish()
    for (const page of [...alive, late])
      for (const run of runs)
        await vi.waitFor(async () => expect(await page.evaluate((id) => window.tab.seen[id], run)).toMatchObject({ ended: 1, errors: [] }), PATIENT)
    await openFeeds(server, 0)
  } finally {
    await context.close()
    await server.close()
  }
}, 120_000)

test('others’ runs, and other identities, are not shared', async () => {
  const { server, context, open } = await setUp()
  try {
    const [a, b, c] = (await Promise.all([server.start(), server.start(), server.start()])) as [string, string, string]
    const one = await open([a])
    const two = await open([b])
    const other = await open([c], 'somebody else')
    server.write()
    await hasAll([one], [a], 1)
    await hasAll([two], [b], 1)
    await hasAll([other], [c], 1)
    await openFeeds(server, 2)
    expect(await one.evaluate(() => Object.keys(window.tab.seen))).toEqual([a])
    // a tab that lets go of what it follows asks for it no more, and the others go on
    await two.evaluate((run) => window.tab.stop(run), b)
    server.write()
    await hasAll([one], [a], 2)
    expect(await indexes(two, b)).toEqual([0])
  } finally {
    await context.close()
    await server.close()
  }
}, 120_000)

test('a leader that freezes is stolen from; woken, it follows, and has all that it missed', async () => {
  const { server, context, open } = await setUp()
  try {
    const run = await server.start()
    const pages = [await open([run]), await open([run])]
    server.write()
    await hasAll(pages, [run], 1)
    const leader = await leaderOf(pages)
    const follower = pages.find((page) => page !== leader) as Page
    await follower.bringToFront()
    const session = await context.newCDPSession(leader)
    // its timers and its sockets stand still, as in a page that the browser has put to sleep
    await session.send('Debugger.enable')
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
    await session.send('Debugger.pause')
    await paused
    server.write()
    await hasAll([follower], [run], 2)
    await session.send('Debugger.resume')
    await session.send('Debugger.disable')
    server.write()
    await hasAll(pages, [run], 3)
    await openFeeds(server, 1)
    expect(await leaderOf(pages)).toBe(follower)
  } finally {
    await context.close()
    await server.close()
  }
}, 120_000)

test('a leader that nobody sees hands over to a tab that is seen', async () => {
  const { server, context, open } = await setUp()
  try {
    const run = await server.start()
    const pages = [await open([run]), await open([run])]
    server.write()
    await hasAll(pages, [run], 1)
    const leader = await leaderOf(pages)
    // every page of a headless browser is visible
    await leader.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' })
      document.dispatchEvent(new Event('visibilitychange'))
    })
    await vi.waitFor(async () => expect(await leaderOf(pages)).not.toBe(leader), PATIENT)
    server.write()
    await hasAll(pages, [run], 2)
    await openFeeds(server, 1)
  } finally {
    await context.close()
    await server.close()
  }
}, 120_000)

test('a page that comes out of the back/forward cache goes on from where it was', async () => {
  const { server, context, open } = await setUp()
  try {
    const run = await server.start()
    const pages = [await open([run]), await open([run])]
    server.write()
    await hasAll(pages, [run], 1)
    const leader = await leaderOf(pages)
    const other = pages.filter((page) => page !== leader)
    // Chromium without a window has no such cache: its events are all that a page sees of it
    const turn = (event: string): Promise<void> =>
      leader.evaluate((name) => void window.dispatchEvent(new PageTransitionEvent(name, { persisted: true })), event)
    await turn('pagehide')
    // neither a lock nor a connection keeps it out of the cache
    await vi.waitFor(async () => {
      expect(await leader.evaluate(() => window.tab.connection())).toMatch(/^paused/)
      const { held = [] } = await leader.evaluate(() => navigator.locks.query())
      expect(held.filter(({ name }) => name?.startsWith('runfeed'))).toHaveLength(2)
    }, PATIENT)
    server.write()
    await hasAll(other, [run], 2)
    expect(await indexes(leader, run)).toEqual([0])
    await turn('pageshow')
    await hasAll(pages, [run], 2)
    server.write()
    await hasAll(pages, [run], 3)
    expect(await leader.evaluate((id) => window.tab.seen[id]?.errors, run)).toEqual([])
    await openFeeds(server, 1)
  } finally {
    await context.close()
    await server.close()
  }
}, 120_000)
