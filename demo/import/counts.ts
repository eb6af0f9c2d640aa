// What an import's metadata says, in numbers. It is incomplete for most of its life.
import type { Run } from 'runfeed'

export interface Counts {
  readonly total: number | undefined
  readonly processed: number
  readonly accepted: number
  readonly rejected: number
}

export function countsOf({ metadata }: Pick<Run, 'metadata'>): Counts {
  const count = (key: string): number | undefined => (typeof metadata[key] === 'number' ? metadata[key] : undefined)
  return { total: count('totalRows'), processed: count('processedRows') ?? 0, accepted: count('acceptedRows') ?? 0, rejected: count('rejectedRows') ?? 0 }
}

export const number = (n: number): string => n.toLocaleString('en')

export const count = (n: number, noun: string): string => `${number(n)} ${noun}${n === 1 ? '' : 's'}`
