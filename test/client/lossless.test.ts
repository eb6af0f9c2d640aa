// Whatever happens to the connections, the client ends with the server's record, every chunk once, and one end.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ConnectionError } from '../../src/protocol/errors.ts'
import type { Json } from '../../src/protocol/json.ts'
import type { RunSnapshot, Source, StreamSnapshot } from '../../src/store/snapshot.ts'
import { ModelServer } from './model-server.ts'
import type { ScriptedConnection } from './scripted-transport.ts'
import { setUp } from './setup.ts'

type Step =
  | { readonly do: 'set' | 'append' | 'remove' | 'open' | 'follow' | 'end'; readonly n: number }
  | { readonly do: 'chunks' | 'deliver' | 'cut' | 'flush' | 'wait'; readonly n: number }

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom('set', 'append', 'remove', 'open', 'chunks', 'chunks', 'deliver', 'deliver', 'deliver', 'cut', 'flush', 'wait', 'follow', 'end'),
  n: fc.nat(30),
})

/** What was published must not change: a later patch that changes it in place throws. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const child of Object.values(value)) freeze(child)
}

/** @throws what does not hold. */
async function play(steps: readonly Step[], seed: number): Promise<void> {
  let state = seed
  const dice = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
  const { client, transport, environment, scheduler, flush } = setUp()
  environment.chance = 0.3
  const server = new ModelServer(dice)
  const answers: (() => void)[] = []
  transport.answer = () => new Promise((resolve) => answers.push(() => resolve(structuredClone(server.run) as unknown as Json)))
  const writers = new Map<ScriptedConnection, () => boolean>()
  const writerOf = (connection: ScriptedConnection): (() => boolean) => {
    const writer = writers.get(connection) ?? server.connect(connection)
    writers.set(connection, writer)
    return writer
  }
  const ends: RunSnapshot[] = []
  const wrong: string[] = []
  let last: RunSnapshot | undefined
  const followed: { readonly key: string; readonly from: number; readonly early: boolean; readonly stream: Source<StreamSnapshot> }[] = []
  const source = client.run('run_a')
  source.subscribe(() => {
    const now = source.getSnapshot()
    freeze(now.run)
    if ((now.run?.version ?? 0) < (last?.run?.version ?? 0)) wrong.push('a version went back')
    if (now.end && !last?.end) {
      ends.push(now)
      // nothing is still on its way when the end is told
      if (now.run?.status !== 'COMPLETED') wrong.push('the end came before the last version')
      for (const { key, early, stream } of followed)
        if (early && stream.getSnapshot().log.length < (server.streams[key]?.chunks.length ?? 0)) wrong.push(`the end came before the chunks of ${key}`)
    }
    last = now
  })
  const followStream = (key: string, from: number): void => {
    const stream = client.stream('run_a', key, from)
    if (followed.some((known) => known.stream === stream)) return
    stream.subscribe(() => {})
    followed.push({ key, from, early: !server.ended, stream })
  }
  followStream('s0', 2)

  const take = async ({ do: what, n }: Step): Promise<void> => {
    const key = `s${n % 3}`
    switch (what) {
      case 'set':
        return server.commit([{ op: 'set', key: `$.deep.${'ab'[n % 2]}.n`, value: n }])
      case 'append':
        return server.commit([{ op: 'append', key: 'list', value: n, max: 5 }])
      case 'remove':
        return server.commit([{ op: 'remove', key: 'list', value: n }])
      case 'open':
        return server.openStream(key)
      case 'chunks':
        return server.append(
          key,
          Array.from({ length: n % 7 }, (_, at): Json => ({ n, at })),
        )
      case 'deliver':
        for (let turn = 0; turn < n; turn++) {
          // an older connection goes on while the newer one has not said anything
          const connection = transport.live[dice(transport.live.length)]
          if (connection) writerOf(connection)()
        }
        await flushSome()
        return
      case 'cut': {
        const connection = transport.live[n % Math.max(1, transport.live.length)]
        if (n % 2) connection?.end()
        else connection?.fail(new ConnectionError('cut'))
        return
      }
      case 'flush':
        return flush()
      case 'wait':
        return environment.advance(n * 100)
      case 'follow':
        followStream(key, n < 10 ? n % 5 : 0)
        return
      case 'end':
        if (n % 5 === 0) server.end(n % 2 === 0)
        return
      default:
        what satisfies never
    }
  }
  async function flushSome(): Promise<void> {
    const how = dice(4)
    if (how > 0) for (const answer of answers.splice(0)) answer()
    if (how < 2) await flush()
    else if (how === 2) scheduler.flush()
  }

  for (const one of steps) await take(one)
  server.end(true)
  for (let turn = 0; turn < 40 && (turn === 0 || client.connection.getSnapshot().status !== 'idle'); turn++) {
    await environment.advance(5_000)
    for (const answer of answers.splice(0)) answer()
    for (const connection of transport.live) {
      const writer = writerOf(connection)
      for (let idle = 0; idle < 20; ) idle = writer() ? 0 : idle + 1
    }
    await flush()
  }

  const { run, end, error } = source.getSnapshot()
  expect(error).toBeUndefined()
  expect(run).toEqual(server.run)
  expect(end?.settled).toBe(true)
  expect(ends).toHaveLength(1)
  expect(wrong).toEqual([])
  for (const { key, from, stream } of followed) {
    const snapshot = stream.getSnapshot()
    expect([...snapshot.log]).toEqual(server.streams[key]?.chunks.slice(from) ?? [])
    expect(snapshot.state).toBe(server.streams[key]?.state ?? 'closed')
    expect(snapshot.start).toBe(server.streams[key]?.start ?? 0)
  }
  // settled: nothing is open, nothing is asked for again
  expect(client.connection.getSnapshot().status).toBe('idle')
  expect(transport.live).toHaveLength(0)
  // nothing else is read
  expect(transport.requests.length).toBeLessThanOrEqual(server.omissions)
  const opened = transport.connections.length
  await environment.advance(600_000)
  expect(transport.connections).toHaveLength(opened)
}

test('random versions, coalescing, cuts and overlapping connections lose nothing', async () => {
  expect.hasAssertions()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80, size: 'max' }), fc.nat(), (steps, seed) => play(steps, seed)),
    { numRuns: 600 },
  )
}, 120_000)
