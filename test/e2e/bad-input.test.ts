// Bad files: refused as a whole by a sentence, before the first row, or reported row by row; what was accepted is kept.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from 'runfeed'
import { describe, expect, test } from 'vitest'
import { counter, hasBadge, newestCard } from './demo-page.ts'
import { tableRows } from './demo-record.ts'
import { sharedDemo } from './shared-demo.ts'

const MB = 1024 * 1024

const demo = sharedDemo()

interface Answer {
  readonly status: number
  readonly id?: string
  readonly error?: { readonly type: string; readonly message: string }
}

async function upload(name: string, content: string | Buffer): Promise<Answer> {
  const headers = { 'x-runfeed-demo': '1', 'x-file-name': encodeURIComponent(name) }
  const response = await fetch(`${demo.server.url}/upload`, { method: 'POST', headers, body: new Blob([content as string]) })
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) }
}

/** Uploads what is accepted, and waits for the import's end. */
async function imported(name: string, content: string | Buffer): Promise<Run> {
  const answer = await upload(name, content)
  expect(answer).toMatchObject({ status: 201 })
  // the feed's body ends when the import has
  await (await fetch(`${demo.server.url}/v1/runs/${answer.id}/events`)).text()
  return (await (await fetch(`${demo.server.url}/v1/runs/${answer.id}`)).json()) as Run
}

const uploads = (): readonly string[] => readdirSync(join(demo.server.data, 'uploads'))
const imports = async (): Promise<number> =>
  ((await (await fetch(`${demo.server.url}/v1/runs?task=csv-import&limit=200`)).json()) as { runs: unknown[] }).runs.length

const header = 'id,name\n'
const rows = (count: number): string => Array.from({ length: count }, (_, i) => `${i},row ${i}\n`).join('')

const REFUSED: readonly (readonly [what: string, content: string | Buffer, status: number, message: string])[] = [
  ['an empty name in the header', 'id,,amount\n1,2,3\n', 400, 'bad.csv: column 2 has no name in the header'],
  ['an empty name at its end', 'id,name, \n1,2,3\n', 400, 'bad.csv: column 3 has no name in the header'],
  ['a repeated name', '\ufeffid,name,id\n1,2,3\n', 400, 'bad.csv: the header has the name "id" twice, for columns 1 and 3'],
  ['1,001 columns', `${Array.from({ length: 1001 }, (_, i) => `c${i}`).join(',')}\n1\n`, 413, 'bad.csv has more than 1,000 columns; a file may have 1,000'],
  ['nothing', '', 400, 'bad.csv is empty; choose a CSV file with a header line'],
  ['nothing but a byte order mark', '\ufeff', 400, 'bad.csv has no header: its first line is empty'],
  ['an empty first line', '\r\nid,name\r\n1,2\r\n', 400, 'bad.csv has no header: its first line is empty'],
  ['a NUL', 'id,name\n1,\0\n', 400, 'bad.csv is no CSV file: it holds a NUL byte'],
  ['bytes that are not UTF-8', Buffer.from('id,name\n1,Zo\u00eb\n', 'latin1'), 400, 'bad.csv is no CSV file: it is not UTF-8 text'],
  ['a character that is cut by the end of the file', Buffer.from('id\n\u20ac').subarray(0, -1), 400, 'bad.csv is no CSV file: it is not UTF-8 text'],
  ['a quote that is not closed', 'id,name\n1,2\n\n"3\n",4\n5,"6\n7,8\n', 400, 'bad.csv, line 6: a quoted field of this row is not closed'],
  ['a quote within a field', 'id,name\r\n"1\r\n2",3\r\n4,a"b"\r\n', 400, 'bad.csv, line 4: a quote opens in the middle of a field'],
  ['20,001 rows', header + rows(20_001), 413, 'bad.csv has more than 20,000 rows; a file may have 20,000 rows or 10 MB; split it'],
  ['a byte over 10 MB', Buffer.alloc(10 * MB + 1, 'a'), 413, 'bad.csv is larger than 10 MB; a file may have 20,000 rows or 10 MB; split it'],
]

describe.each(REFUSED)('%s', (_, content, status, message) => {
  test('is refused by name, leaves no file and no run', async () => {
    const before = [uploads().length, await imports()]
    const answer = await upload('bad.csv', content)
    expect(answer.status).toBe(status)
    expect(answer.error?.message).toContain(message)
    expect([uploads().length, await imports()]).toEqual(before)
  })
})

test('the page shows every refusal at the upload, one line per file, and imports the good files among them', async () => {
  const page = await demo.open()
  const bad = REFUSED.map(([, content], i) => ({ name: `bad ${i}.csv`, mimeType: 'text/csv', buffer: Buffer.from(content as string) }))
  const good = { name: 'good.csv', mimeType: 'text/csv', buffer: Buffer.from('id\n1\n') }
  await page.locator('input[type=file]').setInputFiles([...bad.slice(0, 4), good, ...bad.slice(4)])
  const alert = page.locator('.start').getByRole('alert')
  await alert.waitFor()
  const shown = (await alert.innerText()).split('\n')
  expect(shown).toHaveLength(REFUSED.length)
  for (const [i, [, , , message]] of REFUSED.entries()) expect(shown[i]).toContain(message.replace('bad.csv', `bad ${i}.csv`))
  await newestCard(page).getByRole('button', { name: 'good.csv' }).waitFor()
  await hasBadge(newestCard(page), 'Completed')
  // what was refused is forgotten with the next file
  await page.locator('input[type=file]').setInputFiles(good)
  await alert.waitFor({ state: 'detached' })
  await page.close()
})

