// The same app with the run server in Next's own process: the files in one-process/ in the place of what they replace.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chromium as ourChromium } from '../../scripts/chromium.ts'
import { buildNext, installNextDemo, nextDemo } from '../../scripts/next-demo.ts'
import { freePort, type Running, startNext } from './processes.ts'

// below the app, where its packages are found
const folder = join(nextDemo, '.one-process')
let next: Running | undefined
let origin: string

beforeAll(async () => {
  installNextDemo()
  rmSync(folder, { recursive: true, force: true })
  for (const name of ['app', 'lib', 'tasks', 'tsconfig.json', 'package.json']) cpSync(join(nextDemo, name), join(folder, name), { recursive: true })
  cpSync(join(nextDemo, 'one-process'), folder, { recursive: true })
  const config = readFileSync(join(nextDemo, 'next.config.ts'), 'utf8')
  writeFileSync(join(folder, 'next.config.ts'), config.replaceAll('import.meta.dirname', JSON.stringify(nextDemo)))
  buildNext(folder)
  const port = await freePort()
  origin = `http://127.0.0.1:${port}`
  next = await startNext(folder, port, { RUNFEED_SECRET_KEY: 'sk_of_this_check_alone_0123456789abcdef' })
})

afterAll(async () => {
  await next?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('Next serves pages, API and feed, and nothing on the way gathers the feed', async () => {
  const browser = await chromium.launch(await ourChromium())
  try {
    const page = await browser.newPage()
    const asked = new Set<string>()
    page.on('request', (request) => asked.add(new URL(request.url()).origin))
    await page.addInitScript(() => {
      const seen: string[] = []
      Object.assign(globalThis, { seen })
      new MutationObserver(() => {
        const now = document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')
        if (now && seen.at(-1) !== now) seen.push(now)
      }).observe(document, { subtree: true, childList: true, attributes: true })
    })
    await page.goto(origin)
    await page.getByLabel('Title').fill('Sixty loaves')
    await page.getByLabel('Text').fill('It is in the oven. '.repeat(60))
    await page.getByRole('button', { name: 'Digest it' }).click()
    await page.waitForURL('**/runs/run_*')
    await page.getByRole('progressbar', { name: 'Reading' }).and(page.locator('[aria-valuenow="100"]')).waitFor()
    const seen = await page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
    // it was seen to rise
    expect(seen.length).toBeGreaterThanOrEqual(4)
    expect(await page.locator('.summary').innerText()).toContain('It is in the oven.')
    expect([...asked]).toEqual([origin])
  } finally {
    await browser.close()
  }
})
