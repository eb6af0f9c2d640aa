import { describe, expect, test } from 'vitest'
import { MAX_PAYLOAD_BYTES } from '../../../src/protocol/limits.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, woken } from './given.ts'

export function createSuite(open: Open): void {
  describe('create', () => {
    test('makes queued runs at version 1, in order', async () => {
      const { now } = clock()
      const { engine } = await open({ now })
      const runs = await engine.record.create([
        { task: 'a', payload: { n: 1 }, metadata: { m: 1 }, tags: ['x', 'y', 'x'] },
        { task: 'b', payload: null, replayOf: 'run_before' },
      ])
      expect(runs.map((run) => run.task)).toEqual(['a', 'b'])
      expect(runs[0]).toEqual({
        id: expect.stringMatching(/^run_[0-9a-z]{20}$/) as string,
        namespace: 'default',
        task: 'a',
        status: 'QUEUED',
        tags: ['x', 'y'],
        parentId: null,
        rootId: runs[0]?.id,
        depth: 0,
        attempt: 0,
        replayOf: null,
        payload: { n: 1 },
        metadata: { m: 1 },
        output: undefined,
        error: null,
        createdAt: now(),
        startedAt: null,
        finishedAt: null,
        cancelRequestedAt: null,
        updatedAt: now(),
        version: 1,
        streams: {},
      })
      expect(runs[1]).toMatchObject({ metadata: {}, replayOf: 'run_before' })
      expect((await engine.record.read(runs[0]?.id as string))?.run).toEqual(runs[0])
    })

    test('a child has its root and its depth from its parent', async () => {
      const { engine } = await open()
      const root = await created(engine)
      const child = await created(engine, { parentId: root.id })
      const grandchild = await created(engine, { parentId: child.id })
      expect(child).toMatchObject({ parentId: root.id, rootId: root.id, depth: 1 })
      expect(grandchild).toMatchObject({ parentId: child.id, rootId: root.id, depth: 2 })
    })

    test('wakes who waits for something to claim', async () => {
      const { engine } = await open()
      const wake = woken(engine, topics.queue)
      await created(engine)
      await expect(wake).resolves.toBeUndefined()
    })

    test('a run that is not there is read as undefined', async () => {
      const { engine } = await open()
      expect(await engine.record.read('run_none')).toBeUndefined()
    })

    test.each([
      ['an unknown parent', { parentId: 'run_none' }, 'not_found'],
      ['a task name with a space', { task: 'a task' }, 'invalid_request'],
      ['a tag with a comma', { tags: ['a,b'] }, 'invalid_request'],
      ['a payload over its limit', { payload: 'x'.repeat(MAX_PAYLOAD_BYTES) }, 'too_large'],
      ['metadata over its limit', { metadata: { k: 'x'.repeat(1000) } }, 'metadata_too_large'],
    ])('%s is refused, and nothing of the same call is made', async (_, wrong, type) => {
      const { engine } = await open({ metadataLimit: 1000 })
      const runs = [
        { task: 'right', payload: null },
        { task: 'wrong', payload: null, ...wrong },
      ]
      await expect(engine.record.create(runs)).rejects.toMatchObject({ type })
      expect((await engine.record.list({})).runs).toEqual([])
    })

    test('a parent that has ended gets no children any more', async () => {
      const { engine } = await open()
      const parent = await executing(engine)
      await ended(engine, parent)
      await expect(created(engine, { parentId: parent.id })).rejects.toMatchObject({ type: 'run_ended' })
    })
  })
}
