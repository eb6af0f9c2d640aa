// Runs as a table for people: the columns are as wide as what is in them.
import type { Run } from '../protocol/run.ts'
import { ageText } from './duration-text.ts'
import { type Output, printable, type Style } from './output.ts'
import { percentOf, type ProgressKeys, progressOf } from './progress.ts'

const HEADINGS = ['ID', 'TASK', 'STATUS', 'AGE', 'PROGRESS', 'TAGS']
const STATUS_COLUMN = 2

/** @param now - ms since the epoch. @returns lines; none for no runs. */
export function runTable(runs: readonly Run[], keys: ProgressKeys, now: number, style: Output['style']): readonly string[] {
  if (runs.length === 0) return []
  const rows = runs.map((run) => {
    const progress = progressOf(run, keys)
    return [run.id, run.task, run.status, ageText(now - run.createdAt), progress ? percentOf(progress) : '', run.tags.join(' ')].map(printable)
  })
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => (row[column] as string).length)))
  const lineOf = (cells: readonly string[], paint: (cell: string, column: number) => string): string =>
    cells
      .map((cell, column) => paint(cell.padEnd(widths[column] as number), column))
      .join('  ')
      .trimEnd()
  return [
    lineOf(HEADINGS, (cell) => style('dim', cell)),
    ...rows.map((row, index) => lineOf(row, (cell, column) => (column === STATUS_COLUMN ? style(styleOfStatus(runs[index] as Run), cell) : cell))),
  ]
}

/** How a run went, as a colour; its name says the same. */
export function styleOfStatus({ status, finishedAt }: Pick<Run, 'status' | 'finishedAt'>): Style {
  if (status === 'COMPLETED') return 'green'
  if (finishedAt !== null) return status === 'CANCELED' ? 'yellow' : 'red'
  return status === 'EXECUTING' || status === 'WAITING' ? 'cyan' : 'dim'
}
