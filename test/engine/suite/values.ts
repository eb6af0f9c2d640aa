import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Operation } from '../../../src/protocol/operation.ts'
import { operation } from '../../protocol/arbitraries.ts'
import type { Open } from '../suite.ts'
import { executing, read } from './given.ts'

/** An engine may change a document in place as long as nobody has it; what somebody has never changes. */
export function valueSuite(open: Open): void {
  describe('what an engine has given', () => {
    test('stays as it was, whoever writes after that, and the log says what the record says', async () => {
      const { engine } = await open()
      const looks = fc.constantFrom('read', 'list', 'at', 'begin', 'cancel', 'whole', 'none', 'none', 'none')
      const steps = fc.array(fc.record({ look: looks, operations: fc.array(operation, { minLength: 1, maxLength: 3 }), isRefused: fc.boolean() }), {
        maxLength: 30,
      })
      await fc.assert(
        fc.asyncProperty(steps, async (all) => {
          const metadata = { a: { b: { c: 1 } }, b: [1, [2]], c: 'x' }
          const begin = { task: 'work', payload: null, metadata, id: `run_${Math.random().toString(36).slice(2).padEnd(20, '0').slice(0, 20)}` }
          const { run } = await engine.queue.begin(begin, { worker: 'w' })
          const given: { readonly value: unknown; readonly text: string }[] = []
          const keep = (value: unknown): void => void given.push({ value, text: JSON.stringify(value) })
          keep(metadata)
          keep(run)
          for (const { look, operations, isRefused } of all) {
            keep(operations)
            // a commit that is refused as a whole leaves nothing of its operations
            if (isRefused) await engine.record.commit({ run: run.id, operations, streams: { 'no name': { state: 'open' } } }).catch(() => {})
            const { version } = await engine.record.commit({ run: run.id, attempt: 1, operations })
            if (look === 'read') keep(await read(engine, run.id))
            if (look === 'list') keep((await engine.record.list({ ids: [run.id] })).runs)
            if (look === 'at') keep(await engine.record.at(run.id, version))
            if (look === 'begin') keep((await engine.queue.begin(begin, { worker: 'w' })).run)
            if (look === 'cancel') keep(await engine.record.cancel(run.id))
            if (look === 'whole') keep((await engine.record.commit({ run: run.id, base: 99_999 })).since)
          }
          expect(given.map(({ value }) => JSON.stringify(value))).toEqual(given.map(({ text }) => text))
          // from the first version and the patches
          const now = await read(engine, run.id)
          await engine.record.commit({ run: run.id, attempt: 1, end: { status: 'COMPLETED' } })
          expect(JSON.parse(JSON.stringify((await engine.record.at(run.id, now.version)).metadata))).toEqual(JSON.parse(JSON.stringify(now.metadata)))
        }),
        { numRuns: 100 },
      )
    }, 60_000)

    test('an operation that is none is refused alone', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const wrong = [{ op: 'set', key: 'k' }, { op: 'set', value: 1 }, null, { op: 'other', key: 'k' }] as unknown as Operation[]
      const operations: Operation[] = [{ op: 'set', key: 'before', value: 1 }, ...wrong, { op: 'set', key: 'after', value: 2 }]
      const { refused, version } = await engine.record.commit({ run: run.id, operations })
      expect(refused.map(({ index }) => index)).toEqual([1, 2, 3, 4])
      expect(await read(engine, run.id)).toMatchObject({ metadata: { before: 1, after: 2 }, version })
    })
  })
}
