import { describe, expect, test } from 'vitest'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, read, woken } from './given.ts'

export function cancelSuite(open: Open): void {
  describe('cancel', () => {
    test('ends a queued run at once', async () => {
      const { now } = clock()
      const { engine } = await open({ now })
      const run = await created(engine, { task: 'queued' })
      expect(await engine.record.cancel(run.id)).toMatchObject({ status: 'CANCELED', finishedAt: now(), error: { type: 'canceled' } })
      expect(await engine.queue.claim({ worker: 'w', tasks: ['queued'], max: 1 })).toEqual([])
    })

    test('tells who executes a run, waiting or not, and leaves the end to it', async () => {
      const { now } = clock()
      const { engine } = await open({ now })
      for (const move of ['EXECUTING', 'WAITING'] as const) {
        const run = await executing(engine)
        await engine.record.commit({ run: run.id, attempt: 1, move })
        const wake = woken(engine, topics.control(run.id))
        expect(await engine.record.cancel(run.id)).toMatchObject({ status: move, cancelRequestedAt: now(), finishedAt: null })
        await wake
        await engine.record.commit({ run: run.id, attempt: 1, end: { status: 'CANCELED' } })
        expect(await read(engine, run.id)).toMatchObject({ status: 'CANCELED' })
      }
    })

    test('ends a run whose worker goes on for more than a lease and 30 s, and nothing else', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const run = await executing(engine)
      const own = await created(engine, { parentId: run.id })
      await engine.record.cancel(run.id)
      const goOn = async (): Promise<unknown> => await engine.record.commit({ run: run.id, attempt: 1, operations: [{ op: 'increment', key: 'n', by: 1 }] })
      for (let i = 0; i < 62; i++) {
        advance(500)
        await goOn()
        if (i < 61) await engine.sweep()
      }
      expect(await read(engine, run.id)).toMatchObject({ status: 'EXECUTING', metadata: { n: 62 } })
      await engine.sweep()
      expect(await read(engine, run.id)).toMatchObject({
        status: 'CANCELED',
        finishedAt: now(),
        error: { type: 'canceled', message: 'canceled; its worker did not stop in time' },
      })
      await expect(goOn()).rejects.toMatchObject({ type: 'run_ended' })
      expect((await read(engine, own.id)).status).toBe('QUEUED')
    })

    test('of a run whose worker is gone leaves what it has queued for nobody to wait for', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const run = await executing(engine)
      const own = await created(engine, { parentId: run.id })
      const awaited = await created(engine, { parentId: run.id, isAwaited: true })
      await engine.record.cancel(run.id)
      advance(1000)
      expect(await engine.sweep()).toBe(1)
      expect(await Promise.all([run, own, awaited].map(async ({ id }) => (await read(engine, id)).status))).toEqual(['CANCELED', 'QUEUED', 'CANCELED'])
    })

    test('asked twice makes no second version, and tells again', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const { version } = await engine.record.cancel(run.id)
      const wake = woken(engine, topics.control(run.id))
      expect((await engine.record.cancel(run.id)).version).toBe(version)
      await wake
    })

    test('reaches descendants that are waited for, and no others', async () => {
      const { engine } = await open()
      const root = await executing(engine)
      const isAwaited = true
      const child = await executing(engine, { parentId: root.id, isAwaited })
      const queued = await created(engine, { parentId: child.id, isAwaited })
      const delayed = await created(engine, { parentId: child.id, isAwaited, delayUntil: Date.now() + 3_600_000 })
      const over = await executing(engine, { parentId: root.id, isAwaited })
      const below = await created(engine, { parentId: over.id, isAwaited })
      const own = await executing(engine, { parentId: root.id })
      const waitsForOwn = await created(engine, { parentId: own.id, isAwaited })
      const ownQueued = await created(engine, { parentId: child.id, isAwaited: false })
      const other = await created(engine)
      await ended(engine, over)
      const wakes = Promise.all([child, queued].map(({ id }) => woken(engine, topics.control(id))))
      await engine.record.cancel(root.id)
      await wakes
      const after = await Promise.all([child, queued, delayed, over, below, own, waitsForOwn, ownQueued, other].map(({ id }) => read(engine, id)))
      expect(after.map(({ status, cancelRequestedAt }) => (cancelRequestedAt === null ? status : 'told'))).toEqual([
        'told',
        'CANCELED',
        'CANCELED',
        'COMPLETED',
        // whoever made it has ended, and waits no more
        'QUEUED',
        'EXECUTING',
        'QUEUED',
        'QUEUED',
        'QUEUED',
      ])
      // it is not told what it may not do either
      expect((await created(engine, { parentId: own.id })).status).toBe('QUEUED')
    })

    test('leaves no way to start a descendant that nobody would tell', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await engine.record.cancel(run.id)
      await expect(engine.record.create([{ task: 'child', payload: null, parentId: run.id }])).rejects.toMatchObject({ type: 'canceled' })
      expect((await engine.record.list({ parent: run.id })).runs).toEqual([])
    })

    test('does nothing to a run that has ended, and does not know one that is not there', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await ended(engine, run)
      expect(await engine.record.cancel(run.id)).toEqual(await read(engine, run.id))
      await expect(engine.record.cancel('run_none')).rejects.toMatchObject({ type: 'not_found' })
    })
  })
}
