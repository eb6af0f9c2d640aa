// How an import ended, in words.
import type { Run } from 'runfeed'
import { z } from 'zod'
import { csvImport, rejectedRow } from '../contracts.ts'
import { durationText } from '../duration.ts'
import { count, countsOf, number } from './counts.ts'

const reasonsOf = z.record(z.string(), z.number()).catch({})
const examplesOf = z.array(rejectedRow).catch([])

/** Of a run that completed. */
export function summaryOf(run: Run, name: string): readonly string[] {
  const { rows, accepted, rejected, ms } = csvImport.output.parse(run.output)
  const reasons = Object.entries(reasonsOf.parse(run.metadata['reasons'])).toSorted(([, a], [, b]) => b - a)
  const examples = examplesOf.parse(run.metadata['examples'])
  return [
    `${name}: ${count(rows, 'row')}, ${number(accepted)} accepted, ${number(rejected)} rejected, in ${durationText(ms)}`,
    ...reasons.map(([reason, count]) => `  ${number(count)} rejected: ${reason}`),
    ...examples.map(({ line, reason, row }) => `  line ${line}: ${reason}: ${row}`),
    ...(rejected > examples.length ? [`  and ${number(rejected - examples.length)} more`] : []),
  ]
}

/** Why a run that has ended is not complete, in one line; `undefined` where it is. */
export function failureOf(run: Run, name: string): string | undefined {
  if (run.status === 'COMPLETED') return undefined
  const { total, processed, accepted } = countsOf(run)
  const kept = total === undefined ? '' : `, after ${number(processed)} of ${count(total, 'row')}; the ${number(accepted)} that were accepted are kept`
  if (run.status === 'CANCELED') return `the import of ${name} was canceled${kept}`
  return `the import of ${name} ${run.status === 'CRASHED' ? 'crashed' : 'failed'}: ${run.error?.message ?? run.status}${kept}`
}
