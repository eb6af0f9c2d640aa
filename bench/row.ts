// One line of the bench: what was measured, what it may be at most (or at least), and the figures behind it.

export interface Row {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the value is held to; a row without one only reports. */
  readonly limit?: { readonly most: number } | { readonly least: number }
  /** The raw figures, for whoever wants to see more than one number. */
  readonly raw: { readonly [name: string]: number | string }
}

export const passes = ({ value, limit }: Row): boolean => !limit || ('most' in limit ? value <= limit.most : value >= limit.least)

const limitText = ({ limit, unit }: Row): string => (!limit ? '' : 'most' in limit ? `<= ${limit.most} ${unit}` : `>= ${limit.least} ${unit}`)
const round = (value: number): string => (Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2))

/** A table in Markdown, which a terminal shows well too. */
export function tableOf(rows: readonly Row[]): string {
  const lines = rows.map((row) => [
    row.name,
    `${round(row.value)} ${row.unit}`,
    limitText(row),
    row.limit ? (passes(row) ? 'pass' : 'FAIL') : '',
    Object.entries(row.raw)
      .map(([name, value]) => `${name} ${typeof value === 'number' ? round(value) : value}`)
      .join(', '),
  ])
  const head = ['what', 'measured', 'limit', '', 'raw']
  const widths = head.map((title, i) => Math.max(title.length, ...lines.map((line) => (line[i] ?? '').length)))
  const show = (cells: readonly string[]): string => `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`
  return [show(head), show(widths.map((width) => '-'.repeat(width))), ...lines.map(show)].join('\n')
}

/** @param share - 0.5 is the median. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
