// The text: written at the speed that was asked for, and stopped when somebody says so.
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasBadge, launchBrowser, openPage } from './demo-page.ts'
import { startText } from '../faults/demo-runs.ts'
import { type Fault, faultProxy } from '../faults/proxy.ts'
import { newestRun } from './demo-record.ts'
import { dataFolder, type DemoServer, removeFolder, startDemo } from './demo-server.ts'

let browser: Browser
let server: DemoServer
beforeAll(async () => {
  browser = await launchBrowser()
  server = await startDemo({ data: await dataFolder() })
})
afterAll(async () => {
  await browser?.close()
  await server?.end('SIGTERM')
  if (server) await removeFolder(server.data)
})

const written = (page: Page): Promise<string | null> => page.locator('[data-part="written"]').textContent()

test('a canceled text ends on the server, and no part comes after', async () => {
  const page = await openPage(browser, server.url)
  const panel = page.getByRole('complementary')
  await panel.getByRole('slider', { name: 'Speed' }).fill('100')
  await panel.getByRole('button', { name: 'Start' }).click()
  await panel.getByText('Alice was beginning to get very tired').waitFor()
  expect((await newestRun(server, 'stream-text')).payload).toEqual({ tokensPerSecond: 100 })

  await panel.getByRole('button', { name: 'Cancel' }).click()
  await hasBadge(panel, 'Canceled')
  await panel.locator('[data-part="note"]').getByText('Stopped before the end').waitFor()
  const run = await newestRun(server, 'stream-text')
  expect([run.status, run.streams['text']?.state]).toEqual(['CANCELED', 'aborted'])
  expect(run.metadata['progress']).toBeLessThan(1)

  // the stream is over: a reader from the beginning gets it all, and its end
  const feed = await (await fetch(`${server.url}/v1/runs/${run.id}/streams/text`)).text()
  const parts = feed
    .split('\n\n')
    .filter((frame) => /^event: chunks$/m.test(frame))
    .flatMap((frame) => (JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? '{}') as { chunks: string[] }).chunks)
  expect(parts.length).toBeGreaterThan(0)
  expect(await written(page)).toBe(parts.join(''))
  await panel.getByRole('button', { name: 'Start' }).waitFor()
  await page.close()
})

test('a second tab and a reload show the same text, whole', async () => {
  const page = await openPage(browser, server.url)
  const panel = page.getByRole('complementary')
  // faster than the slider goes: it is the end that counts here
  await startText(server.url, 500)
  await panel.getByText('Down, down, down.').waitFor()
  await page.reload()
  const other = await openPage(browser, server.url)
  for (const tab of [page, other]) await hasBadge(tab.getByRole('complementary'), 'Completed')
  for (const tab of [page, other]) await tab.getByText('hanging from the roof.').waitFor()
  expect(await written(page)).toBe(await written(other))
  expect(await written(page)).toMatch(/^Alice was beginning[^]*hanging from the roof\.$/)
  await page.close()
  await other.close()
})

test('while the feed is away, badge and button both say what the list knows', async () => {
  let fault: Fault = { kind: 'none' }
  const proxy = await faultProxy(server.url, (_, asked) => (asked.includes('/v1/feed') ? fault : { kind: 'none' }))
  const page = await openPage(browser, proxy.url)
  const panel = page.getByRole('complementary')
  await startText(server.url, 10)
  await hasBadge(panel, 'Writing')
  fault = { kind: 'cut', after: 0 }
  proxy.cutAll()
  await page.locator('.connection').getByText('Reconnecting…').waitFor()
  await page.getByText('The connection is lost.').waitFor()
  const { id } = await newestRun(server, 'stream-text')
  await fetch(`${server.url}/v1/runs/${id}/cancel`, { method: 'POST', headers: { 'x-runfeed': '1' } })
  await panel.getByRole('button', { name: 'Start' }).waitFor()
  await hasBadge(panel, 'Canceled')
  expect(await panel.getByText('Writing').count()).toBe(0)
  fault = { kind: 'none' }
  await page.getByText('The connection is back.').waitFor()
  // nothing runs: what is said aloud stays, whatever the word for the eye is
  await page.close()
  await proxy.close()
})
