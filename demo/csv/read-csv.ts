// A CSV file (RFC 4180) as rows, streamed: quotes, newlines in fields, a byte order mark, either line end, ragged rows.
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { CsvError, type Info, parse } from 'csv-parse'

export interface CsvRow {
  /** Where the row begins in the file, from 1. */
  readonly line: number
  readonly fields: readonly string[]
}

/**
 * The rows of a file, its header first. Empty lines are left out.
 * @throws Error that names the line, where the file is not CSV.
 */
export async function* readCsv(file: string): AsyncGenerator<CsvRow, void, undefined> {
  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true })
  // pipe() would leave the parser waiting for ever when the file cannot be read
  pipeline(createReadStream(file), parser, () => {})
  // csv-parse counts a CRLF within a quoted field as two lines
  let excess = 0
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      // `lines` counts to the row's last line, and so do the newlines within its fields
      yield { line: info.lines - excess - countIn(record, /[\r\n]/g), fields: record }
      excess += countIn(record, /\r\n/g)
    }
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown
    const line = typeof thrown['lines'] === 'number' ? `line ${thrown['lines'] - excess}: ` : ''
    throw new Error(`${line}${WHY[thrown.code] ?? thrown.message}`, { cause: thrown })
  }
}

const WHY: { readonly [code: string]: string } = {
  CSV_QUOTE_NOT_CLOSED: 'a quoted field is not closed before the end of the file',
  CSV_INVALID_CLOSING_QUOTE: 'a quoted field goes on after its closing quote',
  INVALID_OPENING_QUOTE: 'a quote opens in the middle of a field',
}

const countIn = (fields: readonly string[], what: RegExp): number => fields.reduce((sum, field) => sum + (field.match(what)?.length ?? 0), 0)

export interface CsvSummary {
  readonly header: readonly string[]
  readonly rows: number
}

/** Reads the whole file once: what is wrong with it is known before the first row is imported. @throws Error, one sentence */
export async function surveyCsv(file: string, maxRows: number): Promise<CsvSummary> {
  let header: readonly string[] | undefined
  let rows = 0
  for await (const row of readCsv(file)) {
    if (!header) header = row.fields
    else if (++rows > maxRows) throw new Error(`the file has more than ${maxRows.toLocaleString('en')} rows; split it`)
  }
  if (!header) throw new Error('the file has no header line')
  return { header, rows }
}
