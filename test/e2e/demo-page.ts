// The demo's page in a real browser, and what the tests look at in it.
import { type Browser, chromium as playwright, type Locator, type Page } from 'playwright'
import { chromium } from '../../scripts/chromium.ts'

export const launchBrowser = async (): Promise<Browser> => await playwright.launch(await chromium())

/**
 * A page that has been asked for nothing yet. What goes wrong in it fails the test that opened it.
 * @param prepare - done before the page is there.
 */
export async function openPage(browser: Browser, url: string, prepare?: (page: Page) => Promise<void>): Promise<Page> {
  const page = await browser.newPage()
  await prepare?.(page)
  page.on('pageerror', (error) => {
    throw error
  })
  await page.addInitScript(watchBars)
  await page.goto(url)
  return page
}

declare global {
  interface Window {
    /** Every `aria-valuenow` that was written for a bar of this name, in order. */
    seen: Record<string, number[]>
  }
}

function watchBars(): void {
  window.seen = {}
  const note = (element: Element): void => {
    const name = element.closest('article')?.getAttribute('aria-label') ?? element.getAttribute('aria-label') ?? ''
    const now = element.getAttribute('aria-valuenow')
    if (now !== null) (window.seen[name] ??= []).push(Number(now))
  }
  new MutationObserver((records) => {
    for (const { target } of records) if (target instanceof Element) note(target)
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ['aria-valuenow'] })
}

export const seenValues = async (page: Page, bar: string): Promise<readonly number[]> => await page.evaluate((name) => window.seen[name] ?? [], bar)

/** The newest import. */
export const newestCard = (page: Page): Locator => page.locator('article').first()
export const badge = (within: Locator): Locator => within.locator('.rf-badge').first()
export const counter = (card: Locator, name: string): Locator => card.locator('.counter', { has: card.page().getByText(name, { exact: true }) }).locator('dd')
export const bar = (within: Locator): Locator => within.getByRole('progressbar')
export const logLines = (card: Locator): Locator => card.locator('.log li > span')

export const isAt = async (bar: Locator, atLeast: number): Promise<void> => {
  await bar
    .page()
    .waitForFunction(([element, least]) => Number(element?.getAttribute('aria-valuenow') ?? -1) >= least, [await bar.elementHandle(), atLeast] as const)
}

export async function hasBadge(within: Locator, text: string): Promise<void> {
  await badge(within).getByText(text, { exact: true }).waitFor()
}
