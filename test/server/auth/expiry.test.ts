// Time, by a clock that the test moves: tokens end when they say, feeds with them, and runs after their retention.
import { createRunClient, type Run } from 'runfeed'
import { type EmbeddedEngine, memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test } from 'vitest'
import { environment } from '../../../src/transport/environment.ts'
import { framesOf, framesUntil } from '../../support/frames.ts'
import { gate } from '../../support/gate.ts'
import { KEY, startKeyedServer, tokenFor } from './keyed-server.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

test('in 24 hours each token ends when it says, and each run when its time is over', { timeout: 60_000 }, async () => {
  let now = Date.UTC(2026, 0, 1)
  const engine: EmbeddedEngine = memoryEngine({ now: () => now, retentionMs: 12 * HOUR })
  const server = await startKeyedServer({ engine, now: () => now })
  const oldestIs: string[] = []
  const made: { readonly run: Run; readonly at: number }[] = []
  const mint = async (body: object): Promise<{ token: string; expiresAt: number }> =>
    JSON.parse((await server.ask(KEY, '/v1/tokens', body)).text) as { token: string; expiresAt: number }
  const status = async (token: string, id: string): Promise<string> => {
    const answer = await server.ask(token, `/v1/runs/${id}`)
    return answer.type ?? String(answer.status)
  }
  for (let hour = 0; hour < 24; hour++) {
    const run = await server.create(KEY)
    await server.ask(KEY, `/v1/runs/${run.id}/cancel`, {})
    made.push({ run, at: now })
    const scopes = [`read:runs:${run.id}`]
    const [usual, long] = [await mint({ scopes }), await mint({ scopes, expiresIn: '36h' })]
    expect([usual.expiresAt - now, long.expiresAt - now]).toEqual([15 * MINUTE, 36 * HOUR])
    const { publicAccessToken: handed, id } = (await server.ask(KEY, '/v1/tasks/report/trigger', { options: { ttl: '1s' } })).body
    now += 15 * MINUTE - 1
    expect([await status(usual.token, run.id), await status(handed, id)]).toEqual(['200', '200'])
    now += 1
    expect([await status(usual.token, run.id), await status(handed, id), await status(long.token, run.id)]).toEqual(['token_expired', 'token_expired', '200'])
    now += 45 * MINUTE
    await engine.sweep()
    const left = await Promise.all(made.map(async (one) => (await status(KEY, one.run.id)) === '200'))
    expect(left).toEqual(made.map(({ at }) => now - at < 12 * HOUR))
    // a token outlives its run: it says that it is gone, and reads nothing else
    const oldest = made[0]?.run.id ?? ''
    oldestIs.push(await status((await mint({ scopes: [`read:runs:${oldest}`] })).token, oldest))
  }
  expect(oldestIs).toEqual(Array.from({ length: 24 }, (_, hour) => (hour < 11 ? '200' : 'not_found')))
})

test('a token lives for 30 days at most, made here or by a server', async () => {
  const server = await startKeyedServer()
  const scopes = ['read:runs:run_x'] as const
  const month = 30 * 24 * HOUR
  expect((await server.ask(KEY, '/v1/tokens', { scopes, expiresIn: month })).status).toBe(201)
  const refused = await server.ask(KEY, '/v1/tokens', { scopes, expiresIn: month + 1 })
  expect([refused.status, refused.type, refused.body.error?.message]).toEqual([400, 'invalid_request', expect.stringContaining('30 days') as string])
  await expect(tokenFor(scopes, { expiresIn: '31d' })).rejects.toMatchObject({ type: 'invalid_request', message: expect.stringContaining("'30d'") as string })
})

