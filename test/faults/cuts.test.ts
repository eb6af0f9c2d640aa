// A real server, a real client, and between them a proxy that breaks the first connections at random bytes. The seed is printed by a failure
// (it is the test's name), and replays it.
import { createRunClient, type Run } from 'runfeed'
import { metadata, task } from 'runfeed/task'
import { describe, expect, onTestFinished, test } from 'vitest'
import { environment } from '../../src/transport/environment.ts'
import { startServer } from '../support/server.ts'
import { type Fault, faultProxy } from './proxy.ts'

const STEPS = 120

/** Says something, streams something, and lets others run, over and over. */
const busy = task({
  id: 'busy',
  run: async () => {
    await metadata.stream(
      'numbers',
      (async function* () {
        for (let i = 0; i < STEPS; i++) {
          metadata.increment('done').append('last', i, { max: 5 }).set('$.nested.step', i)
          yield i
          await new Promise((resolve) => setTimeout(resolve, 2))
        }
      })(),
    )
  },
})

/** mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const BUSY = 'HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'
const EMPTY = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n'

function schedule(seed: number, faults: number): (connection: number) => Fault {
  const random = randomOf(seed)
  return (connection) => {
    if (connection >= faults) return { kind: 'none' }
    const after = Math.floor(random() ** 2 * 6000)
    const kind = random()
    if (kind < 0.45) return { kind: 'cut', after }
    if (kind < 0.7) return { kind: 'end', after }
    if (kind < 0.8) return { kind: 'stall', after }
    return { kind: 'answer', text: kind < 0.9 ? BUSY : EMPTY }
  }
}

interface Watched {
  readonly run: Run | undefined
  readonly parts: readonly unknown[]
  readonly versions: readonly number[]
  readonly ends: number
}

/** Follows a run and its stream until both have ended. */
function watch(url: string, id: string, fetcher: typeof fetch = fetch): Promise<Watched> {
  // chance decides how long to wait before the next attempt; here it is always soon
  const client = createRunClient({ baseUrl: url, fetch: fetcher, environment: { ...environment, random: () => 0.01 } })
  onTestFinished(() => client.close())
  return new Promise((resolve, reject) => {
    const run = client.run(id)
    const stream = client.stream(id, 'numbers')
    const versions: number[] = []
    let ends = 0
    let ended: unknown
    const look = (): void => {
      const { run: record, end, error } = run.getSnapshot()
      const { log, state, error: streamError } = stream.getSnapshot()
      const failed = error ?? streamError
      if (failed) reject(failed)
      if (record && record.version !== versions.at(-1)) versions.push(record.version)
      if (end && end !== ended) ends++
      ended = end
      if (end?.settled && state !== undefined && state !== 'open') resolve({ run: record, parts: [...log], versions, ends })
    }
    run.subscribe(look)
    stream.subscribe(look)
  })
}

describe('a client behind a connection that breaks', () => {
  test.each(Array.from({ length: 12 }, (_, seed) => seed))('ends with the server’s exact state, nothing lost, nothing twice (seed %i)', async (seed) => {
    const server = await startServer({ tasks: [busy] })
    const proxy = await faultProxy(server.url, schedule(seed, 8))
    onTestFinished(() => proxy.close())
    const id = await server.trigger('busy')
    const { run, parts, versions, ends } = await watch(proxy.url, id)
    expect(run).toEqual(await server.run(id))
    expect(run).toMatchObject({ status: 'COMPLETED', metadata: { done: STEPS, last: [115, 116, 117, 118, 119], nested: { step: STEPS - 1 } } })
    expect(parts).toEqual(Array.from({ length: STEPS }, (_, i) => i))
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
    expect(ends).toBe(1)
  })

  test('asks once while nothing breaks, and never after the end', async () => {
    const server = await startServer({ tasks: [busy] })
    const asked: string[] = []
    const counting: typeof fetch = async (input, init) => {
      asked.push(new URL(new Request(input, init).url).pathname)
      return await fetch(input, init)
    }
    await watch(server.url, await server.trigger('busy'), counting)
    // a request that the end of the body set off would be made within this one
    await server.get('/v1/runs')
    expect(asked).toEqual(['/v1/feed'])
  })
})
