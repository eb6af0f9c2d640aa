import { describe, expect, test } from 'vitest'
import { MAX_PAYLOAD_BYTES } from '../../../src/protocol/limits.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, read, woken } from './given.ts'

export function endSuite(open: Open): void {
  describe('the end of a run', () => {
    test('is one commit: operations, streams, output, status', async () => {
      const { now } = clock()
      const { engine } = await open({ now })
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, attempt: 1, streams: { open: { state: 'open' }, shut: { state: 'open' } } })
      await engine.record.commit({
        run: run.id,
        attempt: 1,
        operations: [{ op: 'set', key: 'k', value: 1 }],
        streams: { shut: { state: 'closed' } },
        end: { status: 'COMPLETED', output: { rows: 3 } },
      })
      expect(await read(engine, run.id)).toMatchObject({
        status: 'COMPLETED',
        metadata: { k: 1 },
        output: { rows: 3 },
        error: null,
        finishedAt: now(),
        version: 4,
        streams: { open: { state: 'aborted' }, shut: { state: 'closed' } },
      })
    })

    test('keeps the error', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const error = { type: 'TypeError', message: 'no', stack: 'at line 1' }
      await engine.record.commit({ run: run.id, attempt: 1, end: { status: 'FAILED', error } })
      expect(await read(engine, run.id)).toMatchObject({ status: 'FAILED', error, output: undefined })
    })

    test('comes once', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await ended(engine, run)
      await expect(engine.record.commit({ run: run.id, attempt: 1, end: { status: 'FAILED' } })).rejects.toMatchObject({ type: 'run_ended' })
      await expect(engine.chunks.append(run.id, 'log', ['x'], { by: run.id, attempt: 1 })).rejects.toMatchObject({ type: 'run_ended' })
    })

    test('refuses an output over its limit and a status that is none, and the run lives on', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const output = 'x'.repeat(MAX_PAYLOAD_BYTES)
      await expect(engine.record.commit({ run: run.id, attempt: 1, end: { status: 'COMPLETED', output } })).rejects.toMatchObject({ type: 'too_large' })
      await expect(engine.record.commit({ run: run.id, attempt: 1, end: { status: 'QUEUED' as 'FAILED' } })).rejects.toMatchObject({ type: 'invalid_request' })
      expect((await read(engine, run.id)).finishedAt).toBeNull()
    })

    test('wakes its readers, its ancestors’, and those of streams that were never opened', async () => {
      const { engine } = await open()
      const root = await executing(engine)
      const parent = await executing(engine, { parentId: root.id })
      const run = await executing(engine, { parentId: parent.id })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { 'a:b': { state: 'open' } } })
      const wakes = [topics.run(run.id), topics.run(parent.id), topics.run(root.id), topics.stream(run.id, 'a:b'), topics.stream(run.id, 'never')]
      const all = Promise.all(wakes.map((topic) => woken(engine, topic)))
      await ended(engine, run)
      await expect(all).resolves.toHaveLength(wakes.length)
    })

    test('a listener that stopped is not called', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      let calls = 0
      engine.wake(topics.stream(run.id, 'log'), () => calls++)()
      const wake = woken(engine, topics.stream(run.id, 'log'))
      await ended(engine, run)
      await wake
      expect(calls).toBe(0)
    })

    test('is settled when all descendants have ended too', async () => {
      const { engine } = await open()
      const root = await executing(engine)
      const child = await executing(engine, { parentId: root.id })
      const grandchild = await executing(engine, { parentId: child.id })
      const sibling = await created(engine)
      expect(await engine.record.isSettled(grandchild.id)).toBe(false)
      await ended(engine, root)
      await ended(engine, child)
      expect(await Promise.all([root, child, grandchild].map((run) => engine.record.isSettled(run.id)))).toEqual([false, false, false])
      await ended(engine, grandchild)
      expect(await Promise.all([root, child, grandchild, sibling].map((run) => engine.record.isSettled(run.id)))).toEqual([true, true, true, false])
      await expect(engine.record.isSettled('run_none')).rejects.toMatchObject({ type: 'not_found' })
    })

    test('an engine that was closed refuses, after it has done what it was asked before', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const last = engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'k', value: 1 }] })
      await engine.close()
      expect((await last).version).toBe(3)
      await expect(engine.record.read(run.id)).rejects.toMatchObject({ type: 'closed' })
      await expect(engine.record.commit({ run: run.id })).rejects.toMatchObject({ type: 'closed' })
      await expect(engine.close()).resolves.toBeUndefined()
    })

    test('cancels nothing by itself', async () => {
      const { engine } = await open()
      const parent = await executing(engine)
      const child = await created(engine, { parentId: parent.id })
      await ended(engine, parent)
      expect(await read(engine, child.id)).toMatchObject({ status: 'QUEUED' })
    })
  })
}
