// What no file of an import's test is large or odd enough to show: where rows begin and end, and what is left of those that are too much.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkCsv } from '../../../demo/csv/check-csv.ts'
import { type CsvRow, readCsv } from '../../../demo/csv/read-csv.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runfeed-csv-'))
})
afterAll(async () => await rm(folder, { recursive: true }))

let files = 0
async function file(content: string): Promise<string> {
  const path = join(folder, `${files++}.csv`)
  await writeFile(path, content)
  return path
}
async function rowsOf(content: string): Promise<readonly CsvRow[]> {
  const rows: CsvRow[] = []
  for await (const row of readCsv(await file(content), ',')) rows.push(row)
  return rows
}
const linesOf = async (content: string): Promise<readonly (readonly [number, readonly string[]])[]> =>
  (await rowsOf(content)).map(({ line, fields }) => [line, fields])

const HEADER = [1, ['a', 'b']]

test.each([
  ['LF after CRLF', 'a,b\r\n1,2\n3,4\n5,6\n', [HEADER, [2, ['1', '2']], [3, ['3', '4']], [4, ['5', '6']]]],
  ['CRLF after LF', 'a,b\n1,2\r\n3,4\r\n', [HEADER, [2, ['1', '2']], [3, ['3', '4']]]],
  ['a quote before a CRLF after LF', 'a,b\n1,2\r\n3,"x"\r\n', [HEADER, [2, ['1', '2']], [3, ['3', 'x']]]],
  ['CR', 'a,b\r1,2\r\r3,4', [HEADER, [2, ['1', '2']], [4, ['3', '4']]]],
  ['all of them within quotes', 'a,b\n"\r\n\n\r",""""\r\n\n3,4\n', [HEADER, [2, ['\r\n\n\r', '"']], [7, ['3', '4']]]],
  ['a byte order mark', '\ufeff"a",b\n1,2', [HEADER, [2, ['1', '2']]]],
])('lines end by %s', async (_, content, rows) => {
  expect(await linesOf(content)).toEqual(rows)
})

test('a line end that lies across two reads is one', async () => {
  // a file is read in parts of 64 kB
  const long = 'x'.repeat(64 * 1024 - 'a,b\n'.length - '1,'.length - 1)
  expect(await linesOf(`a,b\n1,${long}\r\n2,y\n`)).toEqual([HEADER, [2, ['1', long]], [3, ['2', 'y']]])
})

test.each([',', ';', '\t', '|'] as const)('a first line that says sep=%s is no header, and no row elsewhere is taken for one', async (separator) => {
  const path = await file(`\ufeffsep=${separator}\r\na${separator}b\r\nsep=${separator}\r\n`)
  expect(await checkCsv(path, 'excel.csv')).toEqual({ header: ['a', 'b'], delimiter: separator, rows: 1 })
})

describe('a row of more fields than a file may have columns', () => {
  const MANY = ','.repeat(1_200_000)

  test('ends after one too many, and where it does in the file', async () => {
    const rows = await rowsOf(`a,b\n1,2\n${MANY}\n3,4\n${MANY}"x\n\n""y",z"z\r\n5,6\n`)
    expect(rows.map(({ line, fields }) => [line, fields.length])).toEqual([
      [1, 2],
      [2, 2],
      [3, 1001],
      [4, 2],
      [5, 1001],
      [8, 2],
    ])
    expect(rows.at(-1)?.fields).toEqual(['5', '6'])
  })

  test('that has a quote open at its end is refused with its file', async () => {
    await expect(rowsOf(`a,b\n1,2\n${MANY}"\n3,4\n`)).rejects.toThrow('line 3: a quoted field of this row is not closed')
  })

  test('is refused as a header by the limit', async () => {
    await expect(checkCsv(await file(`${MANY}\n1,2\n`), 'wide.csv')).rejects.toThrow('wide.csv has more than 1,000 columns; a file may have 1,000')
  })
})

test('a row that is more than 1 MB as JSON is cut, and one of a byte less is not', async () => {
  const field = '\u0001'.repeat(900_000)
  const [half, rest] = ['x'.repeat(500_000), 'x'.repeat(1024 * 1024 - 500_000 - '["",""]'.length)]
  const rows = await rowsOf(`a,b\n${[field, field, field, field].join(',')}\n${half},${rest}x\n${half},${rest}\n`)
  expect(rows.map(({ line, cut }) => [line, cut])).toEqual([
    [1, undefined],
    [2, 'row'],
    [3, 'row'],
    [4, undefined],
  ])
  expect(Math.max(...(rows[1]?.fields ?? []).map(({ length }) => length))).toBe(200)
  expect(Buffer.byteLength(JSON.stringify(rows[3]?.fields))).toBe(1024 * 1024)
})
