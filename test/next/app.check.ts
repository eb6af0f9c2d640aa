// The app as its README starts it: a run server, Next beside it, and people in front of Chromium.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { chromium as ourChromium } from '../../scripts/chromium.ts'
import { buildNext, installNextDemo, nextDemo } from '../../scripts/next-demo.ts'
import { type Environment, freePort, type Running, startNext, startRuns } from './processes.ts'

const data = mkdtempSync(join(tmpdir(), 'runfeed-next-'))
const secret = 'sk_of_this_check_alone_0123456789abcdef'
let browser: Browser
let next: Running
let runs: Running
let origin: string
let startRunServer: () => Promise<Running>

beforeAll(async () => {
  installNextDemo()
  buildNext(nextDemo)
  const [port, runsPort] = [await freePort(), await freePort()]
  origin = `http://127.0.0.1:${port}`
  const env: Environment = { RUNFEED_SECRET_KEY: secret, RUNFEED_URL: `http://127.0.0.1:${runsPort}` }
  startRunServer = async () => await startRuns(data, runsPort, origin, env)
  runs = await startRunServer()
  next = await startNext(nextDemo, port, env)
  browser = await chromium.launch(await ourChromium())
})

afterAll(async () => {
  await browser?.close()
  await next?.stop()
  await runs?.stop()
  rmSync(data, { recursive: true, force: true })
})

interface Tab {
  readonly page: Page
  /** What the browser's console has. */
  readonly said: readonly string[]
}

async function open(path: string): Promise<Tab> {
  const page = await browser.newPage()
  onTestFinished(async () => await page.close())
  const said: string[] = []
  page.on('console', (message) => said.push(`${message.type()} ${message.text()}`))
  page.on('pageerror', (error) => said.push(error.message))
  await page.goto(`${origin}${path}`)
  return { page, said }
}

async function begin(page: Page, title: string, text: string): Promise<void> {
  await page.getByLabel('Title').fill(title)
  await page.getByLabel('Text').fill(text)
  await page.getByRole('button', { name: 'Digest it' }).click()
  await page.waitForURL('**/runs/run_*')
  await page.getByRole('heading', { name: title }).waitFor()
}

const sentences = (count: number): string => Array.from({ length: count }, (_, n) => `Loaf ${n} is in the oven.`).join(' ')

test('what somebody starts is shown live, to them and in every list, and a reload shows the same', async () => {
  const list = await open('/')
  const { page, said } = await open('/')
  await begin(page, 'Twelve loaves', sentences(12))
  const row = list.page.getByRole('link', { name: 'Twelve loaves' })
  await row.getByText('12 of 12 sentences, 60 words').waitFor()
  await row.getByText('Completed').waitFor()
  await page.locator('.rf-stream[data-state=done]').waitFor()
  await page.getByRole('progressbar', { name: 'Reading' }).and(page.locator('[aria-valuenow="100"]')).waitFor()
  const summary = (await page.locator('.summary [data-part=written]').allInnerTexts()).join('')
  expect(summary).toMatch(/^(Loaf \d+ is in the oven\. ?){3}$/)

  // without a script: the server has all of it in its page, and no key
  const html = await (await fetch(page.url())).text()
  for (const part of ['Twelve loaves', 'Completed', '12 of 12 sentences', summary]) expect(html).toContain(part)
  expect(html).not.toContain(secret)

  await page.reload()
  await page.locator('.rf-stream[data-state=done]').waitFor()
  expect((await page.locator('.summary [data-part=written]').allInnerTexts()).join('')).toBe(summary)
  // no word about hydration, and none about anything else
  expect([...said, ...list.said]).toEqual([])
})

test('what is shown on the way rises, half-way after a reload too', async () => {
  const { page, said } = await open('/')
  await begin(page, 'Sixty loaves', sentences(60))
  const bar = page.getByRole('progressbar', { name: 'Reading' })
  const value = async (): Promise<number> => Number(await bar.getAttribute('aria-valuenow'))
  await expect.poll(value, { timeout: 60_000 }).toBeGreaterThan(0)
  const before = await value()
  await page.reload()
  // what the server knows is in the page that it sends
  expect(await value()).toBeGreaterThanOrEqual(before)
  await expect.poll(value, { timeout: 60_000 }).toBe(100)
  expect(said).toEqual([])
})

test('a run server that crashes is waited for, and pages are served meanwhile', async () => {
  const { page } = await open('/')
  await begin(page, 'Many loaves', sentences(1000))
  await page.getByText(/^[1-9]\d* of 1,000 sentences$/).waitFor()
  await runs.stop('SIGKILL')
  await page.locator('.connection').getByText('Reconnecting…').waitFor()

  const other = await open('/')
  await other.page.getByText('Loading…').waitFor()
  await other.page.getByRole('button', { name: 'Digest it' }).click()
  await other.page.getByRole('button', { name: 'Starting…' }).waitFor()

  runs = await startRunServer()
  // what was asked for meanwhile is started, and who watched goes on
  await other.page.waitForURL('**/runs/run_*')
  await page.locator('.connection').getByText('Live').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.locator('.rf-badge[data-status=CANCELED]').waitFor()
  expect(await page.getByRole('button', { name: 'Cancel' }).count()).toBe(0)
})

test('what cannot be digested is refused with a reason, and nothing that was written is lost', async () => {
  const { page } = await open('/')
  await page.getByLabel('Title').fill('Nothing')
  await page.getByLabel('Text').fill('  ')
  await page.getByRole('button', { name: 'Digest it' }).click()
  await page.getByRole('alert').getByText('There is nothing to read yet').waitFor()
  expect(await page.getByLabel('Title').inputValue()).toBe('Nothing')
  const text = page.getByLabel('Text')
  // more than Next takes in a request
  await text.fill('x'.repeat(1_200_000))
  await page.getByRole('button', { name: 'Digest it' }).click()
  expect(await text.evaluate((field: HTMLTextAreaElement) => field.validationMessage)).toContain('1,200,000 characters, and 100,000 is the most')
  expect(await text.inputValue()).toHaveLength(1_200_000)
})

test('a digest that is not there is a 404', async () => {
  const response = await fetch(`${origin}/runs/run_nobody`)
  expect(response.status).toBe(404)
  expect(await response.text()).toContain('There is no such digest.')
})
