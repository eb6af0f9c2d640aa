import { describe, expect, test } from 'vitest'
import { START } from '../../../src/protocol/cursor.ts'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import type { Json } from '../../../src/protocol/json.ts'
import { MAX_CHUNK_BYTES } from '../../../src/protocol/limits.ts'
import type { Run } from '../../../src/protocol/run.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { ended, executing, read, woken } from './given.ts'

const own = (run: Run): { by: string; attempt: number } => ({ by: run.id, attempt: run.attempt })

async function streaming(engine: RunEngine, ...batches: Json[][]): Promise<Run> {
  const run = await executing(engine)
  await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } })
  for (const batch of batches) await engine.chunks.append(run.id, 'log', batch, own(run))
  return run
}

export function chunkSuite(open: Open): void {
  describe('chunks', () => {
    test('get their indexes from the engine, in the order of the calls', async () => {
      const { engine, isOverNetwork } = await open()
      const run = await streaming(engine)
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, i) => engine.chunks.append(run.id, 'log', [i * 2, i * 2 + 1], { by: `run_${i}`, ...(i % 2 ? {} : { attempt: 1 }) })),
      )
      const order = Array.from(answers.keys())
      if (isOverNetwork) order.sort((a, b) => (answers[a]?.index ?? 0) - (answers[b]?.index ?? 0))
      expect(order.map((i) => answers[i]?.index)).toEqual(Array.from({ length: 200 }, (_, i) => i * 2))
      const all = await engine.chunks.read(run.id, 'log', 0, 1_000_000)
      expect(all.chunks).toEqual(order.flatMap((i) => [i * 2, i * 2 + 1]))
      expect(all.by).toBeNull()
      expect(await engine.chunks.info(run.id, 'log')).toEqual({ state: 'open', start: 0, length: 400, first: 0 })
    })

    test('make no version; a stream’s opening and end do', async () => {
      const { engine } = await open()
      const run = await streaming(engine, ['a'])
      expect(await read(engine, run.id)).toMatchObject({ version: 3, streams: { log: { state: 'open' } } })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'errored', error: 'why' } } })
      expect(await read(engine, run.id)).toMatchObject({ version: 4, streams: { log: { state: 'errored', error: 'why' } } })
      expect(await engine.chunks.info(run.id, 'log')).toEqual({ state: 'errored', start: 0, length: 1, first: 0, error: 'why' })
    })

    test('are read from any index, with the tag of the batch that the position is in', async () => {
      const { engine } = await open()
      const run = await streaming(engine, ['a', 'b', 'c'], ['d'])
      const at = async (index: number, bytes: number): Promise<unknown> => {
        const { chunks, cursor } = await engine.chunks.read(run.id, 'log', index, bytes)
        return [chunks, cursor.split('.')[0]]
      }
      expect(await at(0, 1000)).toEqual([['a', 'b', 'c', 'd'], '4'])
      expect(await at(2, 1000)).toEqual([['c', 'd'], '4'])
      expect(await at(3, 1000)).toEqual([['d'], '4'])
      const tags = await Promise.all([0, 1, 2, 3].map(async (index) => (await engine.chunks.read(run.id, 'log', index, 1)).cursor.split('.')[1]))
      expect(new Set(tags.slice(0, 3)).size).toBe(1)
      expect(tags[3]).not.toBe(tags[0])
      expect(await engine.chunks.read(run.id, 'log', 4, 1000)).toEqual({ index: 4, chunks: [], cursor: `4.${tags[3]}`, by: null })
      expect(await engine.chunks.read(run.id, 'log', 99, 1000)).toMatchObject({ index: 4, chunks: [] })
    })

    test('come about as many as asked for, at least one, and all by going on', async () => {
      const { engine } = await open()
      const chunks = Array.from({ length: 500 }, (_, i) => `${i}`.padStart(100, '.'))
      const run = await streaming(engine, chunks.slice(0, 300), ...chunks.slice(300).map((chunk) => [chunk]))
      const got: Json[] = []
      for (let reads = 0; got.length < chunks.length; reads++) {
        const part = await engine.chunks.read(run.id, 'log', got.length, 2000)
        expect(part.index).toBe(got.length)
        expect(part.by).toBe(run.id)
        expect(part.chunks.length).toBeGreaterThanOrEqual(1)
        expect(part.chunks.length).toBeLessThanOrEqual(21)
        got.push(...part.chunks)
        expect(reads).toBeLessThan(40)
      }
      expect(got).toEqual(chunks)
      expect((await engine.chunks.read(run.id, 'log', 0, 1)).chunks).toHaveLength(1)
    })

    test('hold the cursors that they gave, and no others', async () => {
      const { engine } = await open()
      const run = await streaming(engine, ['a', 'b'], ['c'])
      for (const index of [0, 1, 2]) {
        const { cursor } = await engine.chunks.read(run.id, 'log', index, 1)
        expect(await engine.chunks.holds(run.id, 'log', cursor)).toBe(true)
        expect(await engine.chunks.holds(run.id, 'other', cursor)).toBe(false)
      }
      const last = (await engine.chunks.read(run.id, 'log', 2, 1)).cursor.split('.')[1] as string
      for (const cursor of [`4.${last}`, `0.${last}`, '3.zzzzz', '1.zzzzz', 'nonsense']) expect(await engine.chunks.holds(run.id, 'log', cursor)).toBe(false)
      expect(await engine.chunks.holds(run.id, 'log', START)).toBe(true)
      expect(await engine.chunks.holds(run.id, 'never', START)).toBe(true)
    })

    test('wake the readers of their stream; so do its opening and its end', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      const topic = topics.stream(run.id, 'log')
      for (const act of [
        () => engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } }),
        () => engine.chunks.append(run.id, 'log', ['x'], own(run)),
        () => engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'closed' } } }),
      ]) {
        const wake = woken(engine, topic)
        await act()
        await expect(wake).resolves.toBeUndefined()
      }
    })

    test('a stream that was never opened has no state, takes no chunks, and is as long as nothing', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      expect(await engine.chunks.info(run.id, 'log')).toEqual({ state: undefined, start: 0, length: 0, first: 0 })
      expect(await engine.chunks.info(run.id, 'constructor')).toMatchObject({ state: undefined })
      expect(await engine.chunks.read(run.id, 'log', 0, 1000)).toEqual({ index: 0, chunks: [], cursor: START, by: null })
      await expect(engine.chunks.append(run.id, 'log', ['x'], own(run))).rejects.toMatchObject({ type: 'invalid_request' })
      await expect(engine.chunks.info('run_none', 'log')).rejects.toMatchObject({ type: 'not_found' })
      await expect(engine.chunks.append('run_none', 'log', ['x'], { by: 'x' })).rejects.toMatchObject({ type: 'not_found' })
    })

    test('a chunk over its limit is refused with its whole batch', async () => {
      const { engine } = await open()
      const run = await streaming(engine)
      const large = 'é'.repeat(MAX_CHUNK_BYTES / 2)
      await expect(engine.chunks.append(run.id, 'log', ['small', large], own(run))).rejects.toMatchObject({ type: 'too_large', details: { what: 'chunk 1' } })
      expect(await engine.chunks.append(run.id, 'log', [large.slice(1)], own(run))).toEqual({ index: 0 })
    })

    test('nothing is appended by an old attempt, or to a stream that ended', async () => {
      const { engine } = await open()
      const run = await streaming(engine)
      await expect(engine.chunks.append(run.id, 'log', ['x'], { by: run.id, attempt: 0 })).rejects.toMatchObject({ type: 'stale_attempt' })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'closed' } } })
      await expect(engine.chunks.append(run.id, 'log', ['x'], own(run))).rejects.toMatchObject({ type: 'invalid_request' })
    })

    test('the first end of a stream stands', async () => {
      const { engine } = await open()
      const run = await streaming(engine)
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'closed' } } })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'errored', error: 'late' } } })
      await ended(engine, run)
      expect((await read(engine, run.id)).streams).toEqual({ log: { state: 'closed' } })
    })

    test('a later attempt opens a stream again at its length, whether it was left open or closed', async () => {
      const { engine } = await open()
      for (const state of ['open', 'closed'] as const) {
        const run = await streaming(engine, ['a', 'b'])
        await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state } } })
        await engine.queue.release('worker', run.id)
        await engine.queue.claim({ worker: 'worker', tasks: [run.task], max: 1 })
        const wake = woken(engine, topics.stream(run.id, 'log'))
        const { version } = await engine.record.commit({ run: run.id, attempt: 2, streams: { log: { state: 'open' } } })
        await wake
        // said twice by one attempt it opens once
        expect((await engine.record.commit({ run: run.id, attempt: 2, streams: { log: { state: 'open' } } })).version).toBe(version)
        expect(await engine.chunks.append(run.id, 'log', ['c'], { by: run.id, attempt: 2 })).toEqual({ index: 2 })
        expect(await engine.chunks.info(run.id, 'log')).toEqual({ state: 'open', start: 2, length: 3, first: 0 })
      }
    })

    test('a descendant opens a stream and writes to it, and does not end it or open it again', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, by: 'run_child', streams: { log: { state: 'open' } } })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } })
      await engine.chunks.append(run.id, 'log', ['x'], { by: 'run_child' })
      expect(await engine.chunks.info(run.id, 'log')).toMatchObject({ start: 0, length: 1 })
      const refused = { type: 'invalid_request' }
      await expect(engine.record.commit({ run: run.id, by: 'run_child', streams: { log: { state: 'closed' } } })).rejects.toMatchObject(refused)
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'closed' } } })
      await expect(engine.record.commit({ run: run.id, by: 'run_child', streams: { log: { state: 'open' } } })).rejects.toMatchObject(refused)
    })

    test.each(['a stream', '', '__proto__', 'constructor'])('%j is no name of a stream', async (key) => {
      const { engine } = await open()
      const run = await executing(engine)
      const streams = Object.fromEntries([[key, { state: 'open' as const }]])
      await expect(engine.record.commit({ run: run.id, attempt: 1, streams })).rejects.toMatchObject({ type: 'invalid_request' })
    })
  })
}
