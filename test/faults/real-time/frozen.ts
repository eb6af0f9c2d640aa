// Pages in a real browser that stand still for 60 s and are then seen again: they are live within a second, show no error, and have all that
// was said meanwhile. One is told that it will be frozen; two are not, and one of those has a connection that died without a word.
import assert from 'node:assert/strict'
import type { Browser } from 'playwright'
import { launchBrowser } from '../../e2e/demo-page.ts'
import { serveTabs } from '../../e2e/tabs/tab-server.ts'
import { type RealCase, until, wait, withCleanup } from './real-case.ts'

const FROZEN_MS = 60_000
const LIVE_MS = 1000
/** Chunks, the first and the last of them while the page runs. */
const SAID = 60

type Way = 'told' | 'untold' | 'untold, connection dead'
const WAYS: readonly Way[] = ['told', 'untold', 'untold, connection dead']

export const frozen: RealCase = async () =>
  await withCleanup(async (later) => {
    const browser = await launchBrowser()
    later(async () => await browser.close())
    const took = await Promise.all(WAYS.map(async (way) => await freeze(browser, way)))
    return `frozen for 60 s, live again after (ms): ${WAYS.map((way, at) => `${way} ${Math.round(took[at] ?? Number.NaN)}`).join('; ')}`
  })

/** @returns ms from its being seen to its showing everything, the newest word too. */
const freeze = async (browser: Browser, way: Way): Promise<number> =>
  await withCleanup(async (later) => {
    const server = await serveTabs({ heartbeat: 15_000 })
    later(async () => await server.close())
    const context = await browser.newContext()
    later(async () => await context.close())
    const page = await context.newPage()
    await page.goto(server.url)
    const run = await server.start()
    await page.evaluate((id) => {
      window.tab.start()
      window.tab.follow(id)
    }, run)
    const said = async (): Promise<number> => await page.evaluate((id) => window.tab.seen[id]?.chunks.length ?? 0, run)
    server.write()
    await until('the first chunk is shown', async () => (await said()) === 1, 20_000)

    // Chromium without a window freezes no page: its scripts stop here, and the events are those that a page sees of it
    const session = await context.newCDPSession(page)
    if (way === 'told') await page.evaluate(() => void document.dispatchEvent(new Event('freeze')))
    await session.send('Debugger.enable')
    const paused = new Promise((resolve) => session.once('Debugger.paused', resolve))
    await session.send('Debugger.pause')
    // it stops at the next line that runs, which is this one, or an earlier one
    page.evaluate(() => {}).catch(() => {})
    await paused
    if (way === 'untold, connection dead') {
      // arrives at the page, and is not read until it runs again
      const before = server.sent()
      server.write()
      await until('the page is sent the next chunk', () => server.sent() > before, 20_000)
      server.stall()
    }
    while (server.written < SAID) {
      server.write()
      await wait(FROZEN_MS / (SAID - 2))
    }
    server.write()
    const seenAt = performance.now()
    await session.send('Debugger.resume')
    await page.evaluate((isTold) => {
      if (isTold) document.dispatchEvent(new Event('resume'))
      document.dispatchEvent(new Event('visibilitychange'))
    }, way === 'told')
    await until(`all that was said is shown (${way})`, async () => (await said()) === SAID + 1, 20_000)
    const took = performance.now() - seenAt
    const { chunks, errors } = await page.evaluate((id) => window.tab.seen[id] ?? { chunks: [], errors: ['not followed'] }, run)
    assert.deepEqual(
      chunks.map(([index]) => index),
      Array.from({ length: SAID + 1 }, (_, index) => index),
    )
    assert.deepEqual(errors, [])
    assert.ok(took <= LIVE_MS, `${way}: live after ${Math.round(took)} ms`)
    return took
  })
