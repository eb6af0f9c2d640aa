import { describe, expect, test } from 'vitest'
import type { ClaimRequest, RunEngine } from '../../../src/protocol/engine.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { countWakes, created, ended, executing, read } from './given.ts'

export function keySuite(open: Open): void {
  describe('an idempotency key', () => {
    test('makes one run, however often it is said, and answers it as it is', async () => {
      const opened = await open()
      const { engine } = opened
      const run = await executing(engine, { task: 'once', idempotencyKey: 'k', payload: 1 })
      const wakes = countWakes(opened, topics.queue)
      expect(await created(engine, { task: 'once', idempotencyKey: 'k', payload: 2 })).toEqual(await read(engine, run.id))
      await ended(engine, run)
      expect(await created(engine, { task: 'once', idempotencyKey: 'k' })).toMatchObject({ id: run.id, status: 'COMPLETED', payload: 1 })
      expect((await engine.record.list({ task: 'once' })).runs).toHaveLength(1)
      expect(wakes()).toBe(0)
    })

    test('is of one task', async () => {
      const { engine } = await open()
      const runs = await engine.record.create([
        { task: 'a', payload: null, idempotencyKey: 'k' },
        { task: 'b', payload: null, idempotencyKey: 'k' },
        { task: 'a', payload: null, idempotencyKey: 'l' },
        { task: 'a', payload: null },
        { task: 'a', payload: null },
      ])
      expect(new Set(runs.map(({ id }) => id)).size).toBe(5)
    })

    test('within one call, and in calls at once, makes one run too', async () => {
      const { engine } = await open()
      const one = { task: 'a', payload: null, idempotencyKey: 'k' } as const
      const [first, other, again] = await engine.record.create([one, { task: 'a', payload: null }, one])
      expect(again).toEqual(first)
      expect(other?.id).not.toBe(first?.id)
      const many = await Promise.all(Array.from({ length: 20 }, () => created(engine, { idempotencyKey: 'at once' })))
      expect(new Set(many.map(({ id }) => id)).size).toBe(1)
    })

    test('answers where nothing could be made any more', async () => {
      const { engine } = await open()
      const parent = await executing(engine)
      const child = await created(engine, { parentId: parent.id, isAwaited: true, idempotencyKey: 'k' })
      await engine.record.cancel(parent.id)
      expect(await created(engine, { parentId: parent.id, idempotencyKey: 'k' })).toMatchObject({ id: child.id, status: 'CANCELED' })
      await expect(created(engine, { parentId: parent.id, idempotencyKey: 'l' })).rejects.toMatchObject({ type: 'canceled' })
    })

    test('finds a child for a parent that waits for it from then on: what cancels the one cancels the other', async () => {
      const { engine } = await open()
      const parent = await executing(engine)
      const keys = ['waited for', 'only triggered']
      const [waited, triggered] = await Promise.all(keys.map(async (idempotencyKey) => await created(engine, { parentId: parent.id, idempotencyKey })))
      const other = await executing(engine)
      const { version } = await read(engine, waited?.id as string)
      const wanted = { task: 'work', payload: null, parentId: parent.id }
      const once = { ...wanted, idempotencyKey: 'both in one call' }
      const [found, twice] = await engine.record.create([{ ...wanted, idempotencyKey: 'waited for', isAwaited: true }, once, { ...once, isAwaited: true }])
      expect(found).toMatchObject({ id: waited?.id, version })
      // who is not its parent does not take it along
      await created(engine, { parentId: other.id, idempotencyKey: 'only triggered', isAwaited: true })
      await created(engine, { parentId: parent.id, idempotencyKey: 'only triggered' })
      await engine.record.cancel(other.id)
      await engine.record.cancel(parent.id)
      const after = await Promise.all([found, twice, triggered].map(async (run) => (await read(engine, run?.id as string)).status))
      expect(after).toEqual(['CANCELED', 'CANCELED', 'QUEUED'])
      // told to stop, it does not wait for what would not hear of it
      await expect(created(engine, { ...wanted, idempotencyKey: 'only triggered', isAwaited: true })).rejects.toMatchObject({ type: 'canceled' })
    })

    test('that finds the run that waits, or one above it that lives, is refused: both would wait for ever', async () => {
      const { engine } = await open()
      const root = await executing(engine, { task: 'root', idempotencyKey: 'k' })
      const parent = await executing(engine, { task: 'parent', idempotencyKey: 'k', parentId: root.id })
      const isAwaited = true
      for (const task of ['root', 'parent']) {
        const wanted = { task, idempotencyKey: 'k', parentId: parent.id }
        await expect(created(engine, { ...wanted, isAwaited })).rejects.toMatchObject({
          type: 'invalid_request',
          message: expect.stringContaining('idempotencyKey') as string,
        })
        // whoever does not wait finds it
        expect((await created(engine, wanted)).id).toBe(task === 'root' ? root.id : parent.id)
      }
      await ended(engine, root)
      expect(await created(engine, { task: 'root', idempotencyKey: 'k', parentId: parent.id, isAwaited })).toMatchObject({ id: root.id, status: 'COMPLETED' })
    })

    test('of a call that was refused is free', async () => {
      const { engine } = await open()
      const one = { task: 'a', payload: null, idempotencyKey: 'k' } as const
      await expect(engine.record.create([one, { task: 'not a name', payload: null }])).rejects.toMatchObject({ type: 'invalid_request' })
      const run = await created(engine, one)
      expect((await engine.record.list({})).runs.map(({ id }) => id)).toEqual([run.id])
    })
  })

  describe('a concurrency limit', () => {
    const claim = async (engine: RunEngine, limits: ClaimRequest['limits'], max = 10, tasks = ['t']): Promise<readonly string[]> =>
      (await engine.queue.claim({ worker: 'w', tasks, max, ...(limits && { limits }) })).map(({ run }) => run.id)

    test('is whole for each key, and counts what executes already', async () => {
      const { engine } = await open()
      const keys = ['a', 'a', 'a', 'b', undefined, 'b', undefined, 'toString']
      const made = await engine.record.create(
        keys.map((concurrencyKey) => ({ task: 't', payload: null, ...(concurrencyKey !== undefined && { concurrencyKey }) })),
      )
      const at = (...indexes: number[]): (string | undefined)[] => indexes.map((index) => made[index]?.id)
      expect(await claim(engine, { t: { limit: 2, executing: { a: 1, '': 2 } } })).toEqual(at(0, 3, 5, 7))
      expect(await claim(engine, { t: { limit: 2, executing: { a: 2, b: 2, '': 1, toString: 1 } } })).toEqual(at(4))
      expect(await claim(engine, { t: { limit: 2, executing: { a: 7 } } })).toEqual(at(6))
      expect(await claim(engine, undefined)).toEqual(at(1, 2))
    })

    test('keeps the oldest first over keys and tasks, and the claim’s own bound', async () => {
      const { engine } = await open()
      const made = await engine.record.create([
        { task: 't', payload: null, concurrencyKey: 'z' },
        { task: 'u', payload: null },
        { task: 't', payload: null, concurrencyKey: 'a' },
        { task: 't', payload: null, concurrencyKey: 'z' },
        { task: 'u', payload: null },
      ])
      const ids = made.map(({ id }) => id)
      expect(await claim(engine, { t: { limit: 1, executing: {} } }, 3, ['u', 't'])).toEqual([ids[0], ids[1], ids[2]])
      expect(await claim(engine, { t: { limit: 1, executing: { a: 1, z: 1 } } }, 3, ['u', 't'])).toEqual([ids[4]])
      expect(await claim(engine, { t: { limit: 0, executing: {} } }, 3)).toEqual([])
    })
  })
}
