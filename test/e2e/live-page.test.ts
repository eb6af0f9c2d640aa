// What makes the page live: one connection that brings everything, and that is talked about only when it is away for long.
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { startText } from '../faults/demo-runs.ts'
import { faultProxy } from '../faults/proxy.ts'
import { hasBadge, newestCard } from './demo-page.ts'
import { sharedDemo } from './shared-demo.ts'

const demo = sharedDemo()

async function choose(page: Page, name: string): Promise<void> {
  await page.locator('input[type=file]').setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from('id\n1\n') })
  await newestCard(page).getByRole('button', { name }).waitFor()
}

/** The paths of the API that the page has asked for and that have answered. */
const askedFor = async (page: Page): Promise<readonly string[]> =>
  await page.evaluate(() => performance.getEntriesByType('resource').flatMap(({ name }) => /\/v1\/[^?]*/.exec(name)?.[0] ?? []))

test('an import that one tab starts is there in the other, without a list being asked for; older ones come on demand and stay live', async () => {
  const tabs = [await demo.open(), await demo.open()] as const
  const [first, second] = tabs
  for (let i = 1; i <= 11; i++) await choose(first, `import ${i}.csv`)
  await newestCard(second).getByRole('button', { name: 'import 11.csv' }).waitFor()
  const cards = second.locator('article')
  await expect.poll(() => cards.count(), { timeout: 30_000 }).toBe(10)
  await second.getByRole('button', { name: 'Show older imports' }).click()
  await cards.nth(10).getByRole('button', { name: 'import 1.csv' }).waitFor()

  await choose(first, 'import 12.csv')
  await newestCard(second).getByRole('button', { name: 'import 12.csv' }).waitFor()
  for (const tab of tabs) await hasBadge(newestCard(tab), 'Completed')
  // a card that was opened is closed by its reader alone
  expect(await second.getByRole('button', { name: 'import 1.csv', exact: true, expanded: true }).count()).toBe(1)
  for (const tab of tabs) expect((await askedFor(tab)).filter((path) => path !== '/v1/feed')).toEqual([])

  // what is closed says all of it too
  await second.reload()
  await second.getByRole('button', { name: 'Show older imports' }).click()
  await expect
    .poll(() => cards.locator('.card-name').allTextContents(), { timeout: 30_000 })
    .toEqual(Array.from({ length: 12 }, (_, i) => `import ${12 - i}.csv`))
  await expect.poll(() => cards.locator('.card-summary').count(), { timeout: 30_000 }).toBe(11)
  for (const tab of tabs) await tab.close()
})

declare global {
  interface Window {
    /** What the masthead said of the connection, and when, by the page's own clock. */
    words: { readonly word: string; readonly at: number }[]
  }
}

function noteWords(): void {
  window.words = []
  const head = document.querySelector('.masthead')
  const look = (): void => {
    const word = head?.querySelector('.connection')?.lastChild?.textContent ?? ''
    if (word !== window.words.at(-1)?.word) window.words.push({ word, at: Date.now() })
  }
  if (head) new MutationObserver(look).observe(head, { subtree: true, childList: true, characterData: true })
  look()
}

test('a drop of a second is told to nobody; one of three seconds is, for long enough to be read', async () => {
  const proxy = await faultProxy(demo.server.url, () => ({ kind: 'none' }))
  const page = await demo.open(proxy.url, async (opened) => await opened.clock.install())
  await page.locator('.connection').getByText('Live').waitFor()
  await page.evaluate(noteWords)
  await page.evaluate(() => {
    // the next attempt is always soon
    Math.random = () => 0.001
  })
  // from here on the page's time goes when we say so
  await page.clock.pauseAt((await page.evaluate(() => Date.now())) + 1000)
  const words = async (): Promise<readonly string[]> => (await page.evaluate(() => window.words)).map(({ word }) => word)
  const lose = async (): Promise<void> => {
    const lost = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/v1/feed'))
    await proxy.refuse()
    await lost
  }
  /** Until the page shows what has been started since. */
  const isBack = async (speed: number): Promise<void> => {
    await proxy.accept()
    await startText(demo.server.url, speed)
    await expect
      .poll(
        async () => {
          await page.clock.runFor(5)
          return await page.locator('.speed-value').textContent()
        },
        { timeout: 30_000 },
      )
      .toBe(`${speed} tokens/s`)
  }

  await lose()
  for (let ms = 0; ms < 1000; ms += 50) await page.clock.runFor(50)
  await isBack(101)
  await page.clock.runFor(5000)
  expect(await words()).toEqual(['Live'])

  await lose()
  await expect
    .poll(
      async () => {
        await page.clock.runFor(50)
        return await words()
      },
      { timeout: 30_000 },
    )
    .toEqual(['Live', 'Reconnecting…'])
  await page.getByText('May be behind; trying again…').waitFor()
  await isBack(102)
  await page.clock.runFor(5000)
  await page.locator('.connection').getByText('Live').waitFor()
  expect(await page.getByText('May be behind; trying again…').count()).toBe(0)
  const [, told, over] = await page.evaluate(() => window.words)
  expect([told?.word, over?.word]).toEqual(['Reconnecting…', 'Live'])
  expect((over?.at ?? 0) - (told?.at ?? 0)).toBeGreaterThanOrEqual(1500)
  await page.close()
  await proxy.close()
})
