import { describe, expect, test } from 'vitest'
import { newRunId } from '../../../src/protocol/run.ts'
import type { OpenKept } from '../suite.ts'
import { clock, created, executing, read } from './given.ts'

/** Workers of other processes: what they hold is theirs when the engine is opened again. */
export function remoteSuite(open: OpenKept): void {
  describe('a remote worker', () => {
    test('holds its runs through a restart, under a new lease, and goes on', async () => {
      const { now, advance } = clock()
      const { engine, reopen } = await open({ now, leaseMs: 1000 })
      const made = await engine.record.create(['busy', 'waiting'].map((task) => ({ task, payload: null })))
      const request = { worker: 'remote', tasks: ['busy', 'waiting'], max: 2, isRemote: true, sequence: 1 }
      const claims = await engine.queue.claim(request)
      const [busy, waiting] = claims.map(({ run }) => run.id) as [string, string]
      const begin = { id: newRunId(), task: 'begun', payload: null }
      const begun = await engine.queue.begin(begin, { worker: 'remote', isRemote: true })
      await engine.record.commit({ run: waiting, attempt: 1, move: 'WAITING', streams: { log: { state: 'open' } } })
      const child = await created(engine, { parentId: waiting })
      const own = await executing(engine)
      advance(5000)
      const again = await reopen()
      const after = await Promise.all([busy, waiting, begun.run.id, child.id, own.id].map((id) => read(again, id)))
      expect(after.map(({ status }) => status)).toEqual(['EXECUTING', 'WAITING', 'EXECUTING', 'QUEUED', 'CRASHED'])
      expect(after.map(({ version }) => version).slice(0, 4)).toEqual([2, 3, 1, 1])
      expect(await again.sweep()).toBe(0)
      expect(await again.queue.renew('remote', [busy, waiting, begun.run.id, own.id])).toEqual([busy, waiting, begun.run.id])
      // what was asked before the restart is known
      expect((await again.queue.claim(request)).map(({ run }) => run.id)).toEqual(made.map(({ id }) => id))
      expect((await again.queue.begin(begin, { worker: 'remote', isRemote: true })).run.version).toBe(1)
      await again.chunks.append(waiting, 'log', ['a'], { by: waiting, attempt: 1 })
      for (const run of [busy, waiting]) await again.record.commit({ run, attempt: 1, end: { status: 'COMPLETED' } })
      expect((await read(again, waiting)).status).toBe('COMPLETED')
    })

    test('has the same time for a cancel after a restart', async () => {
      const { now, advance } = clock()
      const { engine, reopen } = await open({ now, leaseMs: 100_000 })
      await engine.record.create([{ task: 't', payload: null }])
      const [claim] = await engine.queue.claim({ worker: 'remote', tasks: ['t'], max: 1, isRemote: true })
      const id = claim?.run.id as string
      await engine.record.cancel(id)
      advance(200_000)
      const again = await reopen()
      advance(99_999)
      expect(await again.queue.renew('remote', [id])).toEqual([id])
      advance(30_000)
      expect(await again.sweep()).toBe(0)
      advance(1)
      expect(await again.sweep()).toBe(1)
      expect((await read(again, id)).status).toBe('CANCELED')
    })

    test('that is gone after a restart loses its runs when the lease is out', async () => {
      const { now, advance } = clock()
      const { engine, reopen } = await open({ now, leaseMs: 1000 })
      const made = await engine.record.create([1, 2].map((maxAttempts) => ({ task: 't', payload: null, maxAttempts })))
      await engine.queue.claim({ worker: 'remote', tasks: ['t'], max: 2, isRemote: true })
      const again = await reopen()
      advance(999)
      expect(await again.sweep()).toBe(0)
      advance(1)
      expect(await again.sweep()).toBe(2)
      expect(await Promise.all(made.map(async ({ id }) => (await read(again, id)).status))).toEqual(['CRASHED', 'QUEUED'])
      // by a worker of this process next: it goes with the process
      await again.queue.claim({ worker: 'own', tasks: ['t'], max: 1 })
      const third = await reopen()
      expect((await read(third, made[1]?.id as string)).status).toBe('CRASHED')
    })

    test('goes on below a parent that has crashed', async () => {
      const { engine, reopen } = await open()
      const parent = await executing(engine)
      const { run } = await engine.queue.begin({ task: 'child', payload: null, parentId: parent.id }, { worker: 'remote', isRemote: true })
      const queued = await created(engine, { parentId: run.id })
      const again = await reopen()
      expect(await Promise.all([parent, run, queued].map(async ({ id }) => (await read(again, id)).status))).toEqual(['CRASHED', 'EXECUTING', 'CANCELED'])
      await again.record.commit({ run: run.id, attempt: 1, end: { status: 'COMPLETED' } })
    })

    test('may be told to stop after a restart, and ends its run', async () => {
      const { engine, reopen } = await open()
      const { run } = await engine.queue.begin({ task: 't', payload: null }, { worker: 'remote', isRemote: true })
      const again = await reopen()
      expect(await again.record.cancel(run.id)).toMatchObject({ status: 'EXECUTING', finishedAt: null })
      await again.queue.release('remote', run.id)
      expect((await read(again, run.id)).status).toBe('CANCELED')
    })
  })
}
