// Building a list by appends: what one append costs while the list grows to 3,376 elements, and to 50,000.
import { setImmediate } from 'node:timers/promises'
import { metadata } from 'runfeed/task'
import type { Row } from '../row.ts'
import type { TaskBench } from './in-task.ts'
import { inTurns, median } from './measure.ts'

const ROUNDS = 5
const SMALL = 3376
const LARGE = 50_000
/** Said between two turns of the event loop, so that flushes come in between as they do in a task that works. */
const STRETCH = 20

export async function appends(bench: TaskBench): Promise<readonly Row[]> {
  const { small, large } = await inTurns(ROUNDS, {
    small: async () => await bench.run(async () => await build(SMALL)),
    large: async () => await bench.run(async () => await build(LARGE)),
  })
  const of = { small: median(small), large: median(large) }
  return [
    {
      name: `one append to a list that grows to ${LARGE.toLocaleString('en')}, beside one to ${SMALL.toLocaleString('en')}`,
      value: median(large.map((figure, round) => figure / (small[round] ?? Number.NaN))),
      unit: 'x',
      limit: { most: 1.5 },
      raw: { [`${SMALL} (µs)`]: of.small, [`${LARGE} (µs)`]: of.large },
    },
  ]
}

/** Microseconds of one append, until all are in the record. */
async function build(count: number): Promise<number> {
  const from = performance.now()
  for (let n = 0; n < count; n++) {
    metadata.append('list', n % 1000)
    if (n % STRETCH === 0) await setImmediate()
  }
  await metadata.flush()
  return ((performance.now() - from) * 1000) / count
}
