// A real server, a real client, and between them a proxy that breaks the first connections at random bytes. The seed is the test's name;
// RUNFEED_SEED=<seed> runs that one alone.
import { createRunClient, poll, type Run } from 'runfeed'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { HEARTBEAT } from '../support/server.ts'
import { busy, METADATA, NUMBERS, STEPS, WORDS } from './busy.ts'
import { eager, impatient } from './impatient.ts'
import { type Fault, type FaultProxy, faultProxy } from './proxy.ts'
import { schedule } from './schedule.ts'
import { randomOf, seeds } from './seed.ts'
import { atOnce, type Watch, watchRun } from './watch.ts'

const FAULTS = 10

const engine = memoryEngine()
const server = createRunServer({ engine, heartbeat: HEARTBEAT, tasks: [busy], concurrency: 20 })
/** Where connections are counted: nobody takes a slow machine's silence for a dead connection. */
const calm = createRunServer({ engine })
let url: string
let calmUrl: string
beforeAll(async () => {
  url = (await server.listen()).url
  calmUrl = (await calm.listen()).url
})
afterAll(async () => {
  await calm.close()
  await server.close()
})

const start = async (): Promise<string> => (await busy.trigger(null)).id
const recorded = async (id: string): Promise<Run> => (await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run

/** Holds what was shown against the record and against what the task said. */
function check(watch: Watch, record: Run): void {
  expect(watch.seen.at(-1)?.run).toEqual(record)
  expect(record).toMatchObject({ status: 'COMPLETED', metadata: METADATA })
  expect(watch.ends).toBe(1)
  const versions = watch.seen.map(({ run }) => run?.version ?? 0)
  expect(versions).toEqual(versions.toSorted((a, b) => a - b))
  for (const [stream, said] of Object.entries({ numbers: NUMBERS, words: WORDS })) {
    const logs = watch.logs[stream] ?? []
    expect([...(logs.at(-1) ?? [])]).toEqual(said)
    // nothing that was shown was ever taken back
    const lengths = logs.map(({ length }) => length)
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b))
  }
}

interface Broken {
  readonly proxy: FaultProxy
  readonly follow: (id: string) => Watch
}

async function behind(next: (connection: number, asked: string) => Fault, test: TestContext, isCalm = false): Promise<Broken> {
  const proxy = await faultProxy(isCalm ? calmUrl : url, next)
  const client = createRunClient({ baseUrl: proxy.url, environment: isCalm ? eager : impatient(), scheduler: atOnce })
  // of the context, because tests run side by side
  test.onTestFinished(async () => {
    client.close()
    await proxy.close()
  })
  return { proxy, follow: (id) => watchRun(client, id, ['numbers', 'words']) }
}

describe.concurrent('a client behind a connection that breaks', () => {
  test.for(seeds(20))('ends with the server’s exact state, nothing lost, nothing twice (seed %i)', async (seed, context) => {
    const { proxy, follow } = await behind(schedule({ seed, faults: FAULTS, bytes: 6000 }), context)
    const first = await start()
    const second = await start()
    const watches = new Map([first, second].map((id) => [id, follow(id)]))
    // a third one joins while the connection breaks, so that it is replaced meanwhile
    const joinAt = Math.floor(randomOf(seed)() * STEPS)
    await watches.get(first)?.until(({ metadata }) => Number(metadata['done'] ?? 0) >= joinAt)
    const third = await start()
    watches.set(third, follow(third))
    for (const [id, watch] of watches) {
      await watch.over
      check(watch, await recorded(id))
    }
    expect(proxy.connections).toBeGreaterThan(1)
  })
})

/** The first connection fails like this, the others do not. */
const first = (fault: Fault) => (connection: number) => (connection === 0 ? fault : ({ kind: 'none' } as const))

describe('a client comes through', () => {
  test.for<readonly [name: string, fault: Fault]>([
    ['a request that never reaches the server', { kind: 'request', after: 0 }],
    ['half a request', { kind: 'request', after: 120 }],
    ['a server that says nothing, not even a status', { kind: 'stall', after: 0 }],
    ['half of a header', { kind: 'stall', after: 40 }],
    ['an answer without a body', { kind: 'finish', after: 0 }],
  ])('%s', async ([_name, fault], context) => {
    const { proxy, follow } = await behind(first(fault), context)
    const id = await start()
    const watch = follow(id)
    await watch.over
    check(watch, await recorded(id))
    expect(proxy.connections).toBeGreaterThan(1)
  })

  test('pieces of three bytes, which cut letters in two', async (context) => {
    const { proxy, follow } = await behind(first({ kind: 'crumble', size: 3 }), context, true)
    const id = await start()
    const watch = follow(id)
    await watch.over
    check(watch, await recorded(id))
    expect(proxy.connections).toBe(1)
  })
})

test.each([
  ['is no silence', {}],
  ['is no reason to poll', { poll: poll() }],
])('a line so slow that one frame takes many heartbeats %s', async (_name, layers) => {
  const proxy = await faultProxy(url, () => ({ kind: 'throttle', bytesPerSecond: 40_000 }))
  const client = createRunClient({ baseUrl: proxy.url, environment: eager, scheduler: atOnce, ...layers })
  try {
    const large = 'x'.repeat(60_000)
    const { id } = await busy.trigger(null, { metadata: { large } })
    const followed = client.run(id)
    const metadata = await new Promise((resolve) => {
      followed.subscribe(() => {
        const { run } = followed.getSnapshot()
        if (run) resolve(run.metadata)
      })
    })
    expect(metadata).toMatchObject({ large })
    expect(client.connection.getSnapshot().transport).toBe('stream')
    expect(proxy.connections).toBe(1)
  } finally {
    client.close()
    await proxy.close()
  }
})

test('what a connection says while its replacement opens is not taken twice', async (context) => {
  // so slow that the old one is ahead of it by some frames
  const { proxy, follow } = await behind((connection) => (connection === 1 ? { kind: 'delay', ms: 150 } : { kind: 'none' }), context, true)
  const [first, second] = [await start(), await start()]
  const watches = [follow(first)]
  await watches[0]?.until(({ metadata }) => Number(metadata['done'] ?? 0) >= 10)
  watches.push(follow(second))
  for (const [index, watch] of watches.entries()) {
    await watch.over
    check(watch, await recorded([first, second][index] as string))
  }
  expect(proxy.connections).toBe(2)
})

test('a client asks once while nothing breaks, and never after the end', async (context) => {
  const { proxy, follow } = await behind(() => ({ kind: 'none' }), context, true)
  const id = await start()
  await follow(id).over
  // a request that the end of the body set off would be made within this one
  await recorded(id)
  expect(proxy.connections).toBe(1)
})
