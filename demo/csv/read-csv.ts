// A CSV file (RFC 4180) as rows, streamed: quotes, newlines in fields, a byte order mark, either line end, ragged rows.
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { CsvError, type Info, parse } from 'csv-parse'
import type { Delimiter } from './delimiter.ts'
import { excerpt } from './excerpt.ts'
import { MAX_FIELD_LENGTH } from './limits.ts'

export interface CsvRow {
  /** Where the row begins in the file, from 1. */
  readonly line: number
  readonly fields: readonly string[]
  /** A field was longer than any may be: what is left of it is its beginning. */
  readonly isCut: boolean
}

/** What is left of a field that is too long. */
const KEPT_LENGTH = 200

/** The file is not CSV from `line` on. */
export class CsvSyntaxError extends Error {
  override readonly name = 'CsvSyntaxError'
}

/**
 * The rows of a file, its header first. Empty lines are left out.
 * @throws CsvSyntaxError that names the line where a row begins that is not CSV.
 */
export async function* readCsv(file: string, delimiter: Delimiter): AsyncGenerator<CsvRow, void, undefined> {
  // csv-parse counts a CRLF within a quoted field as two lines
  let excess = 0
  let end = { lines: 0, empty_lines: 0 }
  // the types would have it that only a parser with named columns gives anything but arrays
  const parser = parse<CsvRow, string[]>({
    bom: true,
    delimiter,
    columns: undefined as never,
    relax_column_count: true,
    skip_empty_lines: true,
    // not `info: true`: when the parser fails, it drops the rows that nobody has taken yet, and with them where the last one ended
    on_record: (fields: string[], { lines, empty_lines }: Info): CsvRow => {
      const within = newlinesIn(fields)
      // `lines` counts to the row's last line, and so do the newlines within its fields
      const line = lines - excess - within.all
      excess += within.pairs
      end = { lines: lines - excess, empty_lines }
      const isCut = fields.some(isTooLong)
      return { line, fields: isCut ? fields.map((field) => (isTooLong(field) ? excerpt(field, KEPT_LENGTH) : field)) : fields, isCut }
    },
  })
  // pipe() would leave the parser waiting for ever when the file cannot be read
  pipeline(createReadStream(file), parser, () => {})
  try {
    yield* parser as AsyncIterable<CsvRow>
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown
    const skipped = typeof thrown['empty_lines'] === 'number' ? thrown['empty_lines'] - end.empty_lines : 0
    throw new CsvSyntaxError(`line ${end.lines + skipped + 1}: ${WHY[thrown.code] ?? thrown.message}`, { cause: thrown })
  }
}

const isTooLong = (field: string): boolean => field.length > MAX_FIELD_LENGTH

const WHY: { readonly [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted field of this row is not closed before the end of the file',
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on after its closing quote',
  INVALID_OPENING_QUOTE: 'a quote opens in the middle of a field',
}

/** Counted without a match per newline: a field of 5 MB may consist of them. */
function newlinesIn(fields: readonly string[]): { readonly all: number; readonly pairs: number } {
  let all = 0
  let pairs = 0
  for (const field of fields) {
    for (let at = field.indexOf('\n'); at >= 0; at = field.indexOf('\n', at + 1)) {
      all++
      if (field[at - 1] === '\r') pairs++
    }
    for (let at = field.indexOf('\r'); at >= 0; at = field.indexOf('\r', at + 1)) all++
  }
  return { all, pairs }
}
