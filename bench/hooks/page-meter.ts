// One fresh page in one fresh Chromium, and what its main thread did: times of the processor, so that what else the machine does counts little.
import { type Browser, type CDPSession, chromium, type Page } from 'playwright'
import { chromium as ourChromium } from '../../scripts/chromium.ts'
import type { Shown } from './page/stage.tsx'

export interface Work {
  /** ms of all tasks of the main thread: style, layout and paint too. */
  readonly task: number
  /**
   * ms of what is no style, layout and paint: JavaScript and what brings it its data. The browser's own ScriptDuration counts no continuation of a
   * promise that it settles itself, so that who reads by `fetch` would seem to do nothing.
   */
  readonly script: number
  readonly renders: number
}

interface PageGlobals {
  shown(): Shown
  reached(text: string): Promise<number>
}
interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  readonly tdur?: number
}

const RENDERING: ReadonlySet<string> = new Set(['UpdateLayoutTree', 'Layout', 'PrePaint', 'Paint', 'Layerize', 'Commit', 'HitTest'])

export class PageMeter {
  readonly #browser: Browser
  readonly #page: Page
  readonly #session: CDPSession
  #before: { readonly task: number; readonly renders: number } | undefined

  private constructor(browser: Browser, page: Page, session: CDPSession) {
    this.#browser = browser
    this.#page = page
    this.#session = session
  }

  static async open(url: string): Promise<PageMeter> {
    const browser = await chromium.launch(await ourChromium())
    try {
      // the certificate is made for this one run, and nobody knows it
      const page = await browser.newPage({ ignoreHTTPSErrors: true })
      page.on('pageerror', (error) => console.error('the page failed:', error.message))
      const session = await page.context().newCDPSession(page)
      await session.send('Performance.enable', { timeDomain: 'threadTicks' })
      await page.goto(url)
      return new PageMeter(browser, page, session)
    } catch (thrown) {
      await browser.close()
      throw thrown
    }
  }

  shown(): Promise<Shown> {
    return this.#page.evaluate(() => (globalThis as unknown as PageGlobals).shown())
  }
  /** When the first output shows this, ms since the epoch. */
  reached(text: string): Promise<number> {
    return this.#page.evaluate((wanted) => (globalThis as unknown as PageGlobals).reached(wanted), text)
  }
  async screenshot(path: string): Promise<void> {
    await this.#page.screenshot({ path })
  }

  async begin(): Promise<void> {
    await this.#browser.startTracing(this.#page, { categories: ['devtools.timeline', 'disabled-by-default-devtools.timeline'] })
    this.#before = { task: await this.#taskTime(), renders: (await this.shown()).renders }
  }
  /** @returns the work since `begin`. */
  async end(): Promise<Work> {
    const { task: taskBefore, renders: rendersBefore } = this.#before ?? { task: 0, renders: 0 }
    const task = (await this.#taskTime()) - taskBefore
    const { renders } = await this.shown()
    const { traceEvents } = JSON.parse((await this.#browser.stopTracing()).toString()) as { readonly traceEvents: readonly TraceEvent[] }
    return { task, script: task - renderingTime(traceEvents), renders: renders - rendersBefore }
  }

  async #taskTime(): Promise<number> {
    const { metrics } = await this.#session.send('Performance.getMetrics')
    return 1000 * (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN)
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }
}

/** Ms of the main thread. What is within another of these is counted once. */
function renderingTime(events: readonly TraceEvent[]): number {
  let [sum, end] = [0, 0]
  for (const { ts, dur = 0, tdur = 0 } of events.filter(({ ph, name }) => ph === 'X' && RENDERING.has(name)).sort((a, b) => a.ts - b.ts)) {
    if (ts < end) continue
    end = ts + dur
    sum += tdur
  }
  return sum / 1000
}
