// What the contenders came to: the middle of their rounds, and how far apart those were.
import { percentile } from '../row.ts'
import type { Phase } from './cases.ts'
import type { Contender } from './contenders.ts'
import type { Figures, Outcome } from './measure.ts'

export type Figure = keyof Figures

export type Result =
  | {
      readonly contender: Contender
      readonly median: Figures
      readonly spread: { readonly [F in Figure]: readonly [least: number, most: number] }
      readonly rounds: number
      readonly failure?: undefined
    }
  | { readonly contender: Contender; readonly failure: string }

export interface PhaseResults {
  readonly phase: Phase
  readonly results: readonly Result[]
}

/** A failure in any round is one. */
export function resultOf(contender: Contender, outcomes: readonly Outcome[]): Result {
  const failure = outcomes.find((outcome) => typeof outcome === 'string')
  if (failure !== undefined) return { contender, failure }
  const rounds = outcomes.filter((outcome) => typeof outcome !== 'string')
  const each = <T>(pick: (values: readonly number[]) => T): { readonly [F in Figure]: T } => {
    const of = (figure: Figure): T => pick(rounds.map((figures) => figures[figure]))
    return {
      script: of('script'),
      task: of('task'),
      renders: of('renders'),
      took: of('took'),
      received: of('received'),
      sent: of('sent'),
      requests: of('requests'),
      mostOpen: of('mostOpen'),
    }
  }
  return {
    contender,
    median: each((values) => percentile(values, 0.5)),
    spread: each((values) => [Math.min(...values), Math.max(...values)] as const),
    rounds: rounds.length,
  }
}
