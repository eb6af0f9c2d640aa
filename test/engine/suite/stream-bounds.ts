import { describe, expect, test } from 'vitest'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import type { Json } from '../../../src/protocol/json.ts'
import type { Run } from '../../../src/protocol/run.ts'
import type { Open, OpenKept } from '../suite.ts'
import { ended, executing } from './given.ts'

/** 98 characters, as JSON 100. */
const chunk = (n: number): string => `${n}`.padEnd(98, '.')

async function streaming(engine: RunEngine): Promise<Run> {
  const run = await executing(engine)
  await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' }, other: { state: 'open' } } })
  return run
}

async function append(engine: RunEngine, run: Run, from: number, to: number, each = 1): Promise<void> {
  for (let n = from; n < to; n += each)
    await engine.chunks.append(
      run.id,
      'log',
      Array.from({ length: each }, (_, i) => chunk(n + i)),
      { by: run.id, attempt: 1 },
    )
}

/** What a reader from the start gets, by going on. */
async function readAll(engine: RunEngine, run: Run): Promise<{ readonly first: number; readonly chunks: readonly Json[] }> {
  const { length } = await engine.chunks.info(run.id, 'log')
  const chunks: Json[] = []
  let first: number | undefined
  for (let index = 0; index < length; ) {
    const read = await engine.chunks.read(run.id, 'log', index, 1000)
    expect(read.chunks.length).toBeGreaterThan(0)
    first ??= read.index
    chunks.push(...read.chunks)
    index = read.index + read.chunks.length
  }
  return { first: first ?? 0, chunks }
}

export function streamBoundSuite(open: Open): void {
  describe('a stream over its bounds', () => {
    test.each([
      ['bytes', { streamBytes: 6400 }, 64],
      ['chunks', { streamChunks: 50 }, 50],
    ] as const)('in %s loses its oldest chunks, and says where it begins', async (_, options, most) => {
      const { engine } = await open(options)
      const run = await streaming(engine)
      await engine.chunks.append(run.id, 'other', ['stays'], { by: run.id, attempt: 1 })
      await append(engine, run, 0, most)
      expect(await engine.chunks.info(run.id, 'log')).toMatchObject({ first: 0, length: most })
      await append(engine, run, most, 300)
      const { first, length } = await engine.chunks.info(run.id, 'log')
      expect([length, length - first <= most, length - first >= most - 2]).toEqual([300, true, true])
      expect(await readAll(engine, run)).toEqual({ first, chunks: Array.from({ length: length - first }, (__, i) => chunk(first + i)) })
      expect((await engine.chunks.read(run.id, 'other', 0, 100)).chunks).toEqual(['stays'])
    })

    test('holds the cursors of what it keeps, and not of what is gone', async () => {
      const { engine } = await open({ streamChunks: 20 })
      const run = await streaming(engine)
      await append(engine, run, 0, 20)
      const before = await Promise.all([0, 10, 19].map(async (index) => (await engine.chunks.read(run.id, 'log', index, 1)).cursor))
      await append(engine, run, 20, 30)
      const { first } = await engine.chunks.info(run.id, 'log')
      expect(await Promise.all(before.map((cursor) => engine.chunks.holds(run.id, 'log', cursor)))).toEqual([1, 11, 20].map((place) => place > first))
    })

    test('keeps its last batch, however large, and its indexes for ever', async () => {
      const { engine } = await open({ streamBytes: 150 })
      const run = await streaming(engine)
      await append(engine, run, 0, 12, 3)
      expect(await engine.chunks.info(run.id, 'log')).toMatchObject({ first: 9, length: 12 })
      // opened again, as by a next attempt, it begins where it is
      await engine.queue.release('worker', run.id)
      await engine.queue.claim({ worker: 'worker', tasks: [run.task], max: 1 })
      await engine.record.commit({ run: run.id, attempt: 2, streams: { log: { state: 'open' } } })
      expect(await engine.chunks.info(run.id, 'log')).toMatchObject({ first: 9, start: 12, length: 12 })
      expect(await engine.chunks.append(run.id, 'log', ['a'], { by: run.id, attempt: 2 })).toEqual({ index: 12 })
      expect(await engine.chunks.info(run.id, 'log')).toMatchObject({ first: 12, length: 13 })
      await ended(engine, { ...run, attempt: 2 })
      expect(await readAll(engine, run)).toEqual({ first: 12, chunks: ['a'] })
    })
  })
}

export function keptStreamSuite(openKept: OpenKept): void {
  describe('a stream over its bounds', () => {
    test('is bounded as before when it is opened again', async () => {
      const { engine, reopen } = await openKept({ streamBytes: 2000 })
      const run = await executing(engine, { maxAttempts: 2 })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } })
      await append(engine, run, 0, 30)
      const before = await engine.chunks.info(run.id, 'log')
      expect(before.first).toBeGreaterThan(0)
      const again = await reopen()
      expect(await again.chunks.info(run.id, 'log')).toEqual(before)
      const all = await readAll(again, run)
      expect(all.first).toBe(before.first)
      await again.queue.claim({ worker: 'worker', tasks: [run.task], max: 1 })
      await again.chunks.append(
        run.id,
        'log',
        Array.from({ length: 5 }, (_, i) => chunk(30 + i)),
        { by: run.id, attempt: 2 },
      )
      const { first, length } = await again.chunks.info(run.id, 'log')
      expect([length, first > before.first, length - first <= 20, length - first > 10]).toEqual([35, true, true, true])
    })
  })
}
