import type { Run } from 'runfeed'
import { batch, configure, runs, task, tasks } from 'runfeed/task'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startScript } from '../support/process.ts'
import { startServer } from '../support/server.ts'

// processes start, connections are made anew: on a busy machine that takes its time
vi.setConfig({ testTimeout: 30_000 })

const SECRET = 'sk_0123456789abcdef0123456789abcdef'

/** A server elsewhere, which holds `double`, `say` and `wait`. */
const elsewhere = async (secret = ''): Promise<string> => await startScript(new URL('elsewhere.ts', import.meta.url), { TEST_SECRET: secret }).line<string>()

beforeEach(() => vi.stubEnv('RUNFEED_URL', '').stubEnv('RUNFEED_SECRET_KEY', ''))
afterEach(() => {
  configure({})
  vi.unstubAllEnvs()
})

async function last(ref: string | { readonly id: string }): Promise<Run> {
  let seen: Run | undefined
  for await (const run of runs.subscribe(ref)) seen = run
  return seen as Run
}

describe('a process that is configured for a server elsewhere', () => {
  test('triggers by id, by task and in batches; the settings are those of the task there', async () => {
    configure({ url: await elsewhere() })
    const handle = await tasks.trigger('double', 21, { tags: ['a'], metadata: { user: 'Eric' }, delay: new Date(0), ttl: '1h' })
    expect(await last(handle)).toMatchObject({ status: 'COMPLETED', attempt: 2, output: 42, tags: ['a'], metadata: { user: 'Eric' } })
    // known here by its id alone: it is executed there
    const double = task({ id: 'double', run: (n: number) => n })
    expect(await last(await double.trigger(4))).toMatchObject({ output: 8, attempt: 2 })
    const { runs: many } = await batch.trigger([
      { id: 'double', payload: 1 },
      { id: 'say', payload: 'hello' },
    ])
    expect(await last(many[0] as { id: string })).toMatchObject({ output: 2, attempt: 2 })
    expect(await last(many[1] as { id: string })).toMatchObject({ metadata: { said: 'hello' } })
    const { runs: listed } = await runs.list({ tag: 'a' })
    expect(listed.map(({ id }) => id)).toEqual([handle.id])
    const first = await tasks.trigger('say', 'x', { idempotencyKey: 'once' })
    expect(await tasks.trigger('say', 'y', { idempotencyKey: 'once' })).toEqual(first)
  })

  test('retrieves, follows and cancels', async () => {
    configure({ url: await elsewhere() })
    const { id } = await tasks.trigger('wait', null)
    const statuses: string[] = []
    for await (const run of runs.subscribe(id)) {
      statuses.push(run.status)
      if (run.status === 'EXECUTING' && run.cancelRequestedAt === null) await runs.cancel(id)
    }
    expect(statuses.at(-1)).toBe('CANCELED')
    expect(await runs.retrieve(id)).toMatchObject({ id, status: 'CANCELED' })
  })

  test('is told by type what does not exist', async () => {
    configure({ url: await elsewhere() })
    await expect(runs.retrieve('run_00000000000000000000')).rejects.toMatchObject({ type: 'not_found' })
    await expect(runs.cancel('run_00000000000000000000')).rejects.toMatchObject({ type: 'not_found' })
    await expect(last('run_00000000000000000000')).rejects.toMatchObject({ type: 'not_found' })
    await expect(tasks.trigger('duoble', 1)).rejects.toMatchObject({ type: 'not_found', message: expect.stringContaining('duoble') as string })
    const mistyped = batch.trigger([
      { id: 'double', payload: 1 },
      { id: 'duoble', payload: 1 },
    ])
    await expect(mistyped).rejects.toMatchObject({ type: 'not_found', message: expect.stringContaining('duoble') as string })
    expect((await runs.list({ task: 'double' })).runs).toEqual([])
    await expect(tasks.trigger('double', Number.NaN)).rejects.toMatchObject({ type: 'invalid_value' })
    await expect(tasks.trigger('double', 1, { delay: '5 parsecs' as '5s' })).rejects.toMatchObject({ type: 'invalid_request' })
  })

  test('sends the secret key, and a handle brings the token that reads its run', async () => {
    const url = await elsewhere(SECRET)
    vi.stubEnv('RUNFEED_URL', url).stubEnv('RUNFEED_SECRET_KEY', SECRET)
    const handle = await tasks.trigger('double', 2)
    expect(await last(handle)).toMatchObject({ output: 4 })
    const read = async (token: string | undefined, run = handle.id): Promise<number> =>
      (await fetch(`${url}/v1/runs/${run}`, { headers: { authorization: `Bearer ${token}` } })).status
    expect(await read(handle.publicAccessToken)).toBe(200)
    expect(await read('nonsense')).toBe(401)
    const { runs: many } = await batch.trigger([
      { id: 'double', payload: 1 },
      { id: 'say', payload: 'x' },
    ])
    for (const one of many) expect(await last(one)).toMatchObject({ id: one.id, status: 'COMPLETED' })
    expect(await Promise.all(many.map(async (one) => await read(one.publicAccessToken, one.id)))).toEqual([200, 200])
    expect(await read(many[0]?.publicAccessToken, many[1]?.id)).toBe(403)
    configure({ url, secretKey: `${SECRET}_not` })
    await expect(tasks.trigger('double', 2)).rejects.toMatchObject({ type: 'unauthorized', status: 401 })
    await expect(last(handle)).rejects.toMatchObject({ type: 'unauthorized' })
    // what was configured comes before the environment, and the environment's key belongs to its server
    configure({ url: 'http://127.0.0.1:9', secretKey: SECRET })
    configure({ secretKey: SECRET })
    expect((await runs.retrieve(handle)).id).toBe(handle.id)
  })
})

test('a server of this process comes before one that is configured', async () => {
  configure({ url: 'http://127.0.0.1:9' })
  const work = task({ id: 'work', run: () => 1 })
  const server = await startServer({ tasks: [work] })
  const [byTask, byId] = [await work.trigger(null), await tasks.trigger('work', null)]
  for (const { id } of [byTask, byId]) expect((await server.ended(id)).status).toBe('COMPLETED')
  expect((await runs.retrieve(byTask)).id).toBe(byTask.id)
})

test('without either, both ways are named; an address that is none is refused at once', async () => {
  const message = expect.stringMatching(/createRunServer\(\{ tasks \}\).*configure\(\{ url, secretKey \}\).*RUNFEED_URL and RUNFEED_SECRET_KEY/) as string
  await expect(tasks.trigger('work', null)).rejects.toMatchObject({ type: 'not_configured', message })
  await expect(runs.list()).rejects.toMatchObject({ type: 'not_configured', message })
  expect(() => configure({ url: 'localhost:4680' })).toThrow(/http:\/\/127.0.0.1:4680/)
  // a credential in an address goes into the logs of whatever it passes
  for (const url of ['http://host/?token=hunter2', 'http://host/#hunter2', 'http://me:hunter2@host'])
    expect(() => configure({ url })).toThrow(/^(?!.*hunter2).*`secretKey`/)
})
