import { describe, expect, test } from 'vitest'
import type { CommitAnswer } from '../../../src/protocol/engine.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, countWakes, created, ended, executing, read, woken } from './given.ts'

export function commitSuite(open: Open): void {
  describe('commit', () => {
    test('applies operations in order, as one version', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await executing(engine)
      advance(5)
      const answer = await engine.record.commit({
        run: run.id,
        attempt: 1,
        operations: [
          { op: 'set', key: 'n', value: 1 },
          { op: 'increment', key: 'n', by: 2 },
          { op: 'append', key: 'list', value: 'x' },
        ],
        base: run.version,
      })
      expect(answer).toEqual({
        version: 3,
        cursor: expect.stringMatching(/^3\.[0-9a-z]{4}$/) as string,
        bytes: JSON.stringify({ n: 3, list: ['x'] }).length,
        refused: [],
        since: { patch: expect.any(Array) as unknown, isOwn: true },
      })
      expect(await engine.record.read(run.id)).toMatchObject({ run: { metadata: { n: 3, list: ['x'] }, version: 3, updatedAt: now() }, cursor: answer.cursor })
    })

    test('what changes nothing makes no version, and wakes nobody', async () => {
      const opened = await open()
      const { engine } = opened
      const run = await executing(engine, { metadata: { k: { a: [1] } } })
      const wakes = countWakes(opened, topics.run(run.id))
      const before = await engine.record.read(run.id)
      for (const operation of [
        { op: 'set', key: 'k', value: { a: [1] } },
        { op: 'delete', key: 'other' },
        { op: 'remove', key: '$.k.a', value: 2 },
      ] as const) {
        const answer = await engine.record.commit({ run: run.id, attempt: 1, operations: [operation] })
        expect(answer).toEqual({ version: run.version, cursor: before?.cursor, bytes: JSON.stringify(run.metadata).length, refused: [] })
      }
      expect(wakes()).toBe(0)
    })

    test('a refused operation is left out alone, and named', async () => {
      const { engine } = await open({ metadataLimit: 60 })
      const run = await executing(engine, { metadata: { s: 'x' } })
      const answer = await engine.record.commit({
        run: run.id,
        operations: [
          { op: 'set', key: 'a', value: 1 },
          { op: 'set', key: '$.s.deep', value: 1 },
          { op: 'set', key: 'large', value: 'x'.repeat(60) },
          { op: 'set', key: 'b', value: 2 },
        ],
      })
      expect(answer.refused).toEqual([
        { index: 1, error: expect.objectContaining({ type: 'invalid_operation', key: '$.s.deep' }) as unknown },
        { index: 2, error: expect.objectContaining({ type: 'metadata_too_large', limit: 60 }) as unknown },
      ])
      expect((await read(engine, run.id)).metadata).toEqual({ s: 'x', a: 1, b: 2 })
    })

    test('a repeat is answered as before and not applied again', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const commit = {
        run: run.id,
        attempt: 1,
        writer: { id: 'w_1', sequence: 7 },
        operations: [
          { op: 'increment', key: 'n', by: 1 },
          { op: 'set', key: '$.n.x', value: 1 },
        ],
      } as const
      const first = await engine.record.commit(commit)
      await engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'other', value: 1 }] })
      expect(await engine.record.commit(commit)).toEqual(first)
      expect((await read(engine, run.id)).metadata).toEqual({ n: 1, other: 1 })
      await expect(engine.record.commit({ ...commit, writer: { id: 'w_1', sequence: 6 } })).rejects.toMatchObject({ type: 'invalid_request' })
    })

    test('the repeat of a last commit is answered though the run has ended', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const commit = { run: run.id, attempt: 1, writer: { id: 'w_1', sequence: 1 }, end: { status: 'COMPLETED' } } as const
      expect(await engine.record.commit(commit)).toEqual(await engine.record.commit(commit))
    })

    test('one writer may write to several runs', async () => {
      const { engine } = await open()
      const [a, b] = [await executing(engine), await executing(engine)]
      const operations = [{ op: 'increment', key: 'n', by: 1 }] as const
      for (const { id } of [a, b]) await engine.record.commit({ run: id, writer: { id: 'w_1', sequence: 1 }, operations })
      expect([(await read(engine, a.id)).metadata, (await read(engine, b.id)).metadata]).toEqual([{ n: 1 }, { n: 1 }])
    })

    test('commits said at once all count, each with a version of its own', async () => {
      const { engine, isOverNetwork } = await open()
      const run = await executing(engine)
      const answers = await Promise.all(
        Array.from({ length: 1000 }, (_, i) =>
          engine.record.commit({
            run: run.id,
            by: `run_child${i}`,
            operations: [
              { op: 'increment', key: 'n', by: 1 },
              { op: 'append', key: 'last', value: i, max: 10 },
            ],
          }),
        ),
      )
      const { metadata, version } = await read(engine, run.id)
      const order = Array.from(answers.keys())
      if (isOverNetwork) order.sort((a, b) => (answers[a] as CommitAnswer).version - (answers[b] as CommitAnswer).version)
      expect(metadata).toEqual({ n: 1000, last: order.slice(990) })
      expect(new Set(answers.map((answer) => answer.version)).size).toBe(1000)
      expect(version).toBe(run.version + 1000)
    })

    test('of commits said at once, one that fails fails alone', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const set = (key: string): Promise<CommitAnswer> => engine.record.commit({ run: run.id, operations: [{ op: 'set', key, value: 1 }] })
      const fates = await Promise.allSettled([set('a'), engine.record.commit({ run: 'run_none' }), engine.record.commit({ run: run.id, attempt: 9 }), set('b')])
      expect(fates.map((fate) => fate.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled'])
      expect((await read(engine, run.id)).metadata).toEqual({ a: 1, b: 1 })
    })

    test('the answer brings what others wrote since the base', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const set = (key: string): Promise<CommitAnswer> => engine.record.commit({ run: run.id, operations: [{ op: 'set', key, value: 1 }], base: run.version })
      await set('others')
      expect((await set('own')).since).toEqual({
        patch: [
          { op: 'add', path: '/metadata/others', value: 1 },
          { op: 'add', path: '/metadata/own', value: 1 },
        ],
      })
      const same = await engine.record.commit({ run: run.id, base: run.version + 2 })
      expect(same.since).toEqual({ patch: [] })
    })

    test.each([0, -1, 99])('for a base that the log does not hold (%d) it brings the whole run', async (base) => {
      const { engine } = await open()
      const run = await executing(engine)
      const answer = await engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'k', value: 1 }], base })
      expect(answer.since).toEqual({ run: await read(engine, run.id) })
    })

    test('an attempt waits and goes on', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, attempt: 1, move: 'WAITING' })
      expect(await read(engine, run.id)).toMatchObject({ status: 'WAITING', version: 3 })
      await engine.record.commit({ run: run.id, attempt: 1, move: 'WAITING' })
      expect(await read(engine, run.id)).toMatchObject({ status: 'WAITING', version: 3 })
      await engine.record.commit({ run: run.id, attempt: 1, move: 'EXECUTING' })
      expect(await read(engine, run.id)).toMatchObject({ status: 'EXECUTING', version: 4 })
    })

    test('wakes the readers of the run', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const wake = woken(engine, topics.run(run.id))
      await engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'k', value: 1 }] })
      await expect(wake).resolves.toBeUndefined()
    })

    test('is refused for a run that is not there, and for another attempt', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const queued = await created(engine)
      await expect(engine.record.commit({ run: 'run_none' })).rejects.toMatchObject({ type: 'not_found' })
      await expect(engine.record.commit({ run: run.id, attempt: 0 })).rejects.toMatchObject({ type: 'stale_attempt', details: { current: 1 } })
      await expect(engine.record.commit({ run: queued.id, attempt: 0 })).rejects.toMatchObject({ type: 'stale_attempt' })
      await expect(engine.record.commit({ run: run.id, move: 'WAITING' })).rejects.toMatchObject({ type: 'invalid_request' })
      await expect(engine.record.commit({ run: run.id, end: { status: 'COMPLETED' } })).rejects.toMatchObject({ type: 'invalid_request' })
    })

    test('after its end a run takes metadata from others, for a while, and keeps its status', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, lateWritesMs: 1000 })
      const run = await executing(engine)
      await ended(engine, run)
      const operations = [{ op: 'increment', key: 'late', by: 1 }] as const
      advance(1000)
      await engine.record.commit({ run: run.id, by: 'run_child', operations })
      await engine.record.commit({ run: run.id, operations })
      expect(await read(engine, run.id)).toMatchObject({ status: 'COMPLETED', metadata: { late: 2 }, version: 5 })
      for (const commit of [{ attempt: 1, operations }, { streams: { log: { state: 'open' } } } as const]) {
        await expect(engine.record.commit({ run: run.id, ...commit })).rejects.toMatchObject({ type: 'run_ended' })
      }
      advance(1)
      await expect(engine.record.commit({ run: run.id, operations })).rejects.toMatchObject({ type: 'run_ended' })
    })
  })
}
