// The demo's own import of 3,376 airports, in the demo's own server, watched by a page in Chromium: how long it takes, and what it costs the
// page's main thread. No row waits for anything: it goes as fast as it goes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright'
import type { Run } from 'runfeed'
import { chromium as ourChromium } from '../scripts/chromium.ts'
import type { Row } from './row.ts'

const ROOT = join(import.meta.dirname, '..')
const IMPORTS = 3

/** @param folder - where the demo keeps its data. */
export async function sampleImport(folder: string): Promise<readonly Row[]> {
  const demo = spawn(
    process.execPath,
    ['--conditions=@runfeed/source', 'demo/main.ts', '--no-sample', '--row-delay', '0', '--port', '0', '--data', join(folder, 'demo')],
    {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NO_COLOR: '1' },
    },
  )
  const browser = await chromium.launch(await ourChromium())
  try {
    const url = await addressOf(demo.stdout)
    const page = await browser.newPage()
    await page.goto(url)
    await page.evaluate(() => {
      const seen = { tasks: [] as number[], steps: 0 }
      Object.assign(globalThis, { seen })
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) seen.tasks.push(duration)
      }).observe({ entryTypes: ['longtask'] })
      new MutationObserver((changes) => {
        seen.steps += changes.length
      }).observe(document.body, { subtree: true, attributeFilter: ['aria-valuenow'] })
    })
    const took: number[] = []
    for (let i = 0; i < IMPORTS; i++) {
      const answer = page.waitForResponse((response) => response.url().endsWith('/sample'))
      await page.getByRole('button', { name: /sample/i }).click()
      took.push(await timeOf(url, ((await (await answer).json()) as { id: string }).id))
    }
    const { tasks, steps } = await page.evaluate(() => (globalThis as unknown as { seen: { tasks: number[]; steps: number } }).seen)
    if (steps < IMPORTS) throw new Error('the page did not show the imports')
    return [
      {
        name: 'sample import, 3,376 child runs, from trigger to end',
        value: Math.max(...took) / 1000,
        unit: 's',
        limit: { most: 10 },
        raw: Object.fromEntries(took.map((ms, i) => [`import ${i + 1} (ms)`, ms])),
      },
      {
        name: 'longest task on the page’s main thread meanwhile',
        value: Math.max(0, ...tasks),
        unit: 'ms',
        limit: { most: 100 },
        raw: { 'tasks over 50 ms': tasks.length, 'values of the progress bars': steps },
      },
    ]
  } finally {
    await browser.close()
    demo.kill('SIGTERM')
    await once(demo, 'exit')
  }
}

async function addressOf(output: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface(output)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
    if (url) {
      output.resume()
      return url
    }
  }
  throw new Error('the demo ended before it said where it is')
}

async function timeOf(url: string, id: string): Promise<number> {
  // the feed's body ends when the run and its children have
  await (await fetch(`${url}/v1/runs/${id}/events`)).text()
  const run = (await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run
  if (run.status !== 'COMPLETED' || run.finishedAt === null) throw new Error(`the import ended as ${run.status}`)
  return run.finishedAt - run.createdAt
}
