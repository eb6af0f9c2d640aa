// Servers begin, with what there is or afresh, and end: by Ctrl+C, which is quick and clean, and by a kill, after which nothing pretends to run.
import type { Browser } from 'playwright'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { bar, counter, hasBadge, isAt, launchBrowser, newestCard, openPage } from './demo-page.ts'
import { newestRun, tableRows } from './demo-record.ts'
import { dataFolder, type DemoServer, removeFolder, startDemo } from './demo-server.ts'

let browser: Browser
/** Each test has servers of its own, so that they can run side by side. */
async function start({ onTestFinished }: TestContext, settings: Parameters<typeof startDemo>[0]): Promise<DemoServer> {
  const server = await startDemo(settings)
  onTestFinished(async () => {
    await server.end('SIGKILL')
    await removeFolder(server.data)
  })
  return server
}
beforeAll(async () => {
  browser = await launchBrowser()
})
afterAll(async () => await browser?.close())

describe.concurrent('a server', () => {
  test('killed half-way, the import is shown as crashed, and starting again completes', { timeout: 120_000 }, async (context) => {
    const killed = await start(context, { data: await dataFolder(), rowDelay: 10, sample: true })
    const page = await openPage(browser, killed.url)
    const card = newestCard(page)
    await hasBadge(card, 'Importing')
    await isAt(bar(card), 20)
    await killed.end('SIGKILL')
    await page.getByText('Reconnecting…').first().waitFor()

    const server = await start(context, { data: killed.data, port: killed.port })
    await hasBadge(card, 'Crashed')
    const crashed = await newestRun(server, 'csv-import')
    expect(crashed.status).toBe('CRASHED')
    // what the record counts is in the table; beyond it, at most what was at work at that moment
    const inTable = tableRows(server, crashed.id).length
    expect(inTable).toBeGreaterThanOrEqual(Number(crashed.metadata['acceptedRows']))
    expect(inTable).toBeLessThanOrEqual(Number(crashed.metadata['acceptedRows']) + 16)

    await card.getByText('The import crashed.').waitFor()
    await card.getByRole('button', { name: 'Start again' }).click()
    await page.locator('article').nth(1).waitFor()
    await hasBadge(newestCard(page), 'Completed')
    expect(await counter(newestCard(page), 'Accepted').textContent()).toBe('3,364')
    const again = await newestRun(server, 'csv-import')
    expect([again.replayOf, again.status]).toEqual([crashed.id, 'COMPLETED'])
    expect(tableRows(server, again.id)).toHaveLength(3364)
    // the crashed one is a line now, and says what it was
    await hasBadge(page.locator('article').nth(1), 'Crashed')
    await page.close()
  })

  test.for(['SIGINT', 'SIGTERM'] as const)('%s ends the server with 0, though an import runs and a page follows it', async (signal, context) => {
    const server = await start(context, { data: await dataFolder(), rowDelay: 10, sample: true })
    const page = await openPage(browser, server.url)
    await page.locator('.connection').getByText('Live').waitFor()
    await isAt(bar(newestCard(page)), 5)
    expect(await server.end(signal)).toEqual({ code: 0, signal: null })
    await page.close()
  })

  test('a second demo takes the next port; a folder that was asked for by name is not shared', async (context) => {
    const first = await start(context, { data: await dataFolder(), port: 'default' })
    const second = await start(context, { data: await dataFolder(), port: 'default' })
    expect(second.port).toBeGreaterThan(first.port)
    await expect(startDemo({ data: first.data })).rejects.toThrow('in use by another process')
  })

  test('--fresh begins with an empty folder, deletes nothing else, and nothing that another demo uses', async (context) => {
    const first = await start(context, { data: await dataFolder() })
    await fetch(`${first.url}/upload`, { method: 'POST', headers: { 'x-runfeed-demo': '1', 'x-file-name': 'a.csv' }, body: 'a\n1\n' })
    writeFileSync(join(first.data, 'mine.txt'), '')
    await expect(startDemo({ data: first.data, fresh: true })).rejects.toThrow('--fresh has deleted nothing')
    expect(readdirSync(join(first.data, 'uploads'))).toHaveLength(1)
    await first.end('SIGTERM')

    const second = await start(context, { data: first.data, fresh: true })
    expect(await (await fetch(`${second.url}/v1/runs`)).json()).toMatchObject({ runs: [] })
    expect(readdirSync(join(first.data, 'uploads'))).toEqual([])
    expect(existsSync(join(first.data, 'mine.txt'))).toBe(true)
  })
})
