import { describe, expect, test } from 'vitest'
import type { EmbeddedEngine } from '../../../src/engine/embedded.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, read } from './given.ts'

const sweepAll = async (engine: EmbeddedEngine): Promise<void> => {
  for (let n = 0; n < 50; n++) await engine.sweep()
}
const ids = async (engine: EmbeddedEngine): Promise<readonly string[]> => (await engine.record.list({ limit: 200 })).runs.map(({ id }) => id)

export function retentionSuite(open: Open): void {
  describe('retention', () => {
    test('removes a run with all that it had, so long after its end', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, retentionMs: 1000 })
      const run = await executing(engine, { tags: ['t'], idempotencyKey: 'k' })
      await engine.record.commit({ run: run.id, attempt: 1, writer: { id: 'w_1', sequence: 1 }, streams: { log: { state: 'open' } } })
      await engine.chunks.append(run.id, 'log', ['a'], { by: run.id, attempt: 1 })
      await ended(engine, run)
      advance(999)
      await sweepAll(engine)
      expect((await engine.chunks.info(run.id, 'log')).length).toBe(1)
      advance(1)
      await sweepAll(engine)
      expect(await engine.record.read(run.id)).toBeUndefined()
      expect(await engine.record.since(run.id, '1.aaaa')).toBeUndefined()
      for (const call of [
        engine.record.history(run.id, 0, 1),
        engine.record.at(run.id, 1),
        engine.record.isSettled(run.id),
        engine.chunks.info(run.id, 'log'),
        engine.chunks.read(run.id, 'log', 0, 1),
        engine.record.commit({ run: run.id, writer: { id: 'w_1', sequence: 1 } }),
      ])
        await expect(call).rejects.toMatchObject({ type: 'not_found' })
      expect(await ids(engine)).toEqual([])
      expect((await engine.record.list({ tag: 't' })).runs).toEqual([])
      // the key is kept as long as the run
      const again = await created(engine, { task: run.task, idempotencyKey: 'k' })
      expect(again.id).not.toBe(run.id)
      expect(await ids(engine)).toEqual([again.id])
    })

    test('keeps a tree as long as one of its runs lives, or has ended late', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, retentionMs: 1000 })
      const root = await executing(engine)
      const child = await executing(engine, { parentId: root.id })
      const below = await executing(engine, { parentId: child.id })
      const other = await executing(engine)
      for (const run of [root, child, other]) await ended(engine, run)
      advance(1000)
      expect(await engine.sweep()).toBe(0)
      await engine.queue.renew('worker', [below.id])
      await sweepAll(engine)
      expect(await ids(engine)).toEqual([below.id, child.id, root.id])
      await ended(engine, below)
      advance(999)
      await sweepAll(engine)
      expect(await ids(engine)).toHaveLength(3)
      expect(await read(engine, below.id)).toMatchObject({ rootId: root.id, status: 'COMPLETED' })
      advance(1)
      await sweepAll(engine)
      expect(await ids(engine)).toEqual([])
    })

    test('goes in portions, children first, and lists lose nothing else meanwhile', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, retentionMs: 1000 })
      const root = await executing(engine, { task: 'root' })
      await engine.record.create(Array.from({ length: 120 }, () => ({ task: 'child', payload: null, parentId: root.id, isAwaited: true })))
      await engine.record.cancel(root.id)
      await engine.record.commit({ run: root.id, attempt: 1, end: { status: 'CANCELED' } })
      advance(1000)
      const young = await created(engine)
      const page = await engine.record.list({ limit: 1 })
      await engine.sweep()
      expect((await ids(engine)).length).toBeGreaterThan(50)
      expect((await read(engine, root.id)).status).toBe('CANCELED')
      await sweepAll(engine)
      expect(await ids(engine)).toEqual([young.id])
      expect((await engine.record.list({ limit: 1, after: page.next as string })).runs).toEqual([])
      expect((await created(engine)).status).toBe('QUEUED')
    })

    test('happens without being asked', async () => {
      const { engine } = await open({ retentionMs: 30 })
      const run = await executing(engine)
      await ended(engine, run)
      await expect.poll(() => engine.record.read(run.id), { interval: 10, timeout: 20_000 }).toBeUndefined()
    }, 30_000)

    test('of what becomes old while it looks is not put off', async () => {
      // each look at the clock is a ms later, as on a machine that is busy
      let time = 1_000_000
      const { engine } = await open({ now: () => time++, retentionMs: 300, leaseMs: 86_400_000 })
      const run = await executing(engine)
      await ended(engine, run)
      const end = (await read(engine, run.id)).finishedAt ?? 0
      // a timer that rings as early as it may
      time = end + 299
      await expect.poll(() => engine.record.read(run.id), { interval: 10, timeout: 20_000 }).toBeUndefined()
    }, 30_000)
  })
}
