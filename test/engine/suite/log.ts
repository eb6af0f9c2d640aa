import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { START } from '../../../src/protocol/cursor.ts'
import type { Commit } from '../../../src/protocol/engine.ts'
import type { Json } from '../../../src/protocol/json.ts'
import { applyPatch, coalescePatch } from '../../../src/protocol/patch.ts'
import type { Run } from '../../../src/protocol/run.ts'
import { operation } from '../../protocol/arbitraries.ts'
import type { Open } from '../suite.ts'
import { executing, read } from './given.ts'

/** As it is over the wire; version and time of a patch are in its cursor. */
const wire = (run: Run): Json => {
  const { version: _, updatedAt: __, ...rest } = run
  return JSON.parse(JSON.stringify(rest)) as Json
}

export function logSuite(open: Open): void {
  describe('the log', () => {
    test('has the versions after a cursor, oldest first, with who wrote them', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const start = await engine.record.read(run.id)
      const set = (key: string, more: Partial<Commit>): Promise<{ cursor: string }> =>
        engine.record.commit({ run: run.id, operations: [{ op: 'set', key, value: 1 }], ...more })
      const cursors = [await set('own', { attempt: 1 }), await set('child', { by: 'run_child' }), await set('secret', {})].map((answer) => answer.cursor)
      const entries = await engine.record.since(run.id, start?.cursor as string)
      expect(entries?.map(({ cursor, by }) => [cursor, by])).toEqual([
        [cursors[0], run.id],
        [cursors[1], 'run_child'],
        [cursors[2], null],
      ])
      expect(entries?.[1]?.patch).toEqual([{ op: 'add', path: '/metadata/child', value: 1 }])
      expect(await engine.record.since(run.id, cursors[1] as string)).toHaveLength(1)
      expect(await engine.record.since(run.id, cursors[2] as string)).toEqual([])
    })

    test('does not hold a cursor of another tag, of the future, of nobody, or none at all', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      for (const cursor of ['1.zzzzz', '2.zzzzz', '3.abcd', '99.abcd', START, 'nonsense']) expect(await engine.record.since(run.id, cursor)).toBeUndefined()
      expect(await engine.record.since('run_none', '1.abcd')).toBeUndefined()
    })

    test('says how a run was claimed, waited and ended', async () => {
      const { engine } = await open()
      const [made] = await engine.record.create([{ task: 'story', payload: { p: 1 } }])
      const first = await engine.record.read(made?.id as string)
      const run = first?.run as Run
      await engine.queue.claim({ worker: 'w', tasks: ['story'], max: 1 })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { 'log/a': { state: 'open' } }, move: 'WAITING' })
      await engine.record.cancel(run.id)
      await engine.record.commit({ run: run.id, attempt: 1, end: { status: 'CANCELED', output: null, error: { type: 'canceled', message: 'm' } } })
      const entries = (await engine.record.since(run.id, first?.cursor as string)) ?? []
      expect(entries).toHaveLength(4)
      let rebuilt = wire(run)
      for (const { patch } of entries) rebuilt = applyPatch(rebuilt, patch)
      expect(rebuilt).toEqual(wire(await read(engine, run.id)))
      expect(applyPatch(wire(run), coalescePatch(entries.flatMap(({ patch }) => patch)))).toEqual(rebuilt)
    })

    test('rebuilds the record, whatever was written by however many at once, repeats included', async () => {
      const { engine } = await open({ metadataLimit: 300 })
      const writes = fc.array(
        fc.record({ writer: fc.constantFrom('w_1', 'w_2', 'w_3'), operations: fc.array(operation, { maxLength: 4 }), isRepeated: fc.boolean() }),
        { maxLength: 20 },
      )
      await fc.assert(
        fc.asyncProperty(writes, async (list) => {
          const run = await executing(engine)
          const first = await engine.record.read(run.id)
          const sequences = new Map<string, number>()
          await Promise.all(
            list.flatMap(({ writer, operations, isRepeated }) => {
              const sequence = (sequences.get(writer) ?? 0) + 1
              sequences.set(writer, sequence)
              const commit: Commit = { run: run.id, by: 'run_other', writer: { id: writer, sequence }, operations }
              return isRepeated ? [engine.record.commit(commit), engine.record.commit(commit)] : [engine.record.commit(commit)]
            }),
          )
          const entries = (await engine.record.since(run.id, first?.cursor as string)) ?? []
          const now = await read(engine, run.id)
          expect(now.version).toBe(run.version + entries.length)
          expect(entries.length).toBeLessThanOrEqual(list.length)
          expect(entries.every(({ patch }) => patch.length > 0)).toBe(true)
          let rebuilt = wire(run)
          for (const { patch } of entries) rebuilt = applyPatch(rebuilt, patch)
          expect(rebuilt).toEqual(wire(now))
        }),
        { numRuns: 60 },
      )
    })
  })
}
