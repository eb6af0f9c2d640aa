// Whatever is followed, let go of, written and cut, in whatever order: a client of the server itself, over real sockets, ends with what the server has.
import fc from 'fast-check'
import { createRunClient, type FeedQuery, type RunClient } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { expect, test, vi } from 'vitest'
import { environment } from '../../src/transport/environment.ts'
import { type FaultProxy, faultProxy } from '../faults/proxy.ts'
import { startServer } from '../support/server.ts'
import { Followers } from './followers.ts'
import { RandomRuns, streamOf, writeStep } from './random-runs.ts'

const PATIENT = { timeout: 40_000, interval: 5 }
const QUERIES: readonly FeedQuery[] = [{ tag: 'a' }, { task: 'work', limit: 2 }, { tag: 'b', status: ['EXECUTING'] }]

const step = fc.oneof(
  { weight: 14, arbitrary: writeStep },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('follow run', 'follow stream', 'follow list'), at: fc.nat(), n: fc.nat(5) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('let go' as const), at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('cut', 'stall', 'reach', 'reach') }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

class World {
  readonly proxy: FaultProxy
  readonly client: RunClient
  readonly runs: RandomRuns
  readonly followers: Followers

  constructor(runs: RandomRuns, proxy: FaultProxy) {
    this.runs = runs
    this.proxy = proxy
    this.client = createRunClient({ baseUrl: proxy.url, linger: 30, environment: { ...environment, random: () => 0.01 } })
    this.followers = new Followers(this.client, runs)
  }

  /** Everybody is where the server is. */
  async reach(): Promise<void> {
    for (const follower of this.followers.all) await vi.waitFor(() => follower.check(), PATIENT)
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'cut':
        return this.proxy.cutAll()
      case 'stall':
        return void this.proxy.stall('POST /v1/feed')
      case 'reach':
        return await this.reach()
      case 'let go':
        return this.followers.drop(step.at)
      case 'follow list':
        return this.followers.list(QUERIES[step.n % QUERIES.length] as FeedQuery)
      case 'follow run':
      case 'follow stream': {
        const id = this.runs.at(step.at)
        if (id === undefined) return
        if (step.do === 'follow run') this.followers.run(id)
        else this.followers.stream(id, streamOf(step.n), step.n >> 1)
        return
      }
      default:
        return await this.runs.take(step)
    }
  }
}

async function play(steps: readonly Step[]): Promise<void> {
  const engine = memoryEngine()
  const server = await startServer({ engine })
  const proxy = await faultProxy(server.url, () => ({ kind: 'none' }))
  const world = new World(new RandomRuns(engine), proxy)
  try {
    for (const one of steps) await world.take(one)
    await world.runs.endAll()
    await world.reach()
    await vi.waitFor(() => {
      for (const follower of world.followers.all) expect(follower.ends?.() ?? 1).toBe(1)
    }, PATIENT)
    expect(world.followers.wrong).toEqual([])
    for (const follower of world.followers.all) follower.stop()
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
