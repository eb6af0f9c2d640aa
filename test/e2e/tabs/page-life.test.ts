// What happens to a page in a browser: it loses the network, and is frozen.
import type { Browser, Page } from 'playwright'
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

const PATIENT = { timeout: 20_000, interval: 20 }

async function setUp(heartbeat = 500) {
  const server = await serveTabs({ heartbeat })
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(server.url)
  const run = await server.start()
  await page.evaluate((id) => {
    window.tab.start()
    window.tab.follow(id)
  }, run)
  return { server, context, page, run }
}
const close = async ({ server, context }: { readonly server: TabServer; readonly context: { close(): Promise<void> } }): Promise<void> => {
  await context.close()
  await server.close()
}
const hasAll = (page: Page, run: string, length: number): Promise<void> =>
  vi.waitFor(async () => {
    const { chunks, metadata, errors } = await page.evaluate((id) => window.tab.seen[id] ?? { chunks: [], metadata: null, errors: [] }, run)
    expect([chunks.map(([index]) => index), metadata, errors]).toEqual([Array.from({ length }, (_, index) => index), { n: length - 1 }, []])
  }, PATIENT)
const isAt = (page: Page, connection: RegExp): Promise<void> =>
  vi.waitFor(async () => expect(await page.evaluate(() => window.tab.connection())).toMatch(connection), PATIENT)

test('a page that was offline has all that it missed, and shows no error of its runs', async () => {
  const set = await setUp()
  const { server, context, page, run } = set
  try {
    server.write()
    await hasAll(page, run, 1)
    for (let drop = 2; drop <= 4; drop++) {
      await context.setOffline(true)
      // an emulated network keeps what is open: the server ends it, and the page cannot come back
      server.cut()
      await isAt(page, /^reconnecting/)
      server.write()
      await context.setOffline(false)
      await hasAll(page, run, drop)
      await isAt(page, /^open/)
    }
    expect(await page.evaluate((id) => window.tab.seen[id]?.ended, run)).toBe(0)
  } finally {
    await close(set)
  }
}, 120_000)

test('a page that is told that it will be frozen has no connection meanwhile, and goes on when it runs again', async () => {
  const set = await setUp()
  const { server, page, run } = set
  // Chromium without a window freezes no page: its events are all that a page sees of it
  const turn = (event: string): Promise<void> => page.evaluate((name) => void document.dispatchEvent(new Event(name)), event)
  try {
    server.write()
    await hasAll(page, run, 1)
    for (let freeze = 2; freeze <= 6; freeze++) {
      await turn('freeze')
      await vi.waitFor(async () => expect(await server.feeds()).toBe(0), PATIENT)
      server.write()
      await turn('resume')
      await hasAll(page, run, freeze)
    }
    expect(await page.evaluate((id) => window.tab.seen[id]?.chunks.map(([, chunk]) => chunk), run)).toEqual([0, 1, 2, 3, 4, 5])
  } finally {
    await close(set)
  }
}, 120_000)

test('a page that is hidden and shown again and again shows the same, and keeps its connection', async () => {
  // long enough that nobody takes a slow machine's silence for a dead connection
  const set = await setUp(15_000)
  const { server, page, run } = set
  const show = (state: DocumentVisibilityState): Promise<void> =>
    page.evaluate((now) => {
      // every page of a headless browser is visible
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => now })
      document.dispatchEvent(new Event('visibilitychange'))
    }, state)
  try {
    server.write()
    await hasAll(page, run, 1)
    // a page that is told late may be told of both steps at once
    const before = await vi.waitFor(async () => {
      const told = await page.evaluate(() => window.tab.connections)
      expect(told.at(-1)).toBe('open stream')
      return told
    }, PATIENT)
    for (let length = 2; length <= 11; length++) {
      await show(length % 2 === 0 ? 'hidden' : 'visible')
      server.write()
      await hasAll(page, run, length)
    }
    expect(await page.evaluate(() => window.tab.connections)).toEqual(before)
  } finally {
    await close(set)
  }
}, 120_000)

test('a page that stands still without a word for longer than its connection lives has all that it missed', async () => {
  const set = await setUp()
  const { server, context, page, run } = set
  try {
    server.write()
    await hasAll(page, run, 1)
    const session = await context.newCDPSession(page)
    await session.send('Debugger.enable')
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
    await session.send('Debugger.pause')
    await paused
    server.cut()
    await vi.waitFor(async () => expect(await server.feeds()).toBe(0), PATIENT)
    server.write()
    await session.send('Debugger.resume')
    await session.send('Debugger.disable')
    await hasAll(page, run, 2)
  } finally {
    await close(set)
  }
}, 120_000)
