import { describe, expect, test } from 'vitest'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import { SNAPSHOT_EVERY } from '../../../src/protocol/limits.ts'
import type { Run } from '../../../src/protocol/run.ts'
import type { OpenKept } from '../suite.ts'
import { created, ended, executing, read } from './given.ts'

/** Everything that a reader can know of a run. */
async function everything(engine: RunEngine, run: Run): Promise<unknown> {
  const stored = await engine.record.read(run.id)
  return {
    stored: { ...stored, run: { ...stored?.run, output: stored?.run.output ?? null } },
    settled: await engine.record.isSettled(run.id),
    info: await engine.chunks.info(run.id, 'log'),
    chunks: await engine.chunks.read(run.id, 'log', 1, 100),
  }
}

export function reopenSuite(open: OpenKept): void {
  describe('opened again', () => {
    test('everything is as it was', async () => {
      const { engine, reopen } = await open()
      const run = await executing(engine, { payload: { p: ['ü'] }, metadata: { k: [1] }, tags: ['t'] })
      const first = (await engine.record.read(run.id))?.cursor as string
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } })
      await engine.chunks.append(run.id, 'log', ['a', { b: 1 }], { by: run.id, attempt: 1 })
      await engine.chunks.append(run.id, 'log', ['c'], { by: run.id, attempt: 1 })
      await engine.record.commit({ run: run.id, attempt: 1, operations: [{ op: 'append', key: 'k', value: 2 }] })
      await ended(engine, run)
      const before = await everything(engine, run)
      const log = await engine.record.since(run.id, first)
      const again = await reopen()
      expect(await everything(again, run)).toEqual(before)
      expect(await again.record.since(run.id, first)).toEqual(log)
      expect((await again.record.list({ tag: 't' })).runs.map(({ id }) => id)).toEqual([run.id])
      const { cursor } = await again.chunks.read(run.id, 'log', 0, 1)
      expect(await again.chunks.holds(run.id, 'log', cursor)).toBe(true)
    })

    test('after more versions than lie between two snapshots too', async () => {
      const { engine, reopen } = await open()
      const run = await executing(engine)
      const first = (await engine.record.read(run.id))?.cursor as string
      const write = (on: RunEngine, count: number): Promise<unknown> =>
        Promise.all(
          Array.from({ length: count }, (_, i) =>
            on.record.commit({
              run: run.id,
              operations: [
                { op: 'increment', key: 'n', by: 1 },
                { op: 'append', key: 'l', value: i, max: 5 },
              ],
            }),
          ),
        )
      await write(engine, SNAPSHOT_EVERY * 2 + 10)
      await ended(engine, run)
      const before = await read(engine, run.id)
      const again = await reopen()
      expect({ ...(await read(again, run.id)) }).toEqual(before)
      expect(await again.record.since(run.id, first)).toHaveLength(SNAPSHOT_EVERY * 2 + 11)
      await write(again, 3)
      expect((await read(again, run.id)).metadata['n']).toBe(SNAPSHOT_EVERY * 2 + 13)
    })

    test('what was executing has crashed, what was queued for it is canceled, what was queued is queued', async () => {
      const { engine, reopen } = await open()
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' }, shut: { state: 'closed' } }, move: 'WAITING' })
      const child = await executing(engine, { parentId: run.id })
      const over = await executing(engine, { parentId: run.id })
      const below = await created(engine, { parentId: over.id })
      const queued = await created(engine, { parentId: child.id })
      const other = await created(engine, { task: 'other' })
      await ended(engine, over)
      const { cursor } = (await engine.record.read(run.id)) as { cursor: string }
      const again = await reopen()
      const after = await read(again, run.id)
      expect(after).toMatchObject({
        status: 'CRASHED',
        error: { type: 'crashed', message: 'the server stopped while it ran' },
        streams: { log: { state: 'aborted' }, shut: { state: 'closed' } },
      })
      expect(after.finishedAt).toBeGreaterThanOrEqual(run.createdAt)
      expect(await again.record.since(run.id, cursor)).toHaveLength(1)
      const statuses = await Promise.all([child, over, below, queued, other].map(async ({ id }) => (await read(again, id)).status))
      expect(statuses).toEqual(['CRASHED', 'COMPLETED', 'CANCELED', 'CANCELED', 'QUEUED'])
      expect(await again.record.isSettled(run.id)).toBe(true)
      expect((await again.queue.claim({ worker: 'w', tasks: ['other'], max: 5 })).map((claim) => claim.run.id)).toEqual([other.id])
    })

    test('what was executing is tried again, where attempts are left, and what was below it is not', async () => {
      const { engine, reopen } = await open()
      const run = await executing(engine, { maxAttempts: 2 })
      await engine.record.commit({ run: run.id, attempt: 1, operations: [{ op: 'set', key: 'k', value: 1 }], streams: { log: { state: 'open' } } })
      const child = await executing(engine, { parentId: run.id, maxAttempts: 9 })
      const canceled = await executing(engine, { maxAttempts: 2 })
      await engine.record.cancel(canceled.id)
      const again = await reopen()
      expect(await read(again, run.id)).toMatchObject({ status: 'QUEUED', error: { type: 'crashed' }, metadata: { k: 1 }, streams: { log: { state: 'open' } } })
      expect((await read(again, child.id)).status).toBe('CANCELED')
      expect((await read(again, canceled.id)).status).toBe('CANCELED')
      await expect(again.record.commit({ run: run.id, attempt: 1 })).rejects.toMatchObject({ type: 'stale_attempt' })
      const [claim] = await again.queue.claim({ worker: 'w', tasks: [run.task], max: 1 })
      expect(claim).toMatchObject({ run: { id: run.id, attempt: 2, error: null }, isFirst: false, maxAttempts: 2 })
      const third = await reopen()
      expect((await read(third, run.id)).status).toBe('CRASHED')
    })

    test('a delayed run is queued when its time has come, and one that waits too long expires', async () => {
      const { engine, reopen } = await open()
      const [late, soon, lost] = [
        await created(engine, { delayUntil: Date.now() + 3_600_000 }),
        await created(engine, { delayUntil: Date.now() + 300 }),
        await created(engine, { task: 'lost', expiresAt: Date.now() + 300 }),
      ]
      const again = await reopen()
      await expect
        .poll(async () => await Promise.all([late, soon, lost].map(async ({ id }) => (await read(again, id)).status)))
        .toEqual(['DELAYED', 'QUEUED', 'EXPIRED'])
    })

    test('what was asked for a run is as it was', async () => {
      const { engine, reopen } = await open()
      const asked = { maxAttempts: 3, maxDuration: 5000, concurrencyKey: 'c', idempotencyKey: 'i' }
      const run = await executing(engine, asked)
      await engine.queue.release('worker', run.id)
      const again = await reopen()
      expect((await created(again, { task: run.task, idempotencyKey: 'i' })).id).toBe(run.id)
      const limits = { [run.task]: { limit: 1, executing: { c: 1 } } }
      expect(await again.queue.claim({ worker: 'w', tasks: [run.task], max: 1, limits })).toEqual([])
      const [claim] = await again.queue.claim({ worker: 'w', tasks: [run.task], max: 1 })
      expect(claim).toMatchObject({ run: { attempt: 2 }, isFirst: true, maxAttempts: 4, maxDuration: 5000, concurrencyKey: 'c' })
    })

    test('who waits for whom is as it was, also where a child was found by its key', async () => {
      const { engine, reopen } = await open()
      const [parent] = (await engine.record.create([{ task: 'parent', payload: null }])) as [Run]
      await engine.queue.claim({ worker: 'w', tasks: ['parent'], max: 1, isRemote: true })
      const made = await created(engine, { parentId: parent.id, isAwaited: true })
      const found = await created(engine, { parentId: parent.id, idempotencyKey: 'k' })
      await created(engine, { parentId: parent.id, idempotencyKey: 'k', isAwaited: true })
      const other = await created(engine, { parentId: parent.id })
      const again = await reopen()
      await again.record.cancel(parent.id)
      const after = await Promise.all([made, found, other].map(async ({ id }) => (await read(again, id)).status))
      expect(after).toEqual(['CANCELED', 'CANCELED', 'QUEUED'])
    })

    test('a log that was cut is bounded as before', async () => {
      const { engine, reopen } = await open({ logVersions: 20 })
      const run = await executing(engine)
      const write = async (on: RunEngine, count: number): Promise<void> => {
        for (let n = 0; n < count; n++) await on.record.commit({ run: run.id, operations: [{ op: 'increment', key: 'n', by: 1 }] })
      }
      await write(engine, 55)
      const before = await engine.record.history(run.id, 0, 1000)
      expect(before.oldest).toBeGreaterThan(30)
      const again = await reopen()
      // the reopening is a version: the run has crashed
      expect(await again.record.history(run.id, 0, before.versions.length)).toEqual(before)
      expect((await again.record.at(run.id, 50)).metadata).toEqual({ n: 48 })
      await write(again, 43)
      const { oldest, versions } = await again.record.history(run.id, 0, 1000)
      expect([versions.at(-1)?.version, versions.length <= 25, oldest > before.oldest]).toEqual([101, true, true])
      expect((await again.record.at(run.id, oldest)).metadata).toEqual({ n: oldest - 3 })
    })

    test('repeats are known', async () => {
      const { engine, reopen } = await open()
      const run = await executing(engine)
      await ended(engine, run)
      const late = { run: run.id, by: 'run_child', writer: { id: 'w_1', sequence: 1 }, operations: [{ op: 'increment', key: 'n', by: 1 }] } as const
      const answer = await engine.record.commit(late)
      const again = await reopen()
      expect(await again.record.commit(late)).toEqual(answer)
      expect((await read(again, run.id)).metadata).toEqual({ n: 1 })
    })

    test('what was asked before it was closed is there', async () => {
      const { engine, reopen } = await open()
      const run = await executing(engine)
      void engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'k', value: 1 }] })
      const again = await reopen()
      expect((await read(again, run.id)).metadata).toEqual({ k: 1 })
    })
  })
}
