import { describe, expect, test } from 'vitest'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, woken } from './given.ts'

export function memberSuite(open: Open): void {
  describe('whoever follows a list', () => {
    /** Settles when each of the topics has been woken. */
    const all = (engine: RunEngine, ...of: readonly (readonly ['task' | 'tag' | 'parent', string])[]): Promise<unknown> =>
      Promise.all(of.map(([kind, value]) => woken(engine, topics.members(kind, value))))

    test('is woken by a run that comes, moves, ends and is removed: by its task, each tag and its parent', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, retentionMs: 1000 })
      const parent = await executing(engine)
      const lists = [
        ['task', 'child'],
        ['tag', 'x'],
        ['tag', 'y'],
        ['parent', parent.id],
      ] as const
      let made = ''
      for (const act of [
        async () => ({ id: made } = await created(engine, { task: 'child', tags: ['x', 'y'], parentId: parent.id })),
        async () => await engine.queue.claim({ worker: 'w', tasks: ['child'], max: 1 }),
        async () => await engine.record.commit({ run: made, attempt: 1, move: 'WAITING' }),
        async () => await engine.record.commit({ run: made, attempt: 1, end: { status: 'COMPLETED' } }),
      ]) {
        const wakes = all(engine, ...lists)
        await act()
        await wakes
      }
      await ended(engine, parent)
      advance(1000)
      const wakes = all(engine, ...lists, ['task', parent.task])
      await engine.sweep()
      await wakes
      expect((await engine.record.list({ task: 'child' })).runs).toEqual([])
    })

    test('is not woken by what changes no list', async () => {
      const { engine } = await open()
      const run = await executing(engine, { task: 'busy', tags: ['x'] })
      let wakes = 0
      for (const topic of [topics.members('task', 'busy'), topics.members('tag', 'x')]) engine.wake(topic, () => wakes++)
      const read = woken(engine, topics.run(run.id))
      await engine.record.commit({ run: run.id, attempt: 1, operations: [{ op: 'set', key: 'k', value: 1 }], streams: { log: { state: 'open' } } })
      await engine.chunks.append(run.id, 'log', ['a'], { by: run.id, attempt: 1 })
      await created(engine, { task: 'other', tags: ['y'], parentId: run.id })
      await read
      expect(wakes).toBe(0)
    })
  })
}
