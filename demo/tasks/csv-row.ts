// The child run: one row of a file.
import { setTimeout } from 'node:timers/promises'
import { metadata, type Task, task } from 'runfeed/task'
import type { InputOf, OutputOf } from 'runfeed'
import { csvImport, csvRow, MAX_ROW_RUNS } from '../contracts.ts'
import { reasonToReject } from '../csv/row-rules.ts'
import type { RowTable } from '../csv/row-table.ts'

export type CsvRowTask = Task<'csv-row', InputOf<typeof csvRow.payload>, OutputOf<typeof csvRow.output>>

/** Fewer than the server's own: rows leave room for other runs. */
const ROWS_AT_ONCE = 16

/** @param delay - ms that every row takes longer, as if it asked somebody else. */
export function csvRowTask(rows: RowTable, delay: number): CsvRowTask {
  return task(csvRow, {
    queue: { concurrencyLimit: ROWS_AT_ONCE },
    async run({ rule, line, width, fields, cut }, { ctx, signal }) {
      if (delay > 0) await setTimeout(delay, undefined, { signal })
      const reason = reasonToReject(rule, fields, width, cut) ?? null
      // before it is counted: what the record counts is in the table, however the process ends
      if (reason === null) rows.write(ctx.run.parentId ?? ctx.run.id, line, fields)

      const parent = metadata.parent.of(csvImport)
      parent.increment('processedRows', 1).append('rowRuns', ctx.run.id, { max: MAX_ROW_RUNS })
      if (reason === null) parent.increment('acceptedRows')
      else parent.increment('rejectedRows').increment(`$.reasons[${JSON.stringify(reason)}]`)
      return { reason }
    },
  })
}
