// A CSV file (RFC 4180) as rows, streamed: quotes, newlines in fields, a byte order mark, either line end, ragged rows.
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { CsvError, parse } from 'csv-parse'
import { type Delimiter, isSeparatorLine } from './delimiter.ts'
import { excerpt } from './excerpt.ts'
import { MAX_FIELD_LENGTH, MAX_ROW_BYTES } from './limits.ts'
import { RowBounds } from './row-bounds.ts'

export interface CsvRow {
  /** Where the row begins in the file, from 1. */
  readonly line: number
  /** One more than a file may have columns, where there were more. */
  readonly fields: readonly string[]
  readonly cut: Cut | undefined
}

/** What was longer than it may be. Of each field its beginning is left. */
export type Cut = 'field' | 'row'

/** What is left of each field where something is too long. */
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
  const bounds = new RowBounds(delimiter)
  let made = 0
  // the types would have it that only a parser with named columns gives anything but arrays
  const parser = parse<CsvRow, string[]>({
    bom: true,
    delimiter,
    columns: undefined as never,
    // by itself it takes the first one that it meets for all of the file
    record_delimiter: ['\r\n', '\n', '\r'],
    relax_column_count: true,
    skip_empty_lines: true,
    // counted here, not where rows are taken: when the parser fails, it drops those that nobody has taken yet
    on_record: (fields: string[]): CsvRow | null => {
      const line = bounds.lines[made++] ?? 0
      if (made === 1 && isSeparatorLine(fields)) return null
      if (fields.some(({ length }) => length > MAX_FIELD_LENGTH)) return { line, fields: beginnings(fields), cut: 'field' }
      if (isTooLong(fields)) return { line, fields: beginnings(fields), cut: 'row' }
      return { line, fields, cut: undefined }
    },
  })
  // pipe() would leave the parser waiting for ever when the file cannot be read
  pipeline(createReadStream(file), bounds, parser, () => {})
  try {
    yield* parser as AsyncIterable<CsvRow>
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown
    throw new CsvSyntaxError(`line ${bounds.lines[made] ?? 0}: ${WHY[thrown.code] ?? thrown.message}`, { cause: thrown })
  }
}

/** As JSON a character is one to six bytes: what is far too long is not made into JSON first. */
function isTooLong(fields: readonly string[]): boolean {
  const length = fields.reduce((sum, field) => sum + field.length, 0)
  if (6 * (length + fields.length) <= MAX_ROW_BYTES) return false
  return length > MAX_ROW_BYTES || Buffer.byteLength(JSON.stringify(fields)) > MAX_ROW_BYTES
}

const beginnings = (fields: readonly string[]): readonly string[] => fields.map((field) => excerpt(field, KEPT_LENGTH))

const WHY: { readonly [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted field of this row is not closed before the end of the file',
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on after its closing quote',
  INVALID_OPENING_QUOTE: 'a quote opens in the middle of a field',
}
