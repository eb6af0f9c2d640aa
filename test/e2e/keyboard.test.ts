// The page without a mouse: whoever presses a button is still there when it has done its work.
import type { Locator, Page } from 'playwright'
import { expect, test } from 'vitest'
import { hasBadge, newestCard } from './demo-page.ts'
import { sharedDemo } from './shared-demo.ts'

const demo = sharedDemo({ rowDelay: 20 })

const focused = async (page: Page): Promise<string> => await page.evaluate(() => document.activeElement?.textContent ?? '')

/** @param done - what shows that the press has had its effect. */
async function press(button: Locator, done: () => Promise<unknown>): Promise<string> {
  await button.focus()
  await button.press('Enter')
  await done()
  return await focused(button.page())
}

test('every button keeps the focus through what it does', async () => {
  const page = await demo.open()
  const button = (name: string): Locator => page.getByRole('button', { name, exact: true })
  expect(await press(button('Start the sample'), async () => await hasBadge(newestCard(page), 'Importing'))).toBe('Start the sample')
  const card = newestCard(page)
  const ofCard = (name: string): Locator => card.getByRole('button', { name })
  expect(await press(ofCard('Cancel'), async () => await hasBadge(card, 'Canceled'))).toBe('Start again')
  expect(await press(ofCard('Start again'), async () => await page.locator('article').nth(1).waitFor())).toBe('Start again')
  await newestCard(page).getByRole('button', { name: 'Cancel' }).click()
  await hasBadge(newestCard(page), 'Canceled')

  const panel = page.getByRole('complementary')
  expect(await press(panel.getByRole('button', { name: 'Start' }), async () => await hasBadge(panel, 'Writing'))).toBe('Cancel')
  expect(await press(panel.getByRole('button', { name: 'Cancel' }), async () => await hasBadge(panel, 'Canceled'))).toBe('Start')

  for (let i = 1; i <= 10; i++) {
    await page.locator('input[type=file]').setInputFiles({ name: `${i}.csv`, mimeType: 'text/csv', buffer: Buffer.from('id\n1\n') })
    await newestCard(page)
      .getByRole('button', { name: `${i}.csv` })
      .waitFor()
  }
  // a page that is opened anew shows ten of the twelve
  await page.reload()
  await button('Show older imports').waitFor()
  expect(await press(button('Show older imports'), async () => await page.locator('article').nth(11).waitFor())).toBe('All imports are shown')
  await page.close()
})
