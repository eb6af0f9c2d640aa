// Whether a file can be imported at all: asked before its first row is, by the upload, by the terminal, and by the import itself.
import { open, stat } from 'node:fs/promises'
import { InvalidRequestError, RunfeedError } from 'runfeed'
import { type Delimiter, delimiterOf } from './delimiter.ts'
import { excerpt } from './excerpt.ts'
import { isEmpty, MAX_COLUMNS, MAX_FILE_BYTES, MAX_ROWS, tooManyBytes, tooManyColumns, tooManyRows } from './limits.ts'
import { type CsvRow, CsvSyntaxError, readCsv } from './read-csv.ts'

export interface CsvSummary {
  readonly header: readonly string[]
  readonly delimiter: Delimiter
  readonly rows: number
}

/** What is judged before anything is parsed. */
const HEAD_BYTES = 64 * 1024
const MAX_NAME_LENGTH = 60

/**
 * Reads the whole file once.
 * @param name - what people know the file by.
 * @throws RunfeedError `invalid_request`, `too_large`: one sentence that names the file and what is wrong with it.
 */
export async function checkCsv(file: string, name: string): Promise<CsvSummary> {
  const head = await readHead(file, name).catch((thrown: unknown) => {
    throw unreadable(name, thrown)
  })
  const delimiter = delimiterOf(textOf(head.bytes, head.isAll, name))
  let header: readonly string[] | undefined
  let rows = 0
  try {
    for await (const row of readCsv(file, delimiter)) {
      if (!header) header = checkHeader(row, name)
      else if (++rows > MAX_ROWS) throw new RunfeedError('too_large', tooManyRows(name))
    }
  } catch (thrown) {
    if (thrown instanceof CsvSyntaxError) throw new InvalidRequestError(`${name}, ${thrown.message}`)
    throw unreadable(name, thrown)
  }
  if (!header) throw new InvalidRequestError(`${name} has no header line`)
  return { header, delimiter, rows }
}

async function readHead(file: string, name: string): Promise<{ readonly bytes: Uint8Array; readonly isAll: boolean }> {
  // before it is opened: opening a pipe waits for somebody who writes
  const { size, isFile, isDirectory } = await stat(file).then((stats) => ({ size: stats.size, isFile: stats.isFile(), isDirectory: stats.isDirectory() }))
  if (isDirectory) throw new InvalidRequestError(`${name} is a folder; name a CSV file`)
  if (!isFile) throw new InvalidRequestError(`${name} is not a file; name a CSV file`)
  if (size > MAX_FILE_BYTES) throw new RunfeedError('too_large', tooManyBytes(name))
  const handle = await open(file)
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    if (bytesRead === 0) throw new InvalidRequestError(isEmpty(name))
    return { bytes: buffer.subarray(0, bytesRead), isAll: size <= bytesRead }
  } finally {
    await handle.close()
  }
}

function textOf(bytes: Uint8Array, isAll: boolean, name: string): string {
  if (bytes.includes(0)) throw new InvalidRequestError(`${name} is no CSV file: it holds a NUL byte`)
  let text: string
  try {
    // a stream is not over at its last byte: a character may be cut there, unless the file ends with it
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: !isAll })
  } catch {
    throw new InvalidRequestError(`${name} is no CSV file: it is not UTF-8 text`)
  }
  if (/^(?:[\r\n]|$)/.test(text)) throw new InvalidRequestError(`${name} has no header: its first line is empty`)
  return text
}

function checkHeader({ fields, cut }: CsvRow, name: string): readonly string[] {
  if (fields.length > MAX_COLUMNS) throw new RunfeedError('too_large', tooManyColumns(name))
  if (cut === 'row') throw new RunfeedError('too_large', `${name}: the header is longer than 1 MB; is the first line a header?`)
  if (cut) throw new InvalidRequestError(`${name}: a column name is longer than a field may be; is the first line a header?`)
  const columns = new Map<string, number>()
  for (const [index, field] of fields.entries()) {
    const column = field.trim()
    const known = columns.get(column)
    if (column === '') throw new InvalidRequestError(`${name}: column ${index + 1} has no name in the header`)
    if (known !== undefined)
      throw new InvalidRequestError(`${name}: the header has the name "${excerpt(column, MAX_NAME_LENGTH)}" twice, for columns ${known} and ${index + 1}`)
    columns.set(column, index + 1)
  }
  return fields
}

const WHY: { readonly [code: string]: string } = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
}

/** Messages of the file system name paths, which are nobody's business on the page. */
function unreadable(name: string, thrown: unknown): RunfeedError {
  if (thrown instanceof RunfeedError) return thrown
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
  const error = new InvalidRequestError(`${name} ${WHY[code] ?? `cannot be read: ${code}`}`)
  error.cause = thrown
  return error
}
