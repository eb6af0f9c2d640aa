// The main job: somebody starts the sample and watches it come in, row by row.
import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { expect, test } from 'vitest'
import { bar, counter, hasBadge, isAt, logLines, newestCard, seenValues } from './demo-page.ts'
import { newestRun, tableRows } from './demo-record.ts'
import { sharedDemo } from './shared-demo.ts'

const FILE = new URL('../../node_modules/vega-datasets/data/airports.csv', import.meta.url)
const rows = parse(readFileSync(FILE, 'utf8'), { columns: true }) as readonly { city: string; state: string }[]
const rejected = rows.filter(({ city, state }) => city === 'NA' || state === 'NA').length
const text = (n: number): string => n.toLocaleString('en')

const demo = sharedDemo({ rowDelay: 6 })

test('the sample has the rows that everything else here counts on', () => {
  expect([rows.length, rejected]).toEqual([3376, 12])
})

test('the bar rises, the counts are those of the file, each accepted row is in the table once', async () => {
  const page = await demo.open()
  await page.getByText('Nothing has been imported yet.').waitFor()
  await page.getByRole('button', { name: 'Start the sample' }).click()
  const card = newestCard(page)
  await hasBadge(card, 'Completed')

  const seen = await seenValues(page, 'Import of airports.csv')
  const rising = seen.filter((value, index) => index === 0 || value > (seen[index - 1] as number))
  expect(rising.length).toBeGreaterThanOrEqual(5)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(await bar(card).getAttribute('aria-valuenow')).toBe('100')

  expect(await counter(card, 'In the file').textContent()).toBe(text(rows.length))
  expect(await counter(card, 'Accepted').textContent()).toBe(text(rows.length - rejected))
  expect(await counter(card, 'Rejected').textContent()).toBe(text(rejected))
  expect(await logLines(card).last().textContent()).toMatch(/^done in .*: 3,364 accepted, 12 rejected$/)
  expect(await card.locator('.reasons').textContent()).toBe('12 city and state are missing or not valid')

  const run = await newestRun(demo.server, 'csv-import')
  expect(run.metadata).toMatchObject({ totalRows: rows.length, processedRows: rows.length, acceptedRows: rows.length - rejected, rejectedRows: rejected })
  expect(run.metadata['rowRuns']).toHaveLength(1000)
  expect(new Set(run.metadata['rowRuns'] as string[]).size).toBe(1000)
  const table = tableRows(demo.server, run.id)
  expect(table).toHaveLength(rows.length - rejected)
  expect(table[0]).toEqual({ line: 2, fields: Object.values(rows[0] ?? {}) })
  await page.close()
})

test('two tabs and a reload half-way show the same import, and see it to its end', async () => {
  const first = await demo.open()
  await first.getByRole('button', { name: 'Start the sample' }).click()
  await hasBadge(newestCard(first), 'Importing')
  const second = await demo.open()
  await hasBadge(newestCard(second), 'Importing')
  await isAt(bar(newestCard(first)), 20)
  expect(await counter(newestCard(first), 'Time').textContent()).toMatch(/^\d+ s$/)
  await first.reload()
  await isAt(bar(newestCard(first)), 0)
  const atReload = Number(await bar(newestCard(first)).getAttribute('aria-valuenow'))
  // not from the beginning again
  expect(atReload).toBeGreaterThanOrEqual(20)

  for (const page of [first, second]) await hasBadge(newestCard(page), 'Completed')
  expect(new Set(await seenValues(second, 'Import of airports.csv')).size).toBeGreaterThan(1)
  const shown = await Promise.all(
    [first, second].map(async (page) => {
      const card = newestCard(page)
      await logLines(card)
        .getByText(/^done in/)
        .waitFor()
      return {
        counters: await card.locator('.counters').textContent(),
        log: await logLines(card).allTextContents(),
        rejected: await card.locator('.examples').textContent(),
      }
    }),
  )
  expect(shown[0]).toEqual(shown[1])
  expect(shown[0]?.log.filter((line) => line.endsWith('rows done'))).toHaveLength(Math.ceil(rows.length / 500))
  await first.close()
  await second.close()
})

test('whoever reads the log further up is left there', async () => {
  const page = await demo.open()
  await page.getByRole('button', { name: 'Start the sample' }).click()
  const card = newestCard(page)
  await hasBadge(card, 'Importing')
  const log = card.getByRole('region', { name: 'Log of airports.csv' })
  // small enough to scroll from the second line on
  await log.evaluate((element) => {
    element.style.blockSize = '3rem'
  })
  await logLines(card).getByText('1,000 of 3,376 rows done').waitFor()
  await log.evaluate((element) => element.scrollTo({ top: 0 }))
  await hasBadge(card, 'Completed')
  await logLines(card)
    .getByText(/^done in/)
    .waitFor()
  expect(await log.evaluate((element) => element.scrollTop)).toBe(0)
  await page.close()
})
