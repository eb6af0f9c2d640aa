// One update to 2,000 and to 10,000 connections: messages per second and memory per connection, beside bare node:http and better-sse. The
// three take turns, so that what else the machine does meets all of them.
import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { percentile, type Row } from '../row.ts'
import type { ClientsAnswer, ClientsOrder } from './clients.ts'
import { restart } from './restart.ts'
import type { Answer, Kind, Order } from './serve.ts'
import { slowReaders } from './slow-readers.ts'

const KINDS: readonly Kind[] = ['runfeed', 'node:http', 'better-sse']
const CONNECTIONS = [2000, 10_000]
const ROUNDS = 15
const WARM_UP = 1000
/** Until a server has noticed that those have gone. */
const SETTLE_MS = 1000
/** Between two updates: longer than a tick, so that each one leaves at once. */
const QUIET_MS = 120
/** Of a process, beside the connections. */
const OTHER_FILES = 100

export async function fanOut(): Promise<readonly Row[]> {
  const limit = openFiles()
  const rows: Row[] = [...(await restart()), ...(await slowReaders())]
  for (const count of CONNECTIONS) {
    if (limit < count + OTHER_FILES) {
      rows.push({ name: `fan-out to ${count} connections`, value: limit, unit: 'open files are allowed', limit: { least: count + OTHER_FILES }, raw: {} })
      continue
    }
    rows.push(...(await measure(count)))
  }
  return rows
}

/** What a process may have open: Node raises its own limit to the hard one. */
function openFiles(): number {
  const said = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim()
  return said === 'unlimited' ? Number.POSITIVE_INFINITY : Number(said)
}

interface Bench {
  readonly kind: Kind
  readonly server: ChildProcess
  readonly clients: ChildProcess
  readonly perConnection: number
  readonly perSecond: number[]
}

async function measure(count: number): Promise<readonly Row[]> {
  const benches: Bench[] = []
  try {
    for (const kind of KINDS) benches.push(await open(kind, count))
    for (let number = 0; number < ROUNDS; number++) {
      // another one is first each time
      for (let i = 0; i < benches.length; i++) {
        const bench = benches[(number + i) % benches.length] as Bench
        bench.perSecond.push(await round(bench, count, number))
        await setTimeout(QUIET_MS)
      }
    }
  } finally {
    for (const { server, clients } of benches) {
      server.kill('SIGKILL')
      clients.kill('SIGKILL')
    }
  }
  const of = (kind: Kind): Bench => benches.find((bench) => bench.kind === kind) as Bench
  const median = (kind: Kind): number => percentile(of(kind).perSecond, 0.5)
  // of the same round, so that a slow moment of the machine is one of both
  const shares = of('runfeed').perSecond.map((mine, i) => mine / (of('node:http').perSecond[i] as number))
  return [
    {
      name: `fan-out of one update to ${count} connections, messages/s as a share of bare node:http`,
      value: percentile(shares, 0.5),
      unit: 'x',
      limit: { least: 0.9 },
      raw: {
        ...Object.fromEntries(KINDS.map((kind) => [`${kind} (1/s)`, median(kind)])),
        'least share': Math.min(...shares),
        'most share': Math.max(...shares),
      },
    },
    {
      name: `memory (RSS) of one of ${count} connections, as a share of bare node:http`,
      value: of('runfeed').perConnection / of('node:http').perConnection,
      unit: 'x',
      limit: { most: 1.3 },
      raw: Object.fromEntries(KINDS.map((kind) => [`${kind} (kB)`, of(kind).perConnection / 1024])),
    },
  ]
}

async function open(kind: Kind, count: number): Promise<Bench> {
  const server = child('serve.ts', [kind])
  const { url, path, body } = (await heard(server)) as Extract<Answer, { url: string }>
  // what the first connections make once (code, caches, room for the young) is not theirs
  const first = child('clients.ts', [])
  await ask(first, { do: 'open', url, path, body, count: WARM_UP })
  await round({ server, clients: first }, WARM_UP, 999_999)
  first.kill('SIGKILL')
  await setTimeout(SETTLE_MS)
  const before = await memory(server)
  const clients = child('clients.ts', [])
  await ask(clients, { do: 'open', url, path, body, count })
  const bench = { kind, server, clients, perConnection: 0, perSecond: [] }
  // what is made by the first update is there then
  await round(bench, count, 1_000_000)
  await setTimeout(QUIET_MS)
  await round(bench, count, 1_000_001)
  return { ...bench, perConnection: ((await memory(server)) - before) / count }
}

/** @returns messages per second. */
async function round({ server, clients }: Pick<Bench, 'server' | 'clients'>, count: number, number: number): Promise<number> {
  await ask(clients, { do: 'await', number })
  const reached = heard(clients)
  const from = performance.timeOrigin + performance.now()
  server.send({ do: 'update', number } satisfies Order)
  const answer = (await reached) as ClientsAnswer
  if (!('at' in answer)) throw new Error(`the clients said ${JSON.stringify(answer)}`)
  return count / ((answer.at - from) / 1000)
}

async function memory(server: ChildProcess): Promise<number> {
  const answer = heard(server)
  server.send({ do: 'memory' } satisfies Order)
  return ((await answer) as Extract<Answer, { rss: number }>).rss
}

async function ask(clients: ChildProcess, order: ClientsOrder): Promise<void> {
  const answer = heard(clients)
  clients.send(order)
  const said = (await answer) as ClientsAnswer
  if ('lost' in said) throw new Error(`a connection was lost after ${said.lost} were opened`)
}

const child = (script: string, args: readonly string[]): ChildProcess =>
  fork(join(import.meta.dirname, script), args, { execArgv: ['--conditions=@runfeed/source', '--expose-gc'] })

/** The next thing that it says. */
async function heard(process: ChildProcess): Promise<unknown> {
  const over = new AbortController()
  const ended = once(process, 'exit', { signal: over.signal }).then(() => {
    throw new Error(`a process of the bench ended: ${process.spawnargs.join(' ')}`)
  })
  ended.catch(() => {})
  try {
    const [message] = (await Promise.race([once(process, 'message', { signal: over.signal }), ended])) as [unknown]
    return message
  } finally {
    over.abort()
  }
}
