// A file of one's own: chosen, dropped, or refused.
import { request } from 'node:http'
import { expect, test } from 'vitest'
import { counter, hasBadge, newestCard } from './demo-page.ts'
import { newestRun, tableRows } from './demo-record.ts'
import { sharedDemo } from './shared-demo.ts'

const demo = sharedDemo()

// line: 1 header, 2 quotes, 3 and 4 a newline, 5 empty, 6 too short, 7 too long, 8 no first field, 9 without an end
const AWKWARD = [
  '\ufeffname,note,amount',
  '"Smith, ""Jo""","said ""no""",1',
  '"two',
  'lines",second,2',
  '',
  'short,3',
  'long,x,4,5',
  ',nameless,6',
  'Zoë,last,7',
].join('\r\n')

test('quotes, newlines in fields, a byte order mark, CRLF and ragged rows come in as they are', async () => {
  const page = await demo.open()
  await page.locator('input[type=file]').setInputFiles({ name: 'awkward "one".csv', mimeType: 'text/csv', buffer: Buffer.from(AWKWARD) })
  const card = newestCard(page)
  await hasBadge(card, 'Completed')
  await card.getByRole('button', { name: 'awkward "one".csv' }).waitFor()
  expect(await counter(card, 'In the file').textContent()).toBe('6')
  expect(await counter(card, 'Accepted').textContent()).toBe('3')
  expect(await counter(card, 'Rejected').textContent()).toBe('3')
  expect(await card.locator('.reasons li').allTextContents()).toEqual(
    expect.arrayContaining(['1 fewer fields than the header', '1 more fields than the header', '1 the first field is empty']),
  )
  expect(await card.locator('.example-line').allTextContents()).toEqual(['line 6', 'line 7', 'line 8'])
  // to be read, also where nothing hovers
  expect(await card.locator('.example-reason').allInnerTexts()).toEqual([
    'fewer fields than the header',
    'more fields than the header',
    'the first field is empty',
  ])

  const { id } = await newestRun(demo.server, 'csv-import')
  expect(tableRows(demo.server, id)).toEqual([
    { line: 2, fields: ['Smith, "Jo"', 'said "no"', '1'] },
    { line: 3, fields: ['two\r\nlines', 'second', '2'] },
    { line: 9, fields: ['Zoë', 'last', '7'] },
  ])
  await page.close()
})

test.each([
  ['semicolons', ';'],
  ['tabs', '\t'],
  ['pipes', '|'],
])('fields that are separated by %s are fields, and the log says so', async (name, separator) => {
  const lines = [['"name, first"', 'amount'], ['Zoë', '1,5'], ['short']].map((fields) => fields.join(separator))
  const answer = await post('/upload', { 'x-runfeed-demo': '1', 'x-file-name': `${name}.csv` }, Buffer.from(lines.join('\n')))
  const { id } = JSON.parse(answer.body) as { id: string }
  // the feed's body ends when the import has
  await (await fetch(`${demo.server.url}/v1/runs/${id}/events`)).text()
  expect(tableRows(demo.server, id)).toEqual([{ line: 2, fields: ['Zoë', '1,5'] }])
  expect(await (await fetch(`${demo.server.url}/v1/runs/${id}/streams/log`)).text()).toContain(`its fields are separated by ${name}`)
})

test('a file that is dropped on the page is imported', async () => {
  const page = await demo.open()
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer()
    data.items.add(new File(['a,b\n1,2\n'], 'dropped.csv', { type: 'text/csv' }))
    return data
  })
  await page.dispatchEvent('main', 'dragenter', { dataTransfer: transfer })
  await page.getByText('Let go to import it.').waitFor()
  await page.dispatchEvent('main', 'drop', { dataTransfer: transfer })
  const card = newestCard(page)
  await card.getByRole('button', { name: 'dropped.csv' }).waitFor()
  await hasBadge(card, 'Completed')
  expect(await counter(card, 'Accepted').textContent()).toBe('1')
  // from right to left the card begins at the right: chevron within it, time at the other edge
  await page.evaluate(() => {
    document.documentElement.dir = 'rtl'
  })
  const [box, chevron, time] = await Promise.all([card, card.locator('.chevron'), card.locator('.card-time')].map((part) => part.boundingBox()))
  if (!box || !chevron || !time) throw new Error('the card is not shown')
  expect(box.x + box.width - (chevron.x + chevron.width)).toBeGreaterThan(0)
  expect(time.x - box.x).toBeLessThan(24)
  expect(await card.locator('.chevron').evaluate((element) => getComputedStyle(element).scale)).toBe('-1 1')
  await page.close()
})

interface Answer {
  readonly status: number
  readonly body: string
}

/** fetch() lets nobody choose Host and Origin. */
async function post(path: string, headers: Record<string, string>, body: Buffer = Buffer.from('a\n1\n')): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: demo.server.port, path, method: 'POST', headers: { 'content-length': body.length, ...headers } },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

test('another site cannot start an import: not by its origin, not by its name, not without the header', async () => {
  const own = { 'x-runfeed-demo': '1', 'x-file-name': 'x.csv' }
  const before = await newestRun(demo.server, 'csv-import')
  for (const path of ['/upload', '/sample']) {
    expect((await post(path, { ...own, origin: 'https://example.com' })).status).toBe(403)
    expect((await post(path, { ...own, host: 'example.com' })).status).toBe(403)
    // what a form can send is refused before anybody looks at it
    expect((await post(path, { 'x-file-name': 'x.csv' })).status).toBe(415)
  }
  expect((await newestRun(demo.server, 'csv-import')).id).toBe(before.id)
})

test('what is too large, empty or nameless is refused in a sentence', async () => {
  const own = { 'x-runfeed-demo': '1', 'x-file-name': 'x.csv' }
  const announced = await post('/upload', { ...own, 'content-length': String(11 * 1024 * 1024) }, Buffer.alloc(11 * 1024 * 1024, 'a'))
  expect(announced.status).toBe(413)
  expect(announced.body).toContain('x.csv is larger than 10 MB; a file may have 20,000 rows or 10 MB')
  expect(await post('/upload', own, Buffer.alloc(0))).toMatchObject({ status: 400, body: expect.stringContaining('x.csv is empty') as string })
  expect(await post('/upload', { 'x-runfeed-demo': '1' })).toMatchObject({ status: 400, body: expect.stringContaining('x-file-name') as string })
})

test('the page is served whole, and nothing beside it', async () => {
  const index = await fetch(demo.server.url)
  expect(index.headers.get('cache-control')).toBe('no-cache')
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(await index.text())?.[1]
  const asset = await fetch(`${demo.server.url}${script}`)
  expect([asset.status, asset.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8'])
  expect(asset.headers.get('cache-control')).toContain('immutable')
  for (const path of ['/package.json', '/..%2f..%2fpackage.json', '/assets/..%2f..%2f..%2fpackage.json', '/assets/']) {
    expect((await fetch(`${demo.server.url}${path}`)).status).toBe(404)
  }
})
