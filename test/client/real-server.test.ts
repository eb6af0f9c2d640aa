// Lists and tokens against the server itself.
import { createRunClient, type RunClient } from 'runfeed'
import { createPublicToken } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

const PATIENT = { timeout: 30_000, interval: 20 }
const SECRET = 'a-secret-key-that-is-long-enough-for-tests'

/** Counts the feeds that a client opens. */
function counting(baseUrl: string, accessToken?: () => Promise<string>): { readonly client: RunClient; readonly feeds: () => number } {
  let feeds = 0
  const client = createRunClient({
    baseUrl,
    accessToken,
    fetch: (input, init) => {
      if ((input as string).endsWith('/v1/feed')) feeds++
      return fetch(input, init)
    },
  })
  onTestFinished(() => client.close())
  return { client, feeds: () => feeds }
}

test('200 runs in a list are 1 connection, which tells who comes, changes and goes', async () => {
  const held = gate()
  const work = task({
    id: 'listed',
    run: async () => {
      metadata.set('begun', true)
      await held.opened
    },
  })
  const server = await startServer({ tasks: [work], concurrency: 5 })
  for (let n = 0; n < 200; n++) await server.trigger('listed')
  const { client, feeds } = counting(server.url)
  const executing = client.runList({ task: 'listed', status: ['EXECUTING'] })
  const all = client.runList({ task: 'listed', limit: 200 })
  for (const list of [executing, all]) onTestFinished(list.subscribe(() => {}))
  await vi.waitFor(() => {
    expect(all.getSnapshot().runs).toHaveLength(200)
    expect(executing.getSnapshot().runs).toHaveLength(5)
    expect(executing.getSnapshot().runs?.every((run) => run.metadata.begun)).toBe(true)
  }, PATIENT)
  expect(feeds()).toBe(1)
  expect(all.getSnapshot().hasMore).toBe(false)
  const newest = await server.trigger('listed')
  await vi.waitFor(() => expect(all.getSnapshot().runs?.[0]?.id).toBe(newest), PATIENT)
  expect(all.getSnapshot()).toMatchObject({ hasMore: true, error: undefined })
  held.open()
  await vi.waitFor(() => {
    expect(executing.getSnapshot().runs).toEqual([])
    expect(all.getSnapshot().runs?.every(({ status }) => status === 'COMPLETED')).toBe(true)
  }, PATIENT)
  expect(feeds()).toBe(1)
}, 90_000)

test('tokens that expire while ten runs are followed are asked for once each time, and nothing is lost', async () => {
  const gates = Array.from({ length: 6 }, () => gate())
  const work = task({
    id: 'tokens',
    run: async () => {
      async function* chunks(): AsyncGenerator<number> {
        for (const [n, { opened }] of gates.entries()) {
          await opened
          yield n
        }
      }
      await metadata.stream('log', chunks())
    },
  })
  const server = await startServer({ tasks: [work], concurrency: 20, auth: { secretKeys: [SECRET] } })
  const secret = createRunClient({ baseUrl: server.url, accessToken: SECRET })
  onTestFinished(() => secret.close())
  const runs = await Promise.all(Array.from({ length: 10 }, async () => (await secret.runs.trigger('tokens', null)).id))
  let asked = 0
  const { client, feeds } = counting(server.url, async () => {
    asked++
    return await createPublicToken({ secretKey: SECRET, scopes: runs.map((run) => `read:runs:${run}` as const), expiresIn: 2_000 })
  })
  const chunks = runs.map(() => [] as unknown[])
  const ends: Promise<void>[] = []
  for (const [n, run] of runs.entries())
    ends.push(
      new Promise((resolve, reject) => {
        client.subscribeStream(run, 'log', { onChange: (chunk) => chunks[n]?.push(chunk), onEnd: resolve, onError: reject })
      }),
    )
  // each step comes after another token
  for (const [step, one] of gates.entries()) {
    await vi.waitFor(() => expect(asked).toBeGreaterThan(Math.min(step, 3)), PATIENT)
    one.open()
    await vi.waitFor(() => expect(chunks.every((seen) => seen.length === step + 1)).toBe(true), PATIENT)
  }
  await Promise.all(ends)
  expect(chunks).toEqual(runs.map(() => [0, 1, 2, 3, 4, 5]))
  expect(asked).toBe(feeds())
}, 90_000)
