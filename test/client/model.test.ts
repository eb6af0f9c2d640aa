// Whatever is followed, let go of, written and cut, in whatever order: a client of the server itself, over real sockets, ends with what the server has.
import fc from 'fast-check'
import { createRunClient, type FeedQuery, type Json, type Run, type RunClient } from 'runfeed'
import { memoryEngine, type RunEngine } from 'runfeed/server'
import { expect, test, vi } from 'vitest'
import { environment } from '../../src/transport/environment.ts'
import { type FaultProxy, faultProxy } from '../faults/proxy.ts'
import { startServer, type TestServer } from '../support/server.ts'

const PATIENT = { timeout: 40_000, interval: 5 }
const QUERIES: readonly FeedQuery[] = [{ tag: 'a' }, { task: 'work', limit: 2 }, { tag: 'b', status: ['EXECUTING'] }]
const STREAMS = ['x', 'y'] as const

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('begin' as const), tags: fc.subarray(['a', 'b']) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('set', 'append', 'tag', 'untag', 'close', 'end'), at: fc.nat(), n: fc.nat(9) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), at: fc.nat(), n: fc.nat(20) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('follow run', 'follow stream', 'follow list'), at: fc.nat(), n: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('let go' as const), at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cut', 'stall', 'reach', 'reach') }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

/** Somebody who follows one thing. */
interface Follower {
  stop(): void
  /** @throws where it has not been told what the server has. */
  check(): Promise<void>
  /** How often its end was told, where it has one. */
  ends?(): number
}

class World {
  readonly engine: RunEngine
  readonly server: TestServer
  readonly proxy: FaultProxy
  readonly client: RunClient
  readonly runs: string[] = []
  readonly followers = new Set<Follower>()
  readonly wrong: string[] = []

  constructor(engine: RunEngine, server: TestServer, proxy: FaultProxy) {
    this.engine = engine
    this.server = server
    this.proxy = proxy
    this.client = createRunClient({ baseUrl: proxy.url, linger: 30, environment: { ...environment, random: () => 0.01 } })
  }

  async record(id: string): Promise<Run> {
    return (await this.engine.record.read(id))?.run as Run
  }
  followRun(id: string): void {
    let last: Run | undefined
    let ends = 0
    const onChange = (run: Run): void => {
      if (run.version < (last?.version ?? 0)) this.wrong.push(`${id} went back to ${run.version}`)
      if (ends > 0) this.wrong.push(`${id} was told after its end`)
      last = run
    }
    const stop = this.client.subscribeRun(id, { onChange, onEnd: () => ends++, onError: (error) => this.wrong.push(`${id}: ${error.message}`) })
    const check = async (): Promise<void> => {
      expect(last).toEqual(JSON.parse(JSON.stringify(await this.record(id))))
    }
    this.followers.add({ stop, check, ends: () => ends })
  }
  followStream(id: string, stream: string, startIndex: number): void {
    const chunks: Json[] = []
    let ends = 0
    const onChange = (chunk: Json, index: number): void => {
      if (index !== startIndex + chunks.length) this.wrong.push(`${id} ${stream} said ${index} after ${chunks.length} from ${startIndex}`)
      if (ends > 0) this.wrong.push(`${id} ${stream} was told after its end`)
      chunks.push(chunk)
    }
    const onError = (error: Error & { readonly type: string }): void => {
      ends++
      if (error.type !== 'stream_aborted') this.wrong.push(`${id} ${stream}: ${error.message}`)
    }
    const stop = this.client.subscribeStream(id, stream, { startIndex, onChange, onError, onEnd: () => ends++ })
    const check = async (): Promise<void> => {
      const { length } = await this.engine.chunks.info(id, stream)
      expect(chunks).toEqual(Array.from({ length: Math.max(0, length - startIndex) }, (_, at) => `${stream}${startIndex + at}`))
    }
    this.followers.add({ stop, check, ends: () => ends })
  }
  followList(query: FeedQuery): void {
    const list = this.client.runList(query)
    const check = async (): Promise<void> => {
      const { runs, next } = await this.engine.record.list(query)
      const { runs: shown, hasMore, error } = list.getSnapshot()
      expect(error).toBeUndefined()
      expect(shown?.map(({ id, version, metadata }) => ({ id, version, metadata }))).toEqual(
        runs.map(({ id, version, metadata }) => ({ id, version, metadata })),
      )
      expect(hasMore).toBe(next !== undefined)
    }
    this.followers.add({ stop: list.subscribe(() => {}), check })
  }

