import type { NewRun } from '../../src/protocol/run.ts'
import { memoryEngine } from 'runfeed/server'
import { task, type Task, type TriggerOptions, type TaskSettings } from 'runfeed/task'
import { expect, test } from 'vitest'
import { startServer } from '../support/server.ts'

/** What the engine was asked to make when a task with these settings was triggered. */
async function asked(
  settings: TaskSettings,
  trigger: (work: Task<string, unknown>, rest: (id: string, options: object) => Promise<unknown>) => Promise<unknown>,
) {
  const engine = memoryEngine()
  const made: NewRun[] = []
  const create: typeof engine.record.create = async (runs) => {
    made.push(...runs)
    return await engine.record.create(runs.map(({ task: id, payload }) => ({ task: id, payload })))
  }
  const work = task({ id: 'work', ...settings, run: (_: unknown) => 1 })
  const server = await startServer({ engine: { ...engine, record: { ...engine.record, create } }, tasks: [work] })
  await trigger(work, async (id, options) => await server.trigger(id, null, options))
  return made
}

test('every option reaches the engine, times as moments', async () => {
  const before = Date.now()
  const [run] = await asked({}, async (work) => {
    await work.trigger(null, {
      metadata: { a: 1 },
      tags: ['t'],
      idempotencyKey: 'once',
      delay: '30s',
      ttl: '5m',
      maxAttempts: 3,
      maxDuration: '1.5h',
      concurrencyKey: 'user_1',
    })
  })
  expect(run).toMatchObject({ metadata: { a: 1 }, tags: ['t'], idempotencyKey: 'once', maxAttempts: 3, maxDuration: 5_400_000, concurrencyKey: 'user_1' })
  const delayUntil = run?.delayUntil ?? 0
  expect(delayUntil - before).toBeGreaterThanOrEqual(30_000)
  expect(delayUntil - before).toBeLessThan(40_000)
  // a delayed run waits to be executed from the end of its delay on
  expect(run?.expiresAt).toBe(delayUntil + 300_000)
})

test.each<[TriggerOptions['delay'], number]>([
  [250, 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('a delay of %s is %i ms', async (delay, ms) => {
  const before = Date.now()
  const [run] = await asked({}, async (work) => await work.trigger(null, { delay: delay as number }))
  expect((run?.delayUntil ?? 0) - before - ms).toBeGreaterThanOrEqual(0)
  expect((run?.delayUntil ?? 0) - before - ms).toBeLessThan(10_000)
})

test('a delay until a Date is that moment', async () => {
  const at = new Date(Date.now() + 60_000)
  const [run] = await asked({}, async (work) => await work.trigger(null, { delay: at }))
  expect(run?.delayUntil).toBe(at.getTime())
})

test('what the task says holds where the trigger says nothing, over HTTP and in a batch too', async () => {
  const runs = await asked({ retry: { maxAttempts: 4 }, maxDuration: '10s', ttl: '1h' }, async (work, rest) => {
    await rest('work', {})
    await work.batchTrigger([{ payload: 1, options: { maxAttempts: 1, maxDuration: 5, ttl: 1000 } }])
  })
  const now = Date.now()
  expect(runs).toMatchObject([
    { maxAttempts: 4, maxDuration: 10_000 },
    { maxAttempts: 1, maxDuration: 5 },
  ])
  expect(runs[0]?.expiresAt).toBeGreaterThan(now + 3_500_000)
  expect(runs[1]?.expiresAt).toBeLessThan(now + 10_000)
})

test.each<[option: string, given: unknown]>([
  ['delay', '5 minutes'],
  ['delay', -1],
  ['delay', Number.NaN],
  ['delay', new Date(Number.NaN)],
  ['ttl', '1w'],
  ['ttl', null],
  ['maxAttempts', 0],
  ['maxAttempts', 1.5],
  ['maxAttempts', '3'],
  ['maxDuration', '10'],
  ['maxDuration', 0],
  ['idempotencyKey', ''],
  ['idempotencyKey', 7],
  ['concurrencyKey', 'x'.repeat(257)],
  ['tags', 'one'],
  ['tags', [1]],
  ['tags', Array.from({ length: 21 }, (_, i) => `t${i}`)],
  ['tag', 'one'],
  ['idempotencykey', 'once'],
])('%s: %j is refused by name, and nothing is made', async (option, given) => {
  let error: unknown
  const made = await asked({}, async (work) => {
    error = await work.trigger(null, { [option]: given }).catch((thrown: unknown) => thrown)
  })
  expect(error).toMatchObject({ type: 'invalid_request', message: expect.stringMatching(new RegExp(`^${option}: .* is not accepted; it is `)) })
  expect(made).toEqual([])
})

test.each<[option: string, settings: object]>([
  ['retry.maxAttempts', { retry: { maxAttempts: 0 } }],
  ['retry.minTimeout', { retry: { minTimeout: 'soon' } }],
  ['retry.maxTimeout', { retry: { maxTimeout: -1 } }],
  ['retry.factor', { retry: { factor: 0.5 } }],
  ['retry.randomize', { retry: { randomize: 'yes' } }],
  ['maxDuration', { maxDuration: '10 s' }],
  ['ttl', { ttl: [] }],
  ['queue.concurrencyLimit', { queue: { concurrencyLimit: 0 } }],
])('a task’s %s is checked when the task is declared', (option, settings) => {
  expect(() => task({ id: 'work', ...settings, run: () => 1 })).toThrow(new RegExp(`^${option.replace('.', '\\.')}: `))
})

test('a second run of one key is the first one, and a delayed run waits', async () => {
  const work = task({ id: 'work', run: (n: number) => n })
  const server = await startServer({ tasks: [work] })
  const [first, second] = [await work.trigger(1, { idempotencyKey: 'once' }), await work.trigger(2, { idempotencyKey: 'once' })]
  expect(second.id).toBe(first.id)
  expect((await server.ended(first.id)).output).toBe(1)
  const later = await work.trigger(3, { delay: '1h' })
  expect((await server.run(later.id)).status).toBe('DELAYED')
  const due = await work.trigger(4, { delay: new Date(0) })
  expect((await server.ended(due.id)).output).toBe(4)
})
