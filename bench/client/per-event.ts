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
interface Case {
  readonly feed: FeedName
  readonly name: string
}
const CASES: readonly Case[] = [
  { feed: 'tokens', name: 'a token, 100 to a read' },
  { feed: 'patches', name: 'a patch of 1 kB, 15 to a read' },
  { feed: 'single tokens', name: 'a token, each its own read' },
]

/** Microseconds of one event, by way. */
type Taken = { readonly [way in SideName]: number }

export async function perEvent(): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const { feed, name } of CASES) {
    const trials: Taken[] = []
    for (let trial = 0; trial < TRIALS; trial++) trials.push(await measure(feed))
    rows.push(
      { ...rowOf(`${name}: parsed, applied and published each, against eventsource-parser and JSON.parse`, trials, 'ours'), limit: { most: 1.5 } },
      rowOf(`${name}: the whole of createRunClient, likewise`, trials, 'client'),
    )
  }
  return [...rows, ...(await wholeLine())]
}

function rowOf(name: string, trials: readonly Taken[], way: SideName): Row {
  const median = (valueOf: (trial: Taken) => number): number => percentile(trials.map(valueOf), 0.5)
  const ratioOf = (trial: Taken): number => trial[way] / trial.bare
  return {
    name,
    value: median(ratioOf),
    unit: 'times',
    raw: {
      'bare (µs)': median(({ bare }) => bare),
      'runfeed (µs)': median((trial) => trial[way]),
      trials: trials.map((trial) => ratioOf(trial).toFixed(2)).join(' '),
    },
  }
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
