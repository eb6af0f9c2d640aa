// What begins imports, when the server takes its time, and when it does not answer.
import type { Page, Request, Route } from 'playwright'
import { expect, test } from 'vitest'
import { faultProxy } from '../faults/proxy.ts'
import { newestCard } from './demo-page.ts'
import { importsOf } from './demo-record.ts'
import { sharedDemo } from './shared-demo.ts'

const demo = sharedDemo()

const csv = (name: string): { name: string; mimeType: string; buffer: Buffer } => ({ name, mimeType: 'text/csv', buffer: Buffer.from('id\n1\n') })

/** Holds what the page sends there. @returns gives the next request on; waits for it */
async function held(page: Page, path: string): Promise<() => Promise<void>> {
  const routes: Route[] = []
  await page.route(`**${path}`, (route) => void routes.push(route))
  return async () => {
    await expect.poll(() => routes.length, { timeout: 30_000 }).toBeGreaterThan(0)
    await routes.shift()?.continue()
  }
}

test('files that come while one is on its way wait for their turn, are said to, and are not left without a question', async () => {
  const page = await demo.open()
  const letGo = await held(page, '/upload')
  const sent: string[] = []
  page.on('request', (request: Request) => {
    if (request.url().endsWith('/upload')) sent.push(request.headers()['x-file-name'] ?? '')
  })
  await page.locator('input[type=file]').setInputFiles(csv('first.csv'))
  await page.getByText('Uploading first.csv…').waitFor()
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    for (const name of ['second.csv', 'third.csv']) data.items.add(new File(['id\n1\n'], name))
    return data
  })
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer })
  await page.getByText('Uploading first.csv… 2 more wait.').waitFor()

  const asked = page.waitForEvent('dialog')
  // later: the question holds whoever waits for the reload
  await page.evaluate(() => void setTimeout(() => location.reload()))
  await (await asked).dismiss()

  for (const name of ['first', 'second', 'third']) {
    await letGo()
    await newestCard(page)
      .getByRole('button', { name: `${name}.csv` })
      .waitFor()
  }
  expect(sent).toEqual(['first.csv', 'second.csv', 'third.csv'])
  await page.getByText('Every row becomes a run.').waitFor()
  for (const name of sent) expect(await importsOf(demo.server, name)).toHaveLength(1)
  await page.close()
})

test('a server that takes what is asked for and never answers is said to, and the buttons work again', async () => {
  const page = await demo.open(demo.server.url, async (opened) => {
    // the page's patience, a hundred times shorter
    await opened.addInitScript(() => {
      const timeout = AbortSignal.timeout.bind(AbortSignal)
      AbortSignal.timeout = (ms) => timeout(ms / 100)
    })
  })
  let asked = 0
  await page.route('**/sample', () => void asked++)
  await page.getByRole('button', { name: 'Start the sample' }).click()
  await page.getByRole('alert').getByText('The server has not answered for 15 s.').waitFor()
  expect(asked).toBe(1)
  await page.unroute('**/sample')
  await page.getByRole('button', { name: 'Start the sample' }).click()
  await newestCard(page).getByRole('button', { name: 'airports.csv' }).waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
  await page.close()
})

test('that the server could not be reached is said no longer than it is true; of a file it is said that it was not sent', async () => {
  const proxy = await faultProxy(demo.server.url, () => ({ kind: 'none' }))
  const page = await demo.open(proxy.url)
  await page.locator('.connection').getByText('Live').waitFor()
  await proxy.refuse()
  const alerts = page.getByRole('alert')
  await page.getByRole('button', { name: 'Start the sample' }).click()
  await alerts.getByText('The server cannot be reached.').waitFor()
  await page.locator('input[type=file]').setInputFiles(csv('lost.csv'))
  await alerts.getByText('lost.csv was not sent: the server could not be reached.').waitFor()
  await proxy.accept()
  await alerts.getByText('The server cannot be reached.').waitFor({ state: 'detached' })
  expect(await alerts.allTextContents()).toEqual(['lost.csv was not sent: the server could not be reached.'])
  await page.close()
  await proxy.close()
})
