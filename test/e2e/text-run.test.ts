// The text: written at the speed that was asked for, and stopped when somebody says so.
import type { Locator, Page } from 'playwright'
import { expect, test } from 'vitest'
import { hasBadge } from './demo-page.ts'
import { startText } from '../faults/demo-runs.ts'
import { type Fault, faultProxy } from '../faults/proxy.ts'
import { newestRun } from './demo-record.ts'
import { sharedDemo } from './shared-demo.ts'

const demo = sharedDemo()

const written = (page: Page): Promise<string | null> => page.locator('[data-part="written"]').textContent()

test('a canceled text ends on the server, and no part comes after', async () => {
  const page = await demo.open()
  const panel = page.getByRole('complementary')
  await panel.getByRole('slider', { name: 'Speed' }).fill('100')
  await panel.getByRole('button', { name: 'Start' }).click()
  await panel.getByText('Alice was beginning to get very tired').waitFor()
  expect((await newestRun(demo.server, 'stream-text')).payload).toEqual({ tokensPerSecond: 100 })

  await panel.getByRole('button', { name: 'Cancel' }).click()
  await hasBadge(panel, 'Canceled')
  await panel.locator('[data-part="note"]').getByText('Stopped before the end').waitFor()
  const run = await newestRun(demo.server, 'stream-text')
  expect([run.status, run.streams['text']?.state]).toEqual(['CANCELED', 'aborted'])
  expect(run.metadata['progress']).toBeLessThan(1)

  // the stream is over: a reader from the beginning gets it all, and its end
  const feed = await (await fetch(`${demo.server.url}/v1/runs/${run.id}/streams/text`)).text()
  const parts = feed
    .split('\n\n')
    .filter((frame) => /^event: chunks$/m.test(frame))
    .flatMap((frame) => (JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? '{}') as { chunks: string[] }).chunks)
  expect(parts.length).toBeGreaterThan(0)
  expect(await written(page)).toBe(parts.join(''))
  await panel.getByRole('button', { name: 'Start' }).waitFor()
  await page.close()
})

test('a text that is stopped when it is longer than its box says so within it', async () => {
  const page = await demo.open()
  await page.setViewportSize({ width: 390, height: 800 })
  const panel = page.getByRole('complementary')
  await panel.getByRole('slider', { name: 'Speed' }).fill('100')
  await panel.getByRole('button', { name: 'Start' }).click()
  const box = panel.getByRole('region', { name: 'The text' })
  await expect.poll(() => box.evaluate(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight), { timeout: 30_000 }).toBeGreaterThan(100)
  await panel.getByRole('button', { name: 'Cancel' }).click()
  const note = panel.locator('[data-part="note"]').getByText('Stopped before the end')
  const bottomOf = async (part: Locator): Promise<number> => await part.evaluate((element) => element.getBoundingClientRect().bottom)
  const isInSight = async (): Promise<void> =>
    await expect.poll(async () => (await bottomOf(box)) - (await bottomOf(note)), { timeout: 30_000 }).toBeGreaterThan(0)
  await isInSight()
  await page.reload()
  await isInSight()
  await page.close()
})

test('a second tab and a reload show the same text, whole', async () => {
  const page = await demo.open()
  const panel = page.getByRole('complementary')
  // faster than the slider goes: it is the end that counts here
  await startText(demo.server.url, 500)
  await panel.getByText('Down, down, down.').waitFor()
  await page.reload()
  const other = await demo.open()
  for (const tab of [page, other]) await hasBadge(tab.getByRole('complementary'), 'Completed')
  for (const tab of [page, other]) await tab.getByText('hanging from the roof.').waitFor()
  expect(await written(page)).toBe(await written(other))
  expect(await written(page)).toMatch(/^Alice was beginning[^]*hanging from the roof\.$/)
  await page.close()
  await other.close()
})

test('while the feed is away, the page says so; once it is back, badge and button both say what has happened meanwhile', async () => {
  let fault: Fault = { kind: 'none' }
  const proxy = await faultProxy(demo.server.url, (_, asked) => (asked.includes('/v1/feed') ? fault : { kind: 'none' }))
  const page = await demo.open(proxy.url)
  const panel = page.getByRole('complementary')
  await startText(demo.server.url, 10)
  await hasBadge(panel, 'Writing')
  fault = { kind: 'cut', after: 0 }
  proxy.cutAll()
  await page.locator('.connection').getByText('Reconnecting…').waitFor()
  await page.getByText('The connection is lost.').waitFor()
  await panel.locator('.rf-badge[data-stale]').waitFor()
  const { id } = await newestRun(demo.server, 'stream-text')
  await fetch(`${demo.server.url}/v1/runs/${id}/cancel`, { method: 'POST', headers: { 'x-runfeed': '1' } })
  fault = { kind: 'none' }
  await panel.getByRole('button', { name: 'Start' }).waitFor()
  await hasBadge(panel, 'Canceled')
  expect(await panel.getByText('Writing').count()).toBe(0)
  await page.getByText('The connection is back.').waitFor()
  await page.close()
  await proxy.close()
})

test('a text that was started with no number says why it failed, and the next one starts', async () => {
  const body = JSON.stringify({ payload: { tokensPerSecond: 'fast' } })
  await fetch(`${demo.server.url}/v1/tasks/stream-text/trigger`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const page = await demo.open()
  const panel = page.getByRole('complementary')
  await hasBadge(panel, 'Failed')
  await panel.locator('.failure').getByText('tokensPerSecond').waitFor()
  expect(await panel.locator('.speed-value').textContent()).toBe('40 tokens/s')
  await panel.getByRole('button', { name: 'Start' }).click()
  await hasBadge(panel, 'Writing')
  await panel.getByRole('button', { name: 'Cancel' }).click()
  await hasBadge(panel, 'Canceled')
  await page.close()
})

test('of two texts at once the second to be stopped is shown after the first, and the speed is that of the next one', async () => {
  await startText(demo.server.url, 2)
  await startText(demo.server.url, 3)
  const page = await demo.open()
  const panel = page.getByRole('complementary')
  const speed = panel.locator('.speed-value')
  await speed.getByText('3 tokens/s', { exact: true }).waitFor()
  await panel.getByRole('slider', { name: 'Speed' }).fill('50')
  await speed.getByText('50 tokens/s from the next start', { exact: true }).waitFor()
  await page.reload()
  await speed.getByText('3 tokens/s', { exact: true }).waitFor()
  await panel.getByRole('button', { name: 'Cancel' }).click()
  await speed.getByText('2 tokens/s', { exact: true }).waitFor()
  await hasBadge(panel, 'Writing')
  await panel.getByRole('button', { name: 'Cancel' }).click()
  await hasBadge(panel, 'Canceled')
  expect((await newestRun(demo.server, 'stream-text')).status).toBe('CANCELED')
  await page.close()
})
