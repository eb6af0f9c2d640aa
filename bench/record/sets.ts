// What one `metadata.set` costs, while the document is small and while it is almost as large as it may be.
import { metadata } from 'runfeed/task'
import type { JsonObject } from '../../src/protocol/json.ts'
import type { Row } from '../row.ts'
import type { TaskBench } from './in-task.ts'
import { inTurns, median } from './measure.ts'

const ROUNDS = 15
const SETS = 40_000
/** Said in one stretch of code; then what gathers them is sent. */
const STRETCH = 500
const FLUSHED = 300

/** Of so many bytes, as members of about 100. */
const documentOf = (bytes: number): JsonObject =>
  Object.fromEntries(Array.from({ length: Math.round(bytes / 100) }, (_, i) => [`member ${i}`, `value ${i} `.padEnd(100 - 8 - `member ${i}`.length, '.')]))

export async function sets(bench: TaskBench): Promise<readonly Row[]> {
  const documents = { '1 kB': documentOf(1000), '64 kB': documentOf(64_000), '250 kB': documentOf(250_000) }
  const measured = async (measure: () => Promise<number>): Promise<{ readonly [name: string]: number[] }> =>
    await inTurns(ROUNDS, Object.fromEntries(Object.entries(documents).map(([name, document]) => [name, async () => await bench.run(measure, document)])))
  return [
    { ...row('metadata.set(), the call', await measured(call)), limit: { most: 1.5 } },
    // reported alone: the record keeps the document whole once in 256 versions, and that costs its size
    row('metadata.set() and its flush, acknowledged', await measured(flushed)),
  ]
}

function row(name: string, figures: { readonly [name: string]: number[] }): Row {
  const [small = [], , large = []] = Object.values(figures)
  return {
    name: `${name}: 250 kB beside 1 kB`,
    // round by round: what one of them met of the machine's other load, its neighbour did too
    value: median(large.map((figure, round) => figure / (small[round] ?? Number.NaN))),
    unit: 'x',
    raw: Object.fromEntries(Object.entries(figures).map(([size, values]): [string, number] => [`${size} (µs)`, median(values)])),
  }
}

/** Microseconds of one call; what is said is sent between the stretches, outside of the measured time. */
async function call(): Promise<number> {
  let spent = 0
  for (let n = 0; n < SETS; n += STRETCH) {
    const from = performance.now()
    for (let i = 0; i < STRETCH; i++) metadata.set('progress', n + i)
    spent += performance.now() - from
    await metadata.flush()
  }
  return (spent * 1000) / SETS
}

async function flushed(): Promise<number> {
  const from = performance.now()
  for (let n = 0; n < FLUSHED; n++) {
    metadata.set('progress', n)
    await metadata.flush()
  }
  return ((performance.now() - from) * 1000) / FLUSHED
}
