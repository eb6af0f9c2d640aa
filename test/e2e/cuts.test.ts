// The page behind a connection that breaks, in every way and at any byte, while a file is imported and a text is written: in the end it shows
// exactly what the server has. RUNFEED_SEED=<seed> runs that seed alone.
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { type Fault, type FaultProxy, faultProxy } from '../faults/proxy.ts'
import { startSample, startText } from '../faults/demo-runs.ts'
import { schedule } from '../faults/schedule.ts'
import { randomOf, seeds } from '../faults/seed.ts'
import { bar, counter, hasBadge, isAt, logLines, newestCard, seenValues } from './demo-page.ts'
import { newestRun } from './demo-record.ts'
import { sharedDemo } from './shared-demo.ts'
import { noteStatuses, statusesOf, streamOf } from '../faults/shown.ts'

const TEXT = readFileSync(new URL('../../demo/text/alice.txt', import.meta.url), 'utf8').trim()
/** Of `open` and what comes before it: who waits for a first frame waits for 15 s. */
const OPENED_BYTES = 1000

/** ms between two pings: after three that are missing, well below the 30 s that a test waits. */
const HEARTBEAT = 300

const demo = sharedDemo({ rowDelay: 5, heartbeat: HEARTBEAT })

interface Behind {
  readonly page: Page
  readonly proxy: FaultProxy
  /** From now on connections fail so; those that are open are lost. */
  readonly arm: (next: (connection: number, asked: string) => Fault) => void
}

/** A page that follows an import and a text, behind a proxy that does nothing yet. */
async function follow(): Promise<Behind> {
  let next: (connection: number, asked: string) => Fault = () => ({ kind: 'none' })
  const proxy = await faultProxy(demo.server.url, (connection, asked) => next(connection, asked))
  await startSample(demo.server.url)
  await startText(demo.server.url, 200)
  const page = await demo.open(proxy.url)
  await page.evaluate(() => {
    const { random } = Math
    // chance decides how long to wait before the next attempt; here it is always soon
    Math.random = () => random() * 0.02
  })
  await noteStatuses(page)
  await hasBadge(newestCard(page), 'Importing')
  await hasBadge(page.getByRole('complementary'), 'Writing')
  const arm: Behind['arm'] = (faults) => {
    const { connections } = proxy
    next = (connection, asked) => faults(connection - connections, asked)
    proxy.cutAll()
  }
  return { page, proxy, arm }
}

/** Waits for both to end, and holds what is shown against what the server has. */
async function isWhole(page: Page): Promise<void> {
  const card = newestCard(page)
  const panel = page.getByRole('complementary')
  await hasBadge(card, 'Completed')
  await hasBadge(panel, 'Completed')

  const run = await newestRun(demo.server, 'csv-import')
  expect(run.metadata).toMatchObject({ processedRows: 3376, acceptedRows: 3364, rejectedRows: 12 })
  for (const [name, count] of Object.entries({ 'In the file': '3,376', Accepted: '3,364', Rejected: '12' }))
    expect([name, await counter(card, name).textContent()]).toEqual([name, count])
  await logLines(card)
    .getByText(/^done in/)
    .waitFor()
  const log = (await streamOf(demo.server.url, run.id, 'log')) as readonly { level: string; line: string }[]
  expect(await logLines(card).allTextContents()).toEqual(log.map(({ level, line }) => (level === 'info' ? line : `${level}: ${line}`)))
  const seen = await seenValues(page, 'Import of airports.csv')
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))

  const text = await newestRun(demo.server, 'stream-text')
  const tokens = (await streamOf(demo.server.url, text.id, 'text')) as readonly string[]
  expect(tokens.join('')).toBe(TEXT)
  await panel.locator('.rf-stream[data-state="done"]').waitFor()
  expect(await panel.locator('[data-part="written"]').textContent()).toBe(TEXT)

  // each ended once, and stayed so
  const statuses = await statusesOf(page)
  for (const shown of [statuses.import, statuses.text]) expect(shown.filter((status) => status === 'COMPLETED')).toEqual(shown.slice(-1))

  await expect.poll(() => page.locator('.problem, [data-stale]').allTextContents(), { timeout: 40_000 }).toEqual([])
  await expect.poll(() => page.locator('.connection').textContent()).toContain('Live')
}

test.for(seeds(4))('cut at random moments, the page ends with exactly what the server has (seed %i)', async (seed) => {
  const { page, proxy, arm } = await follow()
  const random = randomOf(seed)
  const { connections } = proxy
  arm(schedule({ seed, faults: 20, bytes: 40_000, stallFrom: OPENED_BYTES }))
  const moments = Array.from({ length: 3 }, () => 5 + random() * 80).toSorted((a, b) => a - b)
  for (const moment of moments) {
    await isAt(bar(newestCard(page)), moment)
    proxy.cutAll()
  }
  await isWhole(page)
  expect(proxy.connections).toBeGreaterThan(connections + moments.length)
  await page.close()
  await proxy.close()
})

test('a server that cannot be reached for a while is told to the reader, and forgotten again', async () => {
  const { page, proxy } = await follow()
  await isAt(bar(newestCard(page)), 10)
  const { connections } = proxy
  await proxy.refuse()
  await page.locator('.connection').getByText('Reconnecting…').waitFor()
  await page.getByText('May be behind; trying again…').waitFor()
  await proxy.accept()
  await isWhole(page)
  expect(proxy.connections).toBeGreaterThan(connections)
  await page.close()
  await proxy.close()
})

test('a connection that says nothing any more is noticed by its missing pings', async () => {
  const { page, proxy } = await follow()
  // late enough that nothing is about to replace the connection anyway
  await isAt(bar(newestCard(page)), 50)
  expect(proxy.stall('POST /v1/feed')).toBe(1)
  await hasBadge(newestCard(page), 'Completed')
  await hasBadge(page.getByRole('complementary'), 'Completed')
  await isWhole(page)
  await page.close()
  await proxy.close()
})
