import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, read, until, woken } from './given.ts'

/** The time of the day, for this test, which somebody sets by so many ms. Before what asks for it is made. */
function settableClock(): (ms: number) => void {
  const real = Date.now
  let by = 0
  const clockOfDay = vi.spyOn(Date, 'now').mockImplementation(() => real() + by)
  onTestFinished(() => clockOfDay.mockRestore())
  return (ms) => {
    by = ms
  }
}

export function queueSuite(open: Open): void {
  describe('the queue', () => {
    test('gives the oldest first, of the tasks asked for, no more than asked for', async () => {
      const { now } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const made = await engine.record.create(['a', 'b', 'c', 'a', 'b'].map((task) => ({ task, payload: null })))
      const claims = await engine.queue.claim({ worker: 'w', tasks: ['b', 'a'], max: 3 })
      expect(claims.map((claim) => claim.run.id)).toEqual([made[0]?.id, made[1]?.id, made[3]?.id])
      expect(claims[0]).toMatchObject({ run: { status: 'EXECUTING', attempt: 1, startedAt: now(), version: 2 }, leaseUntil: now() + 1000 })
      expect((await engine.queue.claim({ worker: 'w', tasks: ['b', 'a'], max: 3 })).map((claim) => claim.run.id)).toEqual([made[4]?.id])
      expect(await engine.queue.claim({ worker: 'w', tasks: ['b', 'a'], max: 3 })).toEqual([])
    })

    test('gives each run once, however many ask at once', async () => {
      const { engine } = await open()
      await engine.record.create(Array.from({ length: 50 }, () => ({ task: 'many', payload: null })))
      const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => engine.queue.claim({ worker: `w${i}`, tasks: ['many'], max: 4 })))
      expect(new Set(claims.flat().map((claim) => claim.run.id)).size).toBe(50)
      expect(claims.flat()).toHaveLength(50)
    })

    test('a run given back is claimed again, at its next attempt, with its metadata', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, attempt: 1, operations: [{ op: 'set', key: 'k', value: 1 }] })
      const wake = woken(engine, topics.queue)
      await engine.queue.release('worker', run.id)
      await wake
      expect(await read(engine, run.id)).toMatchObject({ status: 'QUEUED', attempt: 1 })
      await expect(engine.record.commit({ run: run.id, attempt: 1 })).rejects.toMatchObject({ type: 'stale_attempt', details: { current: 2 } })
      const [claim] = await engine.queue.claim({ worker: 'other', tasks: [run.task], max: 1 })
      expect(claim?.run).toMatchObject({ id: run.id, attempt: 2, metadata: { k: 1 }, startedAt: run.startedAt })
      await expect(engine.record.commit({ run: run.id, attempt: 1 })).rejects.toMatchObject({ type: 'stale_attempt', details: { current: 2 } })
      await engine.record.commit({ run: run.id, attempt: 2, end: { status: 'COMPLETED' } })
    })

    test('only who holds a run gives it back', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await engine.queue.release('somebody', run.id)
      expect((await read(engine, run.id)).status).toBe('EXECUTING')
      await ended(engine, run)
      await engine.queue.release('worker', run.id)
      expect((await read(engine, run.id)).status).toBe('COMPLETED')
    })

    test('a run that is to be canceled does not go back', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await engine.record.cancel(run.id)
      await engine.queue.release('worker', run.id)
      expect(await read(engine, run.id)).toMatchObject({ status: 'CANCELED', error: { type: 'canceled' } })
    })

    test('a run whose lease is out has crashed, with its open streams and what was queued below it', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } })
      const child = await created(engine, { parentId: run.id })
      const other = await created(engine)
      const wakes = Promise.all([topics.run(run.id), topics.control(run.id), topics.stream(run.id, 'never')].map((topic) => woken(engine, topic)))
      advance(999)
      expect(await engine.sweep()).toBe(0)
      advance(1)
      const busy = await executing(engine, { parentId: run.id })
      expect(await engine.sweep()).toBe(1)
      await wakes
      expect(await read(engine, run.id)).toMatchObject({
        status: 'CRASHED',
        error: { type: 'crashed', message: expect.stringContaining('1 s') as string },
        finishedAt: now(),
        streams: { log: { state: 'aborted' } },
      })
      expect(await Promise.all([child, other, busy].map(async ({ id }) => (await read(engine, id)).status))).toEqual(['CANCELED', 'QUEUED', 'EXECUTING'])
      await expect(engine.record.commit({ run: run.id, attempt: 1 })).rejects.toMatchObject({ type: 'run_ended' })
    })

    test('renewals and writes of the attempt keep a lease, writes of others do not', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const [renewed, writing, streaming, silent] = [await executing(engine), await executing(engine), await executing(engine), await executing(engine)]
      await engine.record.commit({ run: streaming.id, attempt: 1, streams: { log: { state: 'open' } } })
      advance(600)
      expect(await engine.queue.renew('worker', [renewed.id, 'run_none'])).toEqual([renewed.id])
      expect(await engine.queue.renew('somebody', [silent.id])).toEqual([])
      await engine.record.commit({ run: writing.id, attempt: 1 })
      await engine.chunks.append(streaming.id, 'log', ['x'], { by: streaming.id, attempt: 1 })
      await engine.record.commit({ run: silent.id, by: writing.id, operations: [{ op: 'set', key: 'k', value: 1 }] })
      advance(600)
      expect(await engine.sweep()).toBe(1)
      expect(await engine.queue.renew('worker', [renewed.id, writing.id, streaming.id, silent.id])).toEqual([renewed.id, writing.id, streaming.id])
    })

    test('a process that was held up does not take its own silence for its workers’', async () => {
      const { engine } = await open({ leaseMs: 80 })
      const run = await executing(engine)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
      // timers that were due while nothing could happen come first
      await new Promise((resolve) => setTimeout(resolve))
      expect(await engine.queue.renew('worker', [run.id])).toEqual([run.id])
    })

    test('an alarm that rings first takes no lease away: what keeps it may wait behind the alarm', async () => {
      const { now, advance } = clock()
      // its own timer would ring in minutes
      const { engine } = await open({ now, leaseMs: 1_000_000 })
      const run = await executing(engine)
      const delayed = await created(engine, { delayUntil: now() + 1 })
      // a process that stood still, or a clock that was set
      advance(2_000_000)
      await until(engine, topics.run(delayed.id), async () => (await read(engine, delayed.id)).status === 'QUEUED')
      expect((await read(engine, run.id)).status).toBe('EXECUTING')
      expect(await engine.queue.renew('worker', [run.id])).toEqual([run.id])
      expect(await engine.sweep()).toBe(0)
    })

    test('a lease does not end when the clock of the machine is set on', async () => {
      const set = settableClock()
      const { engine } = await open()
      const run = await executing(engine)
      set(3_600_000)
      expect(await engine.sweep()).toBe(0)
      expect(await engine.queue.renew('worker', [run.id])).toEqual([run.id])
    })

    test('a lease ends in its time when the clock of the machine is set back', async () => {
      const set = settableClock()
      const { engine } = await open({ leaseMs: 400 })
      const run = await executing(engine)
      set(-3_600_000)
      await until(engine, topics.run(run.id), async () => (await read(engine, run.id)).status !== 'EXECUTING')
      expect((await read(engine, run.id)).status).toBe('CRASHED')
    })

    test('leases are looked after without being asked', async () => {
      const { engine } = await open({ leaseMs: 60 })
      const run = await executing(engine)
      await until(engine, topics.run(run.id), async () => (await read(engine, run.id)).status !== 'EXECUTING')
      expect((await read(engine, run.id)).status).toBe('CRASHED')
    })
  })
}
