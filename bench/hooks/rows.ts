// First or not: our place among the peers, in each figure that the issue names.
import type { Row } from '../row.ts'
import { RUNFEED } from './contenders.ts'
import type { Figure, PhaseResults, Result } from './results.ts'

interface Judged {
  readonly figure: Figure
  readonly title: string
  readonly unit: string
  /** One in this unit, of the figure's. */
  readonly scale: number
  /** Else each way of ours must be first, also the one whose server gathers nothing. */
  readonly isOfProduct?: true
}

const SCRIPT: Judged = { figure: 'script', title: 'script', unit: 'ms', scale: 1 }
// what is drawn is most of it, and grows with the frames that are: it is no measure of a way that draws more of them than another
const TASK: Judged = { figure: 'task', title: 'tasks', unit: 'ms', scale: 1, isOfProduct: true }
const TOOK: Judged = { figure: 'took', title: 'to the last chunk on screen', unit: 'ms', scale: 1 }
const TRAFFIC: readonly Judged[] = [
  { figure: 'received', title: '(d) bytes received', unit: 'kB', scale: 1000, isOfProduct: true },
  { figure: 'mostOpen', title: '(d) connections at once', unit: '', scale: 1, isOfProduct: true },
]

/** Figures so near to each other are the same. */
const SAME = 0.01

const judgedOf = ({ phase }: PhaseResults): readonly Judged[] => {
  const script: Judged = phase.isPeerThrottled ? { ...SCRIPT, isOfProduct: true } : SCRIPT
  return [phase.rate === undefined ? TOOK : script, TASK, ...TRAFFIC]
}

export const rowsOf = (all: readonly PhaseResults[]): readonly Row[] =>
  all.flatMap((phase) => [...judgedOf(phase).map((judged) => rowOf(phase, judged)), renders(phase)])

function rowOf({ phase, results }: PhaseResults, { figure, title, unit, scale, isOfProduct }: Judged): Row {
  const peers = results.filter(({ contender }) => !contender.isOurs)
  const ours = results.filter(({ contender }) => contender.isOurs && (!isOfProduct || contender.name === RUNFEED))
  // who does not come to the last value is behind everybody
  const value = (result: Result): number => (result.failure === undefined ? result.median[figure] : Number.POSITIVE_INFINITY)
  const place = (one: Result): number =>
    one.failure === undefined ? 1 + peers.filter((peer) => value(peer) < value(one) * (1 - SAME)).length : peers.length + 1
  return {
    name: `${phase.title}: ${title}`,
    value: Math.max(...ours.map(place)),
    unit: `of ${peers.length + 1}`,
    limit: { most: 1 },
    raw: raws(results, figure, unit, scale),
  }
}

/** Not judged: who comes to nothing renders least. */
const renders = ({ phase, results }: PhaseResults): Row => {
  const own = results.find(({ contender }) => contender.name === RUNFEED)
  return {
    name: `${phase.title}: renders`,
    value: own?.failure === undefined ? (own?.median.renders ?? Number.NaN) : Number.NaN,
    unit: '',
    raw: raws(results, 'renders', '', 1),
  }
}

const raws = (results: readonly Result[], figure: Figure, unit: string, scale: number): Row['raw'] =>
  Object.fromEntries(
    results.map((result) => [
      `${result.contender.name}${unit && ` (${unit})`}`,
      result.failure === undefined ? result.median[figure] / scale : 'did not show the last value',
    ]),
  )
