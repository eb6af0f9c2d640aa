// Lists and tokens against the server itself.
import { createRunClient, type RunClient } from 'runfeed'
import { createPublicToken } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import { RunPages } from '../../src/client/run-pages.ts'
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

test('calls of a run ask with the token of its handle, and with the client’s own where that does not allow it', async () => {
  const held = gate()
  const work = task({
    id: 'handled',
    run: async (_: null, { signal }) => {
      await Promise.race([held.opened, new Promise((resolve) => signal.addEventListener('abort', resolve))])
      return 'large '.repeat(40_000)
    },
  })
  const server = await startServer({ tasks: [work], concurrency: 5, auth: { secretKeys: [SECRET] } })
  const secret = createRunClient({ baseUrl: server.url, accessToken: SECRET })
  const page = createRunClient({ baseUrl: server.url })
  for (const client of [secret, page]) onTestFinished(() => client.close())
  const trigger = async () => await secret.runs.trigger('handled', null)
  const handleFor = async (id: string, ...scopes: readonly ('read' | 'cancel')[]) => ({
    id,
    publicAccessToken: await createPublicToken({
      secretKey: SECRET,
      scopes: [`read:history:${id}` as const, ...scopes.map((scope) => `${scope}:runs:${id}` as const)],
    }),
  })

  const reading = await trigger()
  expect((await page.runs.retrieve(reading)).id).toBe(reading.id)
  await expect(page.runs.retrieve(reading.id)).rejects.toMatchObject({ status: 401 })
  await expect(page.runs.history(reading)).rejects.toMatchObject({ type: 'forbidden', message: expect.stringContaining('read:history') as string })
  await expect(page.runs.cancel(reading)).rejects.toMatchObject({ type: 'forbidden' })
  expect((await page.runs.history(await handleFor(reading.id, 'read'))).oldest).toBe(1)
  // what a frame leaves out for its size is read with it as well
  const states: unknown[] = []
  const ended = new Promise<void>((resolve, reject) => {
    page.subscribeRun(reading, { onChange: ({ output }) => states.push(output), onEnd: resolve, onError: reject })
  })
  held.open()
  await ended
  expect(states.at(-1)).toBe('large '.repeat(40_000))

  const [own, other] = [await trigger(), await trigger()]
  expect((await page.runs.cancel(await handleFor(own.id, 'read', 'cancel'))).id).toBe(own.id)
  expect((await secret.runs.cancel(other)).id).toBe(other.id)
  await vi.waitFor(async () => {
    for (const { id } of [own, other]) expect((await secret.runs.retrieve(id)).status).toMatch(/CANCELED|COMPLETED/)
  }, PATIENT)
}, 60_000)

test('a handle whose token is over gives way to a newer one of the same run, in time or after it failed', async () => {
  const held = gate()
  const work = task({
    id: 'renewed',
    run: async () => {
      await held.opened
      return 'done'
    },
  })
  const server = await startServer({ tasks: [work], auth: { secretKeys: [SECRET] } })
  const secret = createRunClient({ baseUrl: server.url, accessToken: SECRET })
  onTestFinished(() => secret.close())
  const { id } = await secret.runs.trigger('renewed', null)
  const handle = async (expiresIn: number) => ({
    id,
    publicAccessToken: await createPublicToken({ secretKey: SECRET, scopes: [`read:runs:${id}`], expiresIn }),
  })
  const pages = await Promise.all(
    ['late', 'in time'].map(async (when) => {
      const { client, feeds } = counting(server.url)
      const short = client.run(await handle(1_000))
      onTestFinished(short.subscribe(() => {}))
      if (when === 'late') await vi.waitUntil(() => short.getSnapshot().error?.type === 'token_expired', PATIENT)
      const long = client.run(await handle(60_000))
      onTestFinished(long.subscribe(() => {}))
      // the first connection, and the one that asks with the newer token
      await vi.waitFor(() => expect(feeds()).toBeGreaterThanOrEqual(2), PATIENT)
      return { short, long }
    }),
  )
  held.open()
  for (const { short, long } of pages)
    await vi.waitFor(() => {
      expect(long.getSnapshot()).toMatchObject({ error: undefined, run: { output: 'done' } })
      expect(short.getSnapshot()).toBe(long.getSnapshot())
    }, PATIENT)
}, 60_000)

test('children are listed with the token of a handle that has the tree, and with the client’s own where it has the run alone', async () => {
  const held = gate()
  const child = task({ id: 'leaf', run: async () => await held.opened })
  const parent = task({
    id: 'tree',
    run: async () => {
      await Promise.all([1, 2].map(() => child.trigger(null)))
      await held.opened
    },
  })
  const server = await startServer({ tasks: [parent, child], auth: { secretKeys: [SECRET] } })
  const secret = createRunClient({ baseUrl: server.url, accessToken: SECRET })
  const page = createRunClient({ baseUrl: server.url })
  // a client of its own: where the list is open already, another token is asked with when that one is over
  const stranger = createRunClient({ baseUrl: server.url })
  for (const client of [secret, page, stranger]) onTestFinished(() => client.close())
  const { id, publicAccessToken: ofRun } = await secret.runs.trigger('tree', null)
  const ofTree = await createPublicToken({ secretKey: SECRET, scopes: [`read:tree:${id}`] })
  const lists = [new RunPages(page, { parent: id }, 200, ofTree), new RunPages(secret, { parent: id }, 200, ofRun)]
  for (const list of lists) onTestFinished(list.subscribe(() => {}))
  const show = (length: number): Promise<void> =>
    vi.waitFor(() => {
      for (const list of lists) {
        const { runs, error } = list.getSnapshot()
        expect([runs?.length, error]).toEqual([length, undefined])
      }
    }, PATIENT)
  await show(2)
  const refused = new RunPages(stranger, { parent: id }, 200, ofRun)
  onTestFinished(refused.subscribe(() => {}))
  await vi.waitFor(() => expect(refused.getSnapshot().error).toBeDefined(), PATIENT)
  expect((await page.runs.list({ parent: id }, undefined, ofTree)).runs).not.toHaveLength(0)
  held.open()
}, 60_000)
