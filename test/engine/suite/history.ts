import { describe, expect, test } from 'vitest'
import type { RunEngine } from '../../../src/protocol/engine.ts'
import type { Run } from '../../../src/protocol/run.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, read } from './given.ts'

const plain = (run: Run): unknown => JSON.parse(JSON.stringify(run)) as unknown

const set = (engine: RunEngine, run: Run, value: unknown): Promise<{ readonly cursor: string; readonly version: number }> =>
  engine.record.commit({ run: run.id, by: 'run_child', operations: [{ op: 'set', key: 'n', value: value as number }] })

export function historySuite(open: Open): void {
  describe('history', () => {
    test('has every version, with its time, who wrote it, and the record as it was', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const made = await created(engine, { payload: { p: 1 }, metadata: { m: [1] } })
      const states = [plain(await read(engine, made.id))]
      const keep = async (step: Promise<unknown>): Promise<void> => {
        await step
        states.push(plain(await read(engine, made.id)))
        advance(10)
      }
      await keep(engine.queue.claim({ worker: 'w', tasks: ['work'], max: 1 }))
      await keep(engine.record.commit({ run: made.id, attempt: 1, streams: { log: { state: 'open' } } }))
      await keep(set(engine, made, 1))
      await keep(ended(engine, { ...made, attempt: 1 }))
      const { oldest, versions } = await engine.record.history(made.id, 0, 100)
      expect(oldest).toBe(1)
      expect(versions.map(({ version, at, by }) => [version, at, by])).toEqual([
        [2, 1_000_000, null],
        [3, 1_000_010, made.id],
        [4, 1_000_020, 'run_child'],
        [5, 1_000_030, made.id],
      ])
      expect(versions[2]?.patch).toEqual([{ op: 'add', path: '/metadata/n', value: 1 }])
      expect(await engine.record.since(made.id, versions[0]?.cursor as string)).toEqual(versions.slice(1).map(({ version: _, ...entry }) => entry))
      for (const [index, state] of states.entries()) expect(plain(await engine.record.at(made.id, index + 1))).toEqual(state)
    })

    test('comes in pages', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      for (let n = 0; n < 10; n++) await set(engine, run, n)
      const page = async (after: number, limit: number): Promise<readonly number[]> =>
        (await engine.record.history(run.id, after, limit)).versions.map(({ version }) => version)
      expect(await page(0, 3)).toEqual([2, 3, 4])
      expect(await page(4, 3)).toEqual([5, 6, 7])
      expect(await page(10, 5)).toEqual([11, 12])
      expect(await page(12, 5)).toEqual([])
      expect(await page(99, 5)).toEqual([])
    })

    test('of large versions comes in smaller pages, at least one each', async () => {
      const { engine } = await open({ metadataLimit: 8_000_000 })
      const run = await executing(engine)
      for (let n = 0; n < 4; n++) await set(engine, run, `${n}`.repeat(3_000_000))
      const { versions } = await engine.record.history(run.id, run.version, 100)
      expect(versions).toHaveLength(1)
    })

    test('refuses what is no version, no run, and not yet', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await expect(engine.record.history('run_none', 0, 1)).rejects.toMatchObject({ type: 'not_found' })
      await expect(engine.record.at('run_none', 1)).rejects.toMatchObject({ type: 'not_found' })
      for (const version of [0, -1, 1.5, 3, Number.NaN]) await expect(engine.record.at(run.id, version)).rejects.toMatchObject({ type: 'not_found' })
      await expect(engine.record.history(run.id, 0, 0)).rejects.toMatchObject({ type: 'invalid_request' })
      await expect(engine.record.history(run.id, -1, 1)).rejects.toMatchObject({ type: 'invalid_request' })
    })
  })

  describe('a log over its bounds', () => {
    test.each([
      ['versions', { logVersions: 20 }, 25],
      ['bytes', { logBytes: 20_000 }, 30],
    ])('of %s is cut at a snapshot, and every version from there on is whole', async (_, bounds, most) => {
      const { engine } = await open(bounds)
      const run = await executing(engine)
      const cursors: string[] = []
      const states = new Map<number, unknown>()
      for (let n = 0; n < 150; n++) {
        const { cursor, version } = await set(engine, run, `${n}`.padEnd(1000, '.'))
        cursors.push(cursor)
        states.set(version, plain(await read(engine, run.id)))
      }
      const { oldest, versions } = await engine.record.history(run.id, 0, 1000)
      expect(versions[0]?.version).toBe(oldest + 1)
      expect(versions.at(-1)?.version).toBe(152)
      expect(versions.length).toBeGreaterThanOrEqual(12)
      expect(versions.length).toBeLessThanOrEqual(most)
      expect(await engine.record.since(run.id, cursors[0] as string)).toBeUndefined()
      expect(await engine.record.since(run.id, cursors[oldest - 4] as string)).toBeUndefined()
      // the cursor of the snapshot itself is held
      expect(await engine.record.since(run.id, cursors[oldest - 3] as string)).toHaveLength(152 - oldest)
      for (let version = oldest; version <= 152; version++) expect(plain(await engine.record.at(run.id, version))).toEqual(states.get(version))
      const gone = { type: 'version_gone', details: { run: run.id, version: oldest - 1, oldest } }
      await expect(engine.record.at(run.id, oldest - 1)).rejects.toMatchObject(gone)
      expect((await engine.record.commit({ run: run.id, base: oldest - 1 })).since).toHaveProperty('run')
      expect((await engine.record.commit({ run: run.id, base: oldest })).since).toHaveProperty('patch')
    })
  })
}