test('a feed ends with its token: each want is denied in its time, and the others go on', { timeout: 60_000 }, async () => {
  let now = Date.UTC(2026, 0, 1)
  const server = await startKeyedServer({ engine: memoryEngine({ now: () => now }), now: () => now })
  const [one, two] = [await server.create(KEY), await server.create(KEY)]
  const mint = async (run: Run, expiresIn: string): Promise<string> =>
    (JSON.parse((await server.ask(KEY, '/v1/tokens', { scopes: [`read:runs:${run.id}`], expiresIn })).text) as { token: string }).token
  const response = await server.feed(await mint(one, '5m'), [{ run: one.id }, { run: one.id, stream: 'log' }, { run: two.id, token: await mint(two, '10m') }])
  const seen: string[] = []
  let runs = 0
  for await (const frame of framesOf(response)) {
    if (frame.event === 'run' && ++runs === 2) now += 5 * MINUTE
    if (frame.event === 'denied') seen.push(`${frame.data.run} ${frame.data.stream ?? ''} ${frame.data.code}`)
    if (frame.event === 'denied' && seen.length === 2)
      void server.ask(KEY, `/v1/runs/${two.id}/metadata`, { operations: [{ op: 'set', key: 'n', value: 1 }] }, { method: 'PATCH' })
    if (frame.event === 'patch') {
      seen.push(`${frame.data.run} patch`)
      now += 5 * MINUTE
    }
  }
  expect(seen.slice(0, 2).sort()).toEqual([`${one.id}  token_expired`, `${one.id} log token_expired`].sort())
  // with its last want the feed is over
  expect(seen.slice(2)).toEqual([`${two.id} patch`, `${two.id}  token_expired`])
})

test('a page whose tokens last 5 s, and are asked for again by a function, sees everything', { timeout: 60_000 }, async () => {
  const ROUNDS = 3
  const STEPS = 10
  const gates = Array.from({ length: ROUNDS + 1 }, gate)
  const counting = task({
    id: 'count',
    run: async () => {
      const stream = await metadata.stream(
        'rows',
        (async function* () {
          for (const [round, { opened }] of gates.entries()) {
            await opened
            for (let n = round * STEPS; n < (round + 1) * STEPS; n++) {
              metadata.set('n', n)
              yield n
              await metadata.flush()
            }
          }
        })(),
      )
      for await (const _ of stream);
    },
  })
  const start = Date.now()
  let serverAhead = 0
  let clientAhead = 0
  // expired tokens are looked for at each heartbeat, because the clock is ours
  const server = await startKeyedServer({ tasks: [counting], heartbeat: 2000, engine: memoryEngine(), now: () => start + serverAhead })
  const { id } = (await server.ask(KEY, '/v1/tasks/count/trigger', {})).body
  let asked = 0
  const client = createRunClient({
    baseUrl: server.url,
    environment: { ...environment, now: () => Date.now() + clientAhead },
    accessToken: async () => {
      asked++
      return (JSON.parse((await server.ask(KEY, '/v1/tokens', { scopes: [`read:runs:${id}`], expiresIn: '5s', subject: 'ann' })).text) as { token: string })
        .token
    },
  })
  onTestFinished(() => client.close())
  const [run, rows] = [client.run(id), client.stream(id, 'rows')]
  const errors: unknown[] = []
  onTestFinished(
    run.subscribe(() => {
      const { error } = run.getSnapshot()
      if (error) errors.push(error)
    }),
  )
  onTestFinished(rows.subscribe(() => {}))
  const patient = { timeout: 20_000 }
  for (const [round, step] of gates.entries()) {
    step.open()
    await expect
      .poll(() => [errors, rows.getSnapshot().log.length, run.getSnapshot().run?.metadata['n']], patient)
      .toEqual([[], (round + 1) * STEPS, (round + 1) * STEPS - 1])
    if (round === ROUNDS) break
    const before = asked
    serverAhead += 5000
    // the client takes a token that is denied within a second of its opening for one that never was good
    clientAhead += 1100
    await expect.poll(() => asked, patient).toBeGreaterThan(before)
  }
  await expect.poll(() => run.getSnapshot().run?.status, patient).toBe('COMPLETED')
  expect([...rows.getSnapshot().log]).toEqual(Array.from({ length: (ROUNDS + 1) * STEPS }, (_, n) => n))
  // one for each expiry, whatever it was asked for
  expect([errors, asked]).toEqual([[], ROUNDS + 1])
})

test('a handle brings its own token, which reads its run alone', async () => {
  const server = await startKeyedServer()
  const other = await server.create(KEY)
  const { id, publicAccessToken } = (await server.ask(KEY, '/v1/tasks/report/trigger', {})).body
  const frames = await framesUntil(
    await server.feed(undefined, [
      { run: other.id, token: publicAccessToken },
      { run: id, token: publicAccessToken },
    ]),
    ({ event }) => event === 'run',
  )
  expect(frames.flatMap((frame) => (frame.event === 'run' ? [frame.data.run.id] : []))).toEqual([id])
})