  /** Everybody is where the server is. */
  async reach(): Promise<void> {
    for (const follower of this.followers) await vi.waitFor(() => follower.check(), PATIENT)
  }

  async take(step: Step): Promise<void> {
    const { engine } = this
    const id = 'at' in step ? this.runs[step.at % Math.max(1, this.runs.length)] : undefined
    const n = 'n' in step ? step.n : 0
    const stream = STREAMS[n % 2] as string
    switch (step.do) {
      case 'begin': {
        const { run } = await engine.queue.begin({ task: 'work', payload: null, tags: step.tags }, { worker: 'w' })
        this.runs.push(run.id)
        await engine.record.commit({ run: run.id, attempt: 1, streams: { x: { state: 'open' }, y: { state: 'open' } } })
        return
      }
      case 'cut':
        return this.proxy.cutAll()
      case 'stall':
        return void this.proxy.stall('POST /v1/feed')
      case 'reach':
        return await this.reach()
      case 'let go': {
        const follower = [...this.followers][step.at % Math.max(1, this.followers.size)]
        if (follower) this.followers.delete(follower)
        return follower?.stop()
      }
      case 'follow list':
        return this.followList(QUERIES[n % QUERIES.length] as FeedQuery)
      default:
    }
    if (id === undefined) return
    const isOver = (await this.record(id)).finishedAt !== null
    switch (step.do) {
      case 'follow run':
        return this.followRun(id)
      case 'follow stream':
        return this.followStream(id, stream, n >> 1)
      default:
    }
    if (isOver) return
    const commit = async (what: object): Promise<unknown> => await engine.record.commit({ run: id, attempt: 1, ...what })
    switch (step.do) {
      case 'set':
        return void (await commit({ operations: [{ op: 'set', key: `$.deep.k${n % 3}`, value: n }] }))
      case 'append':
        return void (await commit({ operations: [{ op: 'append', key: 'list', value: n, max: 4 }] }))
      case 'tag':
        return void (await commit({ tags: { add: [n % 2 ? 'a' : 'b'] } }))
      case 'untag':
        return void (await commit({ tags: { remove: [n % 2 ? 'a' : 'b'] } }))
      case 'close':
        return void (await commit({ streams: { [stream]: { state: 'closed' } } }))
      case 'end':
        return void (await commit({ end: { status: 'COMPLETED', output: n } }))
      case 'write': {
        const { state, length } = await engine.chunks.info(id, stream)
        const chunks = Array.from({ length: n }, (_, at) => `${stream}${length + at}`)
        if (state === 'open' && n > 0) await engine.chunks.append(id, stream, chunks, { by: id, attempt: 1 })
        return
      }
      default:
    }
  }
}

async function play(steps: readonly Step[]): Promise<void> {
  const engine = memoryEngine()
  const server = await startServer({ engine })
  const proxy = await faultProxy(server.url, () => ({ kind: 'none' }))
  const world = new World(engine, server, proxy)
  try {
    for (const one of steps) await world.take(one)
    for (const at of world.runs.keys()) await world.take({ do: 'end', at, n: 0 })
    await world.reach()
    await vi.waitFor(() => {
      for (const follower of world.followers) expect(follower.ends?.() ?? 1).toBe(1)
    }, PATIENT)
    expect(world.wrong).toEqual([])
    for (const follower of world.followers) follower.stop()
    await vi.waitFor(() => expect(world.client.connection.getSnapshot()).toMatchObject({ status: 'idle', error: undefined }), PATIENT)
  } finally {
    world.client.close()
    await proxy.close()
    await server.close()
  }
}

test('random followers, writes and losses: everybody ends with what the server has', async () => {
  expect.hasAssertions()
  await fc.assert(
    // a failure is a wait that was in vain: to look for a shorter one would take minutes
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 70, size: 'max' }), (steps) => play(steps)),
    { numRuns: 20, endOnFailure: true },
  )
}, 240_000)
