import { describe, expect, test } from 'vitest'
import { type NewRun, newRunId } from '../../../src/protocol/run.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing } from './given.ts'

export function nameSuite(open: Open): void {
  describe('an id that is chosen', () => {
    test('is the run’s, and a repeat of the call answers the run as it is', async () => {
      const { engine } = await open()
      const id = newRunId()
      const made = await created(engine, { id, task: 'once', payload: 1 })
      expect(made).toMatchObject({ id, rootId: id, status: 'QUEUED' })
      await engine.queue.claim({ worker: 'w', tasks: ['once'], max: 1 })
      expect(await created(engine, { id, task: 'once', payload: 2 })).toMatchObject({ id, status: 'EXECUTING', payload: 1 })
      await engine.record.commit({ run: id, attempt: 1, end: { status: 'COMPLETED' } })
      expect(await created(engine, { id, task: 'once' })).toMatchObject({ id, status: 'COMPLETED' })
      expect((await engine.record.list({})).runs).toHaveLength(1)
    })

    test('is one run within one call too, and in calls at once', async () => {
      const { engine } = await open()
      const one: NewRun = { id: newRunId(), task: 'once', payload: null }
      const [first, again] = await engine.record.create([one, one])
      expect(again).toEqual(first)
      const other: NewRun = { id: newRunId(), task: 'once', payload: null }
      const many = await Promise.all(Array.from({ length: 20 }, () => engine.record.create([other])))
      expect(new Set(many.flat().map(({ id }) => id))).toEqual(new Set([other.id]))
      expect((await engine.record.list({})).runs).toHaveLength(2)
    })

    test('of a child is answered though its parent has ended meanwhile', async () => {
      const { engine } = await open()
      const parent = await executing(engine)
      const child: NewRun = { id: newRunId(), task: 'child', payload: null, parentId: parent.id }
      await engine.record.create([child])
      await ended(engine, parent)
      expect((await engine.record.create([child]))[0]).toMatchObject({ id: child.id, parentId: parent.id })
    })

    test('beside a key gives way to the run that the key has', async () => {
      const { engine } = await open()
      const first = await created(engine, { idempotencyKey: 'k' })
      const repeat = { id: newRunId(), idempotencyKey: 'k' }
      expect((await created(engine, repeat)).id).toBe(first.id)
      expect((await created(engine, repeat)).id).toBe(first.id)
    })

    test.each(['run_1', 'RUN_00000000000000000000', 'run_000000000000000000000', 'run_0000000000000000000Ä', ''])('%j is none', async (id) => {
      const { engine } = await open()
      await expect(created(engine, { id })).rejects.toMatchObject({ type: 'invalid_request', message: expect.stringContaining('id') as string })
    })

    test('of another task, or of another namespace, is refused', async () => {
      const { engine } = await open()
      const { id } = await created(engine, { id: newRunId(), task: 'one' })
      for (const other of [{ task: 'two' }, { task: 'one', namespace: 'else' }])
        await expect(created(engine, { id, ...other })).rejects.toMatchObject({ type: 'invalid_request', message: expect.stringContaining(id) as string })
      expect((await engine.record.list({})).runs).toHaveLength(1)
    })
  })

  describe('a namespace', () => {
    test('is the parent’s for a child, and default where nothing is said', async () => {
      const { engine } = await open()
      const root = await created(engine, { namespace: 'team/a' })
      expect(root.namespace).toBe('team/a')
      expect((await created(engine, { parentId: root.id })).namespace).toBe('team/a')
      expect((await created(engine, { parentId: root.id, namespace: 'team/a' })).namespace).toBe('team/a')
      await expect(created(engine, { parentId: root.id, namespace: 'default' })).rejects.toMatchObject({
        type: 'invalid_request',
        details: { field: 'namespace' },
      })
      await expect(created(engine, { namespace: 'team a' })).rejects.toMatchObject({
        type: 'invalid_request',
        message: expect.stringContaining('namespace') as string,
      })
      expect((await created(engine)).namespace).toBe('default')
    })

    test('bounds lists, with every other field', async () => {
      const { engine } = await open()
      const parent = await created(engine, { namespace: 'a', tags: ['t'] })
      const child = await created(engine, { parentId: parent.id, tags: ['t'] })
      const other = await created(engine, { namespace: 'b', tags: ['t'] })
      const found = async (request: object): Promise<unknown> => (await engine.record.list(request)).runs.map(({ id }) => id)
      for (const more of [{}, { tag: 't' }, { task: 'work' }, { status: ['QUEUED'] }, { ids: [parent.id, child.id, other.id] }]) {
        expect(await found({ namespace: 'a', ...more })).toEqual([child.id, parent.id])
        expect(await found({ namespace: 'b', ...more })).toEqual([other.id])
        expect(await found(more)).toEqual([other.id, child.id, parent.id])
        expect(await found({ namespace: 'none', ...more })).toEqual([])
      }
      expect(await found({ namespace: 'b', parent: parent.id })).toEqual([])
      const page = await engine.record.list({ namespace: 'a', limit: 1 })
      expect(await found({ namespace: 'a', limit: 1, after: page.next })).toEqual([parent.id])
    })

    test('bounds claims, limits or not, and a claim of every one takes the oldest first', async () => {
      const { engine } = await open()
      const made = await engine.record.create(['b', 'a', 'b', 'a', 'a'].map((namespace) => ({ task: 't', payload: null, namespace })))
      const claimed = async (more: object): Promise<unknown> =>
        (await engine.queue.claim({ worker: 'w', tasks: ['t'], max: 1, ...more })).map(({ run }) => made.findIndex(({ id }) => id === run.id))
      expect(await claimed({ namespace: 'a' })).toEqual([1])
      expect(await claimed({ namespace: 'none' })).toEqual([])
      // the limit is the task's: keys of two namespaces share it for whoever executes both
      expect(await claimed({ limits: { t: { limit: 2, executing: {} } }, max: 9 })).toEqual([0, 2])
      expect(await claimed({ namespace: 'a', limits: { t: { limit: 1, executing: {} } }, max: 9 })).toEqual([3])
      expect(await claimed({ max: 9 })).toEqual([4])
    })

    test('has idempotency keys of its own', async () => {
      const { now } = clock()
      const { engine } = await open({ now })
      const [a, b] = [await created(engine, { namespace: 'a', idempotencyKey: 'k' }), await created(engine, { namespace: 'b', idempotencyKey: 'k' })]
      expect(a.id).not.toBe(b.id)
      expect((await created(engine, { namespace: 'b', idempotencyKey: 'k' })).id).toBe(b.id)
    })
  })
}
