import { describe, expect, test } from 'vitest'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, ended, executing, read, woken } from './given.ts'

const listed = async (engine: RunEngine, tag: string): Promise<readonly string[]> => (await engine.record.list({ tag })).runs.map(({ id }) => id)

export function tagSuite(open: Open): void {
  describe('tags', () => {
    test('change with a commit: one version, one patch, and the lists follow', async () => {
      const { engine } = await open()
      const run = await executing(engine, { tags: ['a', 'b'] })
      const other = await executing(engine, { tags: ['a'] })
      const answer = await engine.record.commit({
        run: run.id,
        attempt: 1,
        operations: [{ op: 'set', key: 'k', value: 1 }],
        tags: { add: ['c', 'b', 'c'], remove: ['a', 'never'] },
        base: run.version,
      })
      expect(answer).toMatchObject({
        version: run.version + 1,
        since: { patch: expect.arrayContaining([{ op: 'replace', path: '/tags', value: ['b', 'c'] }]) as unknown },
      })
      expect(await read(engine, run.id)).toMatchObject({ tags: ['b', 'c'], metadata: { k: 1 } })
      expect(await Promise.all(['a', 'b', 'c'].map((tag) => listed(engine, tag)))).toEqual([[other.id], [run.id], [run.id]])
    })

    test('are changed by others than the attempt, and after the end for a while', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, lateWritesMs: 1000 })
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, by: 'run_child', tags: { add: ['x'] } })
      await ended(engine, run)
      advance(1000)
      await engine.record.commit({ run: run.id, tags: { add: ['y'] } })
      expect(await read(engine, run.id)).toMatchObject({ tags: ['x', 'y'], status: 'COMPLETED' })
      await expect(engine.record.commit({ run: run.id, attempt: 1, tags: { add: ['z'] } })).rejects.toMatchObject({ type: 'run_ended' })
      advance(1)
      await expect(engine.record.commit({ run: run.id, tags: { add: ['z'] } })).rejects.toMatchObject({ type: 'run_ended' })
      expect(await listed(engine, 'z')).toEqual([])
    })

    test('that are there, or not, already make no version', async () => {
      const { engine } = await open()
      const run = await executing(engine, { tags: ['a'] })
      for (const tags of [{}, { add: ['a'] }, { remove: ['b'] }]) expect((await engine.record.commit({ run: run.id, tags })).version).toBe(run.version)
    })

    test.each([{ add: ['a tag'] }, { add: ['ok', ''] }, { remove: ['__proto__'] }])('%j is refused with the whole commit', async (tags) => {
      const { engine } = await open()
      const run = await executing(engine)
      const commit = { run: run.id, operations: [{ op: 'set', key: 'k', value: 1 }], tags } as const
      await expect(engine.record.commit(commit)).rejects.toMatchObject({ type: 'invalid_request', message: expect.stringContaining('tag') as string })
      expect(await read(engine, run.id)).toEqual(run)
    })

    test('wake the lists that a run leaves, those that it comes to, and those that it stays in', async () => {
      const { engine } = await open()
      const run = await executing(engine, { tags: ['leaves', 'stays'] })
      const wakes = Promise.all(['leaves', 'stays', 'comes'].map((tag) => woken(engine, topics.members('tag', tag))))
      await engine.record.commit({ run: run.id, tags: { add: ['comes'], remove: ['leaves'] } })
      await wakes
      expect(await listed(engine, 'leaves')).toEqual([])
    })

    test('are twenty at most, from the start and with each commit', async () => {
      const { engine } = await open()
      const many = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `t${i}`)
      const refused = { type: 'invalid_request', message: expect.stringContaining('20') as string }
      await expect(engine.record.create([{ task: 'work', payload: null, tags: many(21) }])).rejects.toMatchObject(refused)
      const run = await executing(engine, { tags: many(20) })
      const change = async (tags: { readonly add?: readonly string[]; readonly remove?: readonly string[] }) =>
        await engine.record.commit({ run: run.id, tags })
      await expect(change({ add: ['one'] })).rejects.toMatchObject(refused)
      await change({ add: ['one', 't1'], remove: ['t0'] })
      expect((await read(engine, run.id)).tags).toEqual([...many(20).slice(1), 'one'])
    })

    test('of a run that is removed are gone with it', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, retentionMs: 1000 })
      const run = await executing(engine, { tags: ['first'] })
      await engine.record.commit({ run: run.id, tags: { add: ['later'], remove: ['first'] } })
      await ended(engine, run)
      advance(1000)
      const wake = woken(engine, topics.members('tag', 'later'))
      await engine.sweep()
      await wake
      expect(await listed(engine, 'later')).toEqual([])
      expect((await engine.record.list({})).runs).toEqual([])
    })
  })
}
