// One schedule of faults: a server that crashes, a network that breaks, a writer elsewhere and some who watch. Chance decides, by a seed.
// It throws where somebody saw something else than the server's exact state.
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { createRunClient, type Json, type Run, type RunClient } from 'runfeed'
import { FaultServer } from './fault-server.ts'
import { impatient } from './impatient.ts'
import { faultProxy } from './proxy.ts'
import { RemoteWriter } from './remote-writer.ts'
import { schedule } from './schedule.ts'
import { randomOf } from './seed.ts'
import { atOnce, type Watch, watchRun } from './watch.ts'

export interface ScheduleOptions {
  readonly seed: number
  /** Heartbeats, waits and watchdogs as users have them; else all of them are short. @defaultValue false */
  readonly isRealTime?: boolean
}

const STEPS = 40
const STREAMS = ['numbers', 'words']
const SHORT_HEARTBEAT_MS = 150
const LONG_HEARTBEAT_MS = 15_000
/** How long the network is away, in short and in real time. */
const AWAY_MS = { short: 100, real: 5000 }

/** What happens to server or network before a step of the writer. */
type Blow = 'crash' | 'cut' | 'stall' | 'away'
const BLOWS: readonly Blow[] = ['crash', 'cut', 'stall', 'away']

export interface Report {
  readonly blows: readonly (readonly [step: number, blow: Blow])[]
  /** Connections that clients opened through the proxy. */
  readonly connections: number
}

export async function runSchedule({ seed, isRealTime = false }: ScheduleOptions): Promise<Report> {
  const random = randomOf(seed)
  const below = (n: number): number => Math.floor(random() * n)
  const blows = Array.from({ length: 1 + below(3) }, () => [below(STEPS), BLOWS[below(BLOWS.length)] as Blow] as const)
  const [joinsAt, secondAt] = [below(STEPS), below(STEPS)]
  const tag = `seed-${seed}`

  const server = await FaultServer.start(isRealTime ? LONG_HEARTBEAT_MS : SHORT_HEARTBEAT_MS)
  const proxy = await faultProxy(server.url, schedule({ seed, faults: 6, bytes: 5000 }))
  const clients: RunClient[] = []
  const open = (): RunClient => {
    const client = createRunClient({ baseUrl: proxy.url, scheduler: atOnce, ...(!isRealTime && { environment: impatient() }) })
    clients.push(client)
    return client
  }
  const strike = async (blow: Blow): Promise<void> => {
    switch (blow) {
      case 'crash':
        return await server.crash()
      case 'cut':
        return proxy.cutAll()
      case 'stall':
        return void proxy.stall('POST /v1/feed')
      case 'away':
        await proxy.refuse()
        await new Promise((resolve) => setTimeout(resolve, isRealTime ? AWAY_MS.real : AWAY_MS.short))
        return await proxy.accept()
      default:
        blow satisfies never
    }
  }
  try {
    const writers = [0, 1].map(() => new RemoteWriter(() => server.url, STEPS))
    const [first, second] = writers as [RemoteWriter, RemoteWriter]
    await first.begin(tag)
    const client = open()
    const watches: (readonly [RemoteWriter, Watch])[] = [[first, watchRun(client, first.id, STREAMS)]]
    const list = client.runList({ tag, limit: 10 })
    const stop = list.subscribe(() => {})
    const working: Promise<void>[] = []
    await first.work(async (step) => {
      for (const [at, blow] of blows) if (at === step) await strike(blow)
      // somebody else, who comes in the middle
      if (step === joinsAt) watches.push([first, watchRun(open(), first.id, STREAMS)])
      // another run, which the first client follows as well: its connection is replaced
      if (step === secondAt) {
        await second.begin(tag)
        watches.push([second, watchRun(client, second.id, STREAMS)])
        working.push(second.work(async () => {}))
      }
    })
    await Promise.all(working)
    for (const [writer, watch] of watches) {
      await watch.over
      check(writer, watch, await recordOf(server.url, writer.id))
    }
    const records = await Promise.all([second, first].map(async ({ id }) => brief(await recordOf(server.url, id))))
    await shows(list, () => isDeepStrictEqual(list.getSnapshot().runs?.map(brief), records))
    stop()
    return { blows, connections: proxy.connections }
  } finally {
    for (const client of clients) client.close()
    await proxy.close()
    await server.close()
  }
}

const recordOf = async (url: string, id: string): Promise<Run> => (await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run

/** What every list shows of a run; payload and output are there where the run itself is followed. */
function brief({ payload: _payload, output: _output, ...run }: Run): object {
  return run
}

/** Holds what was shown against the record, and the record against what was said. */
function check({ id, said }: RemoteWriter, watch: Watch, record: Run): void {
  assert.deepEqual(record.metadata, said.metadata, `the record of ${id} is not what was said`)
  assert.equal(record.status, 'COMPLETED')
  assert.deepEqual(watch.seen.at(-1)?.run, record, `what was shown last of ${id} is not its record`)
  assert.equal(watch.ends, 1, `${id} ended ${watch.ends} times`)
  const versions = watch.seen.map(({ run }) => run?.version ?? 0)
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
    `versions of ${id} went back`,
  )
  for (const [stream, chunks] of Object.entries(said.streams)) {
    const logs = watch.logs[stream] ?? []
    const shown: Json[] = [...(logs.at(-1) ?? [])]
    assert.deepEqual(shown, chunks, `chunks of ${stream} of ${id} were lost, or came twice`)
    const lengths = logs.map(({ length }) => length)
    assert.deepEqual(
      lengths,
      lengths.toSorted((a, b) => a - b),
      `chunks of ${stream} were taken back`,
    )
  }
}

/** Resolves once it fits. */
async function shows(source: { subscribe(listener: () => void): () => void }, fits: () => boolean): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (!fits()) return
      stop()
      resolve()
    }
    const stop = source.subscribe(look)
    look()
  })
}
