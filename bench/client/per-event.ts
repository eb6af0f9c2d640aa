// What one event costs the client, against bare eventsource-parser and JSON.parse over the same bytes in the same pieces: text, value, applied to the
// record, published. Each way to read has a process of its own, or what one has taught the compiler would count for the other; they read by turns.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { percentile, type Row } from '../row.ts'
import type { FeedName } from './feeds.ts'
import { wholeLine } from './whole-line.ts'
import type { SideName } from './sides.ts'

/** New processes each time: the compiler does not decide the same twice. */
const TRIALS = 3
const WARM_ROUNDS = 8
const ROUNDS = 25

const WAYS: readonly SideName[] = ['bare', 'ours', 'client']
const ROWS: readonly { readonly feed: FeedName; readonly way: SideName; readonly name: string }[] = [
  { feed: 'tokens', way: 'ours', name: 'a token, 100 to a read' },
  { feed: 'patches', way: 'ours', name: 'a patch of 1 kB, 15 to a read' },
  { feed: 'tokens', way: 'client', name: 'a token, 100 to a read, through createRunClient' },
  { feed: 'patches', way: 'client', name: 'a patch of 1 kB, 15 to a read, through createRunClient' },
  { feed: 'single tokens', way: 'client', name: 'a token, each its own read, through createRunClient' },
]

/** Microseconds of one event, by way. */
type Taken = { readonly [way in SideName]: number }

export async function perEvent(): Promise<readonly Row[]> {
  const trials = new Map<FeedName, readonly Taken[]>()
  for (const feed of new Set(ROWS.map((row) => row.feed))) {
    const taken: Taken[] = []
    for (let trial = 0; trial < TRIALS; trial++) taken.push(await measure(feed))
    trials.set(feed, taken)
  }
  const rows = ROWS.map(({ feed, way, name }): Row => {
    const taken = trials.get(feed) ?? []
    const ratios = taken.map((trial) => trial[way] / trial.bare)
    return {
      name: `${name}: parsed, applied and published, against eventsource-parser and JSON.parse`,
      value: percentile(ratios, 0.5),
      unit: 'times',
      limit: { most: 1.5 },
      raw: {
        'bare µs': percentile(
          taken.map(({ bare }) => bare),
          0.5,
        ),
        'runfeed µs': percentile(
          taken.map((trial) => trial[way]),
          0.5,
        ),
        'each trial': ratios.map((ratio) => ratio.toFixed(2)).join(' '),
      },
    }
  })
  return [...rows, ...(await wholeLine())]
}

async function measure(feed: FeedName): Promise<Taken> {
  const readers = WAYS.map((way) => ({ way, taken: [] as number[], child: start(feed, way) }))
  try {
    await Promise.all(readers.map(({ child }) => answer(child)))
    for (let round = -WARM_ROUNDS; round < ROUNDS; round++)
      for (const { child, taken } of shuffled(readers)) {
        child.send('read')
        const event = await answer(child)
        if (round >= 0) taken.push(event)
      }
  } finally {
    for (const { child } of readers) child.kill()
  }
  return Object.fromEntries(readers.map(({ way, taken }) => [way, percentile(taken, 0.5)])) as Taken
}

const start = (feed: FeedName, way: SideName): ChildProcess =>
  fork(join(import.meta.dirname, 'side-child.ts'), [feed, way], { execArgv: ['--conditions=@runfeed/source'] })

async function answer(child: ChildProcess): Promise<number> {
  const ended = new AbortController()
  const end = once(child, 'exit', { signal: ended.signal }).then(([code]) => {
    throw new Error(`the measured process ended with ${code}`)
  })
  try {
    const [{ event }] = (await Promise.race([once(child, 'message', { signal: ended.signal }), end])) as [{ event: number }]
    return event
  } finally {
    ended.abort()
    end.catch(() => {})
  }
}

function shuffled<T>(list: readonly T[]): readonly T[] {
  const keyed = list.map((item) => ({ item, key: Math.random() }))
  return keyed.sort((a, b) => a.key - b.key).map(({ item }) => item)
}
