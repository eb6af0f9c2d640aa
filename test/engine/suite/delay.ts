import { describe, expect, test } from 'vitest'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, read, until, woken } from './given.ts'

const claimed = async (engine: RunEngine, task = 'work'): Promise<readonly string[]> =>
  (await engine.queue.claim({ worker: 'w', tasks: [task], max: 10 })).map(({ run }) => run.id)

export function delaySuite(open: Open): void {
  describe('a delayed run', () => {
    test('is not executed before its time, then queued, and the queue is woken', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await created(engine, { delayUntil: now() + 1000 })
      expect(run).toMatchObject({ status: 'DELAYED', version: 1, startedAt: null })
      advance(999)
      await engine.sweep()
      expect(await claimed(engine)).toEqual([])
      advance(1)
      const wake = woken(engine, topics.queue)
      await engine.sweep()
      await wake
      expect(await read(engine, run.id)).toMatchObject({ status: 'QUEUED', version: 2, updatedAt: now() })
      expect(await claimed(engine)).toEqual([run.id])
    })

    test('whose time has come is queued at once', async () => {
      const { now } = clock()
      const { engine } = await open({ now })
      expect((await created(engine, { delayUntil: now() })).status).toBe('QUEUED')
    })

    test('is claimed when its time has come, however late the timer is', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await created(engine, { delayUntil: now() + 1000 })
      advance(1000)
      expect(await claimed(engine)).toEqual([run.id])
    })

    test('is queued without being asked, the earliest first', async () => {
      const { engine } = await open()
      const [late, early] = [await created(engine, { delayUntil: Date.now() + 3_600_000 }), await created(engine, { delayUntil: Date.now() + 30 })]
      await until(engine, topics.queue, async () => (await read(engine, early.id)).status === 'QUEUED')
      expect((await read(engine, late.id)).status).toBe('DELAYED')
    })

    test('ends at once when it is canceled, and is not queued after that', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await created(engine, { delayUntil: now() + 1000 })
      expect(await engine.record.cancel(run.id)).toMatchObject({ status: 'CANCELED', finishedAt: now() })
      advance(2000)
      await engine.sweep()
      expect((await read(engine, run.id)).status).toBe('CANCELED')
    })

    test.each([
      ['delayUntil', Number.NaN],
      ['expiresAt', Number.POSITIVE_INFINITY],
      ['maxAttempts', 0],
      ['maxDuration', 0.5],
      ['idempotencyKey', ''],
      ['concurrencyKey', 'x'.repeat(257)],
    ])('%s that is none is refused by name', async (field, value) => {
      const { engine } = await open()
      await expect(created(engine, { [field]: value })).rejects.toMatchObject({ type: 'invalid_request', message: expect.stringContaining(field) as string })
    })
  })

  describe('a run that nobody begins in time', () => {
    test.each([
      ['queued', {}],
      ['delayed', { delayUntil: 2_000_000 }],
    ])('expires while it is %s', async (_, more) => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await created(engine, { expiresAt: now() + 1000, ...more })
      advance(1000)
      await engine.sweep()
      expect(await read(engine, run.id)).toMatchObject({ status: 'EXPIRED', error: { type: 'expired' }, finishedAt: now(), startedAt: null })
      expect(await engine.record.isSettled(run.id)).toBe(true)
    })

    test('is not executed, however late the timer is', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await created(engine, { expiresAt: now() + 1000 })
      advance(1000)
      expect(await claimed(engine)).toEqual([])
      expect((await read(engine, run.id)).status).toBe('EXPIRED')
    })

    test('expires by what its task says, where nobody knew that before its first claim', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const [old, delayed] = [await created(engine, { task: 'late' }), await created(engine, { task: 'late', delayUntil: now() + 500 })]
      advance(1000)
      const fresh = await created(engine, { task: 'late' })
      await engine.sweep()
      const wake = woken(engine, topics.queue)
      const claim = async (): Promise<readonly string[]> =>
        (await engine.queue.claim({ worker: 'w', tasks: ['late'], max: 1, settings: { late: { ttl: 1000 } } })).map(({ run }) => run.id)
      expect(await claim()).toEqual([])
      expect(await read(engine, old.id)).toMatchObject({ status: 'EXPIRED', error: { type: 'expired' }, startedAt: null })
      // its place is the next one's: whoever claims is told to ask again
      await wake
      expect(await claim()).toEqual([delayed.id])
      expect(await claim()).toEqual([fresh.id])
    })

    test('expires without being asked', async () => {
      const { engine } = await open()
      const run = await created(engine, { expiresAt: Date.now() + 30 })
      await until(engine, topics.run(run.id), async () => (await read(engine, run.id)).status !== 'QUEUED')
      expect((await read(engine, run.id)).status).toBe('EXPIRED')
    })

    test('expires when who had claimed it has given it back, unless it was executed before', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await executing(engine, { expiresAt: now() + 1000 })
      const tried = await executing(engine, { expiresAt: now() + 1000, maxAttempts: 2 })
      await engine.record.commit({ run: tried.id, attempt: 1, retry: { at: now(), error: { type: 'Error', message: 'no' } } })
      expect(await claimed(engine, tried.task)).toEqual([tried.id])
      await engine.queue.release('w', tried.id)
      await engine.queue.release('worker', run.id)
      const asked = await executing(engine)
      await engine.queue.release('worker', asked.id)
      advance(1000)
      await engine.sweep()
      expect(await Promise.all([run, tried, asked].map(async ({ id }) => (await read(engine, id)).status))).toEqual(['EXPIRED', 'QUEUED', 'QUEUED'])
      await engine.queue.claim({ worker: 'w', tasks: [asked.task], max: 1, settings: { [asked.task]: { ttl: 1000 } } })
      expect((await read(engine, asked.id)).status).toBe('EXPIRED')
    })

    test('does not expire once it was begun, between two attempts neither', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await executing(engine, { expiresAt: now() + 1000, maxAttempts: 2 })
      advance(1000)
      await engine.sweep()
      expect((await read(engine, run.id)).status).toBe('EXECUTING')
      await engine.record.commit({ run: run.id, attempt: 1, retry: { at: now() + 1, error: { type: 'Error', message: 'no' } } })
      advance(1)
      await engine.sweep()
      expect(await claimed(engine, run.task)).toEqual([run.id])
      await ended(engine, { ...run, attempt: 2 })
    })
  })
}