test('ragged rows, a NUL, broken text and a field of 5 MB are reported by their lines; every other row is accepted', async () => {
  // beyond the first 64 kB, where the whole file would be refused
  const before = Array.from({ length: 1000 }, (_, i) => `${i},${'row '.repeat(18)}\n`).join('')
  const content = Buffer.concat([
    Buffer.from(`${header}${before}short\nlong,2,3\n,nameless\n1004,"5 MB:\n`),
    Buffer.alloc(5 * MB, 'lines of a field\n'),
    Buffer.from('"\n1005,NUL \0\n1006,'),
    Buffer.from('Zo\u00eb', 'latin1'),
    Buffer.from('\n1007,last'),
  ])
  const run = await imported('mixed.csv', content)
  expect(run).toMatchObject({ status: 'COMPLETED', output: { rows: 1007, accepted: 1001, rejected: 6 } })
  const lines = (5 * MB) / 17
  expect(run.metadata['examples']).toMatchObject([
    { line: 1002, reason: 'fewer fields than the header' },
    { line: 1003, reason: 'more fields than the header' },
    { line: 1004, reason: 'the first field is empty' },
    { line: 1005, reason: 'a field is longer than 1,000,000 characters', row: expect.stringMatching(/^1004, 5 MB:\n.{0,200}/) as string },
    { line: 1006 + Math.floor(lines) + 1, reason: 'a field holds a NUL or is not UTF-8 text' },
    { line: 1007 + Math.floor(lines) + 1, reason: 'a field holds a NUL or is not UTF-8 text' },
  ])
  const table = tableRows(demo.server, run.id)
  expect(table).toHaveLength(1001)
  expect(table.at(-1)).toMatchObject({ fields: ['1007', 'last'] })
  expect(table.slice(0, 1000).map(({ line }) => line)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 2))

  const page = await demo.open()
  expect(await counter(newestCard(page), 'Accepted').textContent()).toBe('1,001')
  expect(await newestCard(page).locator('.reasons li').allTextContents()).toContain('1 a field is longer than 1,000,000 characters')
  await page.close()
})

test('a row of millions of fields and one of megabytes are reported by their lines; every other row is accepted', async () => {
  const good = '1,2\n'.repeat(300)
  const heavy = Array.from({ length: 4 }, () => '\u0001'.repeat(900_000)).join(',')
  const run = await imported('heavy.csv', `a,b\n${good}${','.repeat(4 * MB)}\n${heavy}\n${good}`)
  expect(run).toMatchObject({ status: 'COMPLETED', output: { rows: 602, accepted: 600, rejected: 2 } })
  expect(run.metadata['examples']).toMatchObject([
    { line: 302, reason: 'more fields than the header' },
    { line: 303, reason: 'the row is longer than 1 MB' },
  ])
})

test('a character that lies across the 64 kB that are looked at is whole', async () => {
  const start = Buffer.from(header + '1,')
  const content = Buffer.concat([start, Buffer.alloc(64 * 1024 - 1 - start.length, 'a'), Buffer.from('\u20ac\n')])
  const run = await imported('edge.csv', content)
  expect(run.output).toMatchObject({ rows: 1, accepted: 1 })
  expect(tableRows(demo.server, run.id)[0]?.fields[1]?.at(-1)).toBe('\u20ac')
})

test('a header alone is a file of no rows', async () => {
  expect((await imported('header.csv', 'id,name\n')).output).toMatchObject({ rows: 0, accepted: 0, rejected: 0 })
})

test('an upload that is sent again begins no second import', async () => {
  const id = crypto.randomUUID()
  const send = async (uploadId: string): Promise<Response> =>
    await fetch(`${demo.server.url}/upload`, {
      method: 'POST',
      headers: { 'x-runfeed-demo': '1', 'x-file-name': 'twice.csv', 'x-upload-id': uploadId },
      body: 'id\n1\n',
    })
  const before = await imports()
  const files = uploads().length
  const answers = await Promise.all([send(id), send(id)])
  const ids = await Promise.all([...answers, await send(id)].map(async (answer) => ((await answer.json()) as Answer).id))
  expect(new Set(ids).size).toBe(1)
  expect(await imports()).toBe(before + 1)
  expect((await send('../../x')).status).toBe(400)
  // nor is anything kept that no import is made of
  expect(uploads()).toHaveLength(files + 1)
})

test('a name is the last part of a path, without controls, and ends with a whole character', async () => {
  const nameOf = async (name: string): Promise<unknown> => (await imported(name, 'id\n1\n')).payload
  expect(await nameOf('C:\\files\\a\u202egpj\u0007.csv')).toMatchObject({ name: 'a gpj .csv' })
  expect(await nameOf(`${'x'.repeat(199)}\u{1f600}.csv`)).toMatchObject({ name: 'x'.repeat(199) })
})
