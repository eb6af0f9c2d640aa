// The parent run: reads a file, starts a child run per row, and says what is going on.
import { once } from 'node:events'
import { batch, type Task, task } from 'runfeed/task'
import type { InputOf, OutputOf } from 'runfeed'
import { csvImport, type LogEntry, MAX_EXAMPLES } from '../contracts.ts'
import { checkCsv } from '../csv/check-csv.ts'
import { type Delimiter, nameOfDelimiter } from '../csv/delimiter.ts'
import { excerpt } from '../csv/excerpt.ts'
import { type CsvRow, readCsv } from '../csv/read-csv.ts'
import type { RowRule } from '../csv/row-rules.ts'
import { durationText } from '../duration.ts'
import type { CsvRowTask } from './csv-row.ts'
import { Log } from './log.ts'

const BATCH = 500
const MAX_EXAMPLE_LENGTH = 200

export type CsvImportTask = Task<'csv-import', InputOf<typeof csvImport.payload>, OutputOf<typeof csvImport.output>>

/** @param fileOf - the path of what a payload names. */
export function csvImportTask(rowTask: CsvRowTask, fileOf: (file: string) => string): CsvImportTask {
  return task(csvImport, {
    async run(payload, { metadata, signal }) {
      const began = performance.now()
      const file = fileOf(payload.file)
      const rule: RowRule = payload.file === 'sample' ? 'airports' : 'any'
      const log = new Log()
      const told = await metadata.stream('log', log)
      metadata.set('name', payload.name).set('status', 'reading')
      log.info(`reading ${payload.name}`)
      try {
        const { header, delimiter, rows } = await checkCsv(file, payload.name)
        metadata.set('totalRows', rows).set('processedRows', 0).set('acceptedRows', 0).set('rejectedRows', 0)
        metadata.set('status', 'importing')
        log.info(`${count(rows, 'row')} with ${count(header.length, 'column')}: ${shortened(header.join(', '))}`)
        if (delimiter !== ',') log.info(`its fields are separated by ${nameOfDelimiter(delimiter)}`)

        let accepted = 0
        let rejected = 0
        for await (const chunk of batchesOf(file, delimiter)) {
          signal.throwIfAborted()
          const items = chunk.map(({ line, fields, cut }) => ({
            id: rowTask.id,
            // one field too many says as much as all of them
            payload: { rule, line, width: header.length, fields: fields.slice(0, header.length + 1), ...(cut && { cut }) },
          }))
          const { runs } = await batch.triggerAndWait<CsvRowTask>(items)
          for (const [index, result] of runs.entries()) {
            const { line, fields } = chunk[index] as CsvRow
            if (!result.ok) throw new Error(`line ${line} could not be imported: ${result.error.message}`)
            const { reason } = result.output
            if (reason === null) {
              accepted++
              continue
            }
            const row = shortened(fields.join(', '))
            if (rejected++ < MAX_EXAMPLES) {
              metadata.append('examples', { line, reason, row })
              log.warn(`line ${line} rejected: ${reason}`)
            } else if (rejected === MAX_EXAMPLES + 1) log.warn('more rows were rejected; they are counted, and no longer listed here')
          }
          log.info(`${(accepted + rejected).toLocaleString('en')} of ${count(rows, 'row')} done`)
        }

        const ms = Math.round(performance.now() - began)
        log.info(`done in ${durationText(ms)}: ${accepted.toLocaleString('en')} accepted, ${rejected.toLocaleString('en')} rejected`)
        metadata.set('status', 'done')
        return { rows, accepted, rejected, ms }
      } catch (thrown) {
        if (!signal.aborted) {
          log.error(thrown instanceof Error ? thrown.message : String(thrown))
          log.end()
          await Promise.race([isRecorded(told), once(signal, 'abort')])
        }
        throw thrown
      } finally {
        log.end()
      }
    },
  })
}

/** Waits until the last line is in the record: the end of a run that fails does not. */
async function isRecorded(told: AsyncIterable<LogEntry>): Promise<void> {
  for await (const _ of told);
}

async function* batchesOf(file: string, delimiter: Delimiter): AsyncGenerator<CsvRow[], void, undefined> {
  let isHeader = true
  let rows: CsvRow[] = []
  for await (const row of readCsv(file, delimiter)) {
    if (isHeader) {
      isHeader = false
      continue
    }
    rows.push(row)
    if (rows.length < BATCH) continue
    yield rows
    rows = []
  }
  if (rows.length > 0) yield rows
}

const count = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`
const shortened = (text: string): string => excerpt(text, MAX_EXAMPLE_LENGTH)
