// From `metadata.set()` in a task to the DOM of a page: the value that is written is the time, read in a MutationObserver on the same machine.
import { chromium } from 'playwright'
import { createRunServer, sqliteEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { chromium as ourChromium } from '../../scripts/chromium.ts'
import { buildPage } from '../page.ts'
import { percentile, type Row } from '../row.ts'

const RUNS = 10
const SETS = 100
/** Sets of one run are further apart than it takes to see one; no value is written over before it was seen. */
const APART_MS = 150

/** @param folder - where the data file may be. */
export async function latency(folder: string): Promise<readonly Row[]> {
  let start = (): void => {}
  const started = new Promise<void>((resolve) => {
    start = resolve
  })
  const ticking = task({
    id: 'ticking',
    run: async () => {
      await started
      for (let i = 0; i < SETS; i++) {
        await new Promise((resolve) => setTimeout(resolve, APART_MS + Math.random() * APART_MS))
        metadata.set('at', performance.timeOrigin + performance.now())
      }
    },
  })
  const page = await buildPage(import.meta.dirname)
  const server = createRunServer({ engine: sqliteEngine({ file: `${folder}/latency.db` }), tasks: [ticking], concurrency: RUNS, fallback: page })
  const { url } = await server.listen()
  const browser = await chromium.launch(await ourChromium())
  try {
    const ids = await Promise.all(Array.from({ length: RUNS }, async () => (await ticking.trigger(null)).id))
    const tab = await browser.newPage()
    await tab.goto(`${url}/?runs=${ids.join(',')}`)
    await tab
      .locator('output')
      .nth(RUNS - 1)
      .waitFor({ state: 'attached' })
    start()
    const results = async (): Promise<{ delays: number[]; ended: number }> =>
      await tab.evaluate(() => (globalThis as unknown as { results(): { delays: number[]; ended: number } }).results())
    while ((await results()).ended < RUNS) await new Promise((resolve) => setTimeout(resolve, 250))
    const { delays } = await results()
    const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => percentile(delays, share)) as [number, number, number]
    const raw = { p50, p95, p99, least: Math.min(...delays), most: Math.max(...delays) }
    return [
      { name: 'metadata.set() to the DOM, p50', value: p50, unit: 'ms', limit: { most: 50 }, raw },
      { name: 'sets that were seen in the DOM', value: delays.length, unit: `of ${RUNS * SETS}`, limit: { least: RUNS * SETS }, raw: {} },
    ]
  } finally {
    await browser.close()
    await server.close()
  }
}
