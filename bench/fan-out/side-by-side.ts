// One update to many connections: messages per second and memory per connection, beside bare node:http and better-sse, which write as many
// bytes. The three take turns in each round, and what counts is the share within a round: what else the machine does meets all of them. Each
// set begins with fresh processes, because one process is lucky with its heap and its neighbours for all of its life.
import { setTimeout } from 'node:timers/promises'
import { percentile, type Row } from '../row.ts'
import type { Kind } from './serve.ts'
import { QUIET_MS, Side } from './side.ts'

const KINDS: readonly Kind[] = ['runfeed', 'node:http', 'better-sse']
const SETS = 3
const ROUNDS = 10

interface Measured {
  /** Of runfeed beside node:http: messages per second, and the server's processor time for one. */
  readonly shares: number[]
  readonly processorShares: number[]
  readonly memoryShares: number[]
  readonly of: {
    readonly [K in Kind]: { readonly perSecond: number[]; readonly server: number[]; readonly clients: number[]; readonly perConnection: number[] }
  }
}

export async function sideBySide(count: number): Promise<readonly Row[]> {
  const nothing = (): Measured['of'][Kind] => ({ perSecond: [], server: [], clients: [], perConnection: [] })
  const all: Measured = {
    shares: [],
    processorShares: [],
    memoryShares: [],
    of: { runfeed: nothing(), 'node:http': nothing(), 'better-sse': nothing() },
  }
  for (let set = 0; set < SETS; set++) await measure(count, set, all)
  const median = (of: 'perSecond' | 'server' | 'clients' | 'perConnection', kind: Kind): number => percentile(all.of[kind][of], 0.5)
  const each = (name: string, figure: (kind: Kind) => number): { readonly [name: string]: number } =>
    Object.fromEntries(KINDS.map((kind) => [`${kind} (${name})`, figure(kind)]))
  return [
    {
      name: `fan-out of one update to ${count} connections, messages/s as a share of bare node:http`,
      value: percentile(all.shares, 0.5),
      unit: 'x',
      limit: { least: 0.9 },
      raw: {
        ...each('1/s', (kind) => median('perSecond', kind)),
        'least share': Math.min(...all.shares),
        'most share': Math.max(...all.shares),
        ...each('server’s µs', (kind) => median('server', kind)),
        'share of its time': percentile(all.processorShares, 0.5),
        'readers’ µs': median('clients', 'runfeed'),
      },
    },
    {
      name: `memory (RSS) of one of ${count} connections, as a share of bare node:http`,
      value: percentile(all.memoryShares, 0.5),
      unit: 'x',
      limit: { most: 1.3 },
      raw: {
        ...each('kB', (kind) => median('perConnection', kind) / 1024),
        'least share': Math.min(...all.memoryShares),
        'most share': Math.max(...all.memoryShares),
      },
    },
  ]
}

async function measure(count: number, set: number, { shares, processorShares, memoryShares, of }: Measured): Promise<void> {
  const sides: Side[] = []
  try {
    for (let i = 0; i < KINDS.length; i++) sides.push(await Side.open(KINDS[(set + i) % KINDS.length] as Kind, count))
    const side = (kind: Kind): Side => sides.find((one) => one.kind === kind) as Side
    for (let number = 0; number < ROUNDS; number++) {
      // another one is first each time
      for (let i = 0; i < sides.length; i++) {
        const { kind } = sides[(number + i) % sides.length] as Side
        const { perSecond, server, clients } = await side(kind).round(number)
        of[kind].perSecond.push(perSecond)
        of[kind].server.push(server)
        of[kind].clients.push(clients)
        await setTimeout(QUIET_MS)
      }
      const last = (values: readonly number[]): number => values.at(-1) as number
      shares.push(last(of.runfeed.perSecond) / last(of['node:http'].perSecond))
      processorShares.push(last(of.runfeed.server) / last(of['node:http'].server))
    }
    for (const { kind, perConnection } of sides) of[kind].perConnection.push(perConnection)
    memoryShares.push(side('runfeed').perConnection / side('node:http').perConnection)
  } finally {
    for (const side of sides) side.close()
  }
}
