import { describe, expect, test } from 'vitest'
import type { Claim, ClaimRequest } from '../../../src/protocol/engine.ts'
import { type NewRun, newRunId } from '../../../src/protocol/run.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, countWakes, created, ended, executing, read } from './given.ts'

export function repeatSuite(open: Open): void {
  describe('chunks that are sent again', () => {
    test('are appended once, and answered with the first index', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' }, more: { state: 'open' } } })
      const append = (sequence: number, chunks: readonly string[], stream = 'log'): Promise<unknown> =>
        engine.chunks.append(run.id, stream, chunks, { by: run.id, attempt: 1, writer: { id: 'w_1', sequence } })
      expect(await append(1, ['a', 'b'])).toEqual({ index: 0 })
      await engine.chunks.append(run.id, 'log', ['other'], { by: 'run_child' })
      expect(await Promise.all([append(1, ['a', 'b']), append(1, ['a', 'b'])])).toEqual([{ index: 0 }, { index: 0 }])
      expect(await append(2, ['c'])).toEqual({ index: 3 })
      // one writer counts each stream by itself, and its commits too
      expect(await append(1, ['x'], 'more')).toEqual({ index: 0 })
      await engine.record.commit({ run: run.id, attempt: 1, writer: { id: 'w_1', sequence: 1 }, operations: [{ op: 'increment', key: 'n', by: 1 }] })
      await expect(append(1, ['a', 'b'])).rejects.toMatchObject({ type: 'invalid_request' })
      expect((await engine.chunks.read(run.id, 'log', 0, 1000)).chunks).toEqual(['a', 'b', 'other', 'c'])
      expect((await engine.chunks.read(run.id, 'more', 0, 1000)).chunks).toEqual(['x'])
      expect((await read(engine, run.id)).metadata).toEqual({ n: 1 })
    })

    test('are answered though the stream, and the run, have ended', async () => {
      const { engine } = await open()
      const run = await executing(engine)
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } })
      const append = (): Promise<unknown> => engine.chunks.append(run.id, 'log', ['a'], { by: run.id, attempt: 1, writer: { id: 'w_1', sequence: 1 } })
      await append()
      await ended(engine, run)
      expect(await append()).toEqual({ index: 0 })
      expect(await engine.chunks.info(run.id, 'log')).toMatchObject({ state: 'aborted', length: 1 })
    })

    test('an append that fails changes nothing, and the same number may be used again', async () => {
      const opened = await open()
      const { engine } = opened
      const run = await executing(engine)
      const writer = { id: 'w_1', sequence: 1 }
      const append = (chunks: readonly string[], more: object = {}): Promise<unknown> =>
        engine.chunks.append(run.id, 'log', chunks, { by: run.id, attempt: 1, writer, ...more })
      await expect(append(['early'])).rejects.toMatchObject({ type: 'invalid_request' })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } })
      const wakes = countWakes(opened, topics.stream(run.id, 'log'))
      await expect(append(['small', 'x'.repeat(2 ** 20)])).rejects.toMatchObject({ type: 'too_large' })
      await expect(append(['old'], { attempt: 0 })).rejects.toMatchObject({ type: 'stale_attempt' })
      for (const wrong of [
        { id: 'a writer', sequence: 1 },
        { id: 'w_1', sequence: -1 },
        { id: 'w_1', sequence: 0.5 },
      ])
        await expect(append(['x'], { writer: wrong })).rejects.toMatchObject({ type: 'invalid_request' })
      expect(await engine.chunks.info(run.id, 'log')).toEqual({ state: 'open', start: 0, length: 0, first: 0 })
      expect(wakes()).toBe(0)
      expect(await append(['a'])).toEqual({ index: 0 })
    })
  })

  describe('a claim that is asked again', () => {
    const claim = (of: { queue: { claim(request: ClaimRequest): Promise<readonly Claim[]> } }, more: Partial<ClaimRequest>): Promise<readonly Claim[]> =>
      of.queue.claim({ worker: 'w', tasks: ['t'], max: 2, ...more })

    test('is answered with what it took, as far as the worker holds it still, under a new lease', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      await engine.record.create(Array.from({ length: 5 }, () => ({ task: 't', payload: null, maxAttempts: 3 })))
      const first = await claim(engine, { sequence: 1 })
      expect(first).toHaveLength(2)
      advance(600)
      expect(await claim(engine, { sequence: 1 })).toEqual(first.map((one) => ({ ...one, leaseUntil: now() + 1000 })))
      advance(600)
      expect(await engine.sweep()).toBe(0)
      await engine.record.commit({ run: first[0]?.run.id as string, attempt: 1, end: { status: 'COMPLETED' } })
      expect((await claim(engine, { sequence: 1 })).map(({ run }) => run.id)).toEqual([first[1]?.run.id])
      // given back, and taken by another: it is not this claim's any more
      await engine.queue.release('w', first[1]?.run.id as string)
      const [taken] = await claim(engine, { worker: 'other', max: 1 })
      expect(taken?.run.id).toBe(first[1]?.run.id)
      expect(await claim(engine, { sequence: 1 })).toEqual([])
      expect(await claim(engine, { sequence: 2 })).toHaveLength(2)
      await expect(claim(engine, { sequence: 1 })).rejects.toMatchObject({ type: 'invalid_request' })
      expect(await claim(engine, { sequence: 3 })).toHaveLength(1)
    })

    test('takes nothing though there is something now', async () => {
      const { engine } = await open()
      expect(await claim(engine, { sequence: 1 })).toEqual([])
      await created(engine, { task: 't' })
      expect(await claim(engine, { sequence: 1 })).toEqual([])
      expect(await claim(engine, { sequence: 2 })).toHaveLength(1)
    })

    test('at once takes once, and each worker counts for itself, in each namespace', async () => {
      const { engine } = await open()
      await engine.record.create(Array.from({ length: 9 }, () => ({ task: 't', payload: null })))
      const [one, same] = await Promise.all([claim(engine, { sequence: 1 }), claim(engine, { sequence: 1 })])
      expect(same.map(({ run }) => run.id)).toEqual(one.map(({ run }) => run.id))
      expect(await claim(engine, { sequence: 1, worker: 'other' })).toHaveLength(2)
      await engine.record.create([{ task: 't', payload: null, namespace: 'else' }])
      expect((await claim(engine, { sequence: 1, namespace: 'else' })).map(({ run }) => run.namespace)).toEqual(['else'])
    })

    test('names its worker and its number rightly', async () => {
      const { engine } = await open()
      for (const wrong of [{ sequence: -1 }, { sequence: Number.NaN }, { sequence: 1, worker: 'a worker' }])
        await expect(claim(engine, wrong)).rejects.toMatchObject({ type: 'invalid_request' })
    })
  })

  describe('a run that begins at once', () => {
    test('is executed by its worker from its first version on, and never queued', async () => {
      const { now, advance } = clock()
      const opened = await open({ now, leaseMs: 1000 })
      const { engine } = opened
      const wakes = countWakes(opened, topics.queue)
      const claim = await engine.queue.begin({ task: 't', payload: 1, maxAttempts: 2, maxDuration: 50, concurrencyKey: 'c' }, { worker: 'w' })
      expect(claim).toMatchObject({
        run: { status: 'EXECUTING', attempt: 1, version: 1, startedAt: now(), payload: 1 },
        leaseUntil: now() + 1000,
        maxAttempts: 2,
        maxDuration: 50,
        concurrencyKey: 'c',
      })
      expect(await read(engine, claim.run.id)).toEqual(claim.run)
      expect(await engine.queue.claim({ worker: 'other', tasks: ['t'], max: 1 })).toEqual([])
      expect(await engine.queue.renew('w', [claim.run.id])).toEqual([claim.run.id])
      expect(wakes()).toBe(0)
      advance(1000)
      expect(await engine.sweep()).toBe(1)
      expect(await read(engine, claim.run.id)).toMatchObject({ status: 'QUEUED', attempt: 1 })
    })

    test('is begun once, however often it is asked', async () => {
      const { engine } = await open()
      const run: NewRun = { id: newRunId(), task: 't', payload: null }
      const all = await Promise.all([1, 2, 3].map(() => engine.queue.begin(run, { worker: 'w' })))
      expect(all.map((claim) => claim.run)).toEqual(all.map(() => all[0]?.run))
      await engine.record.commit({ run: run.id as string, attempt: 1, operations: [{ op: 'set', key: 'k', value: 1 }] })
      expect((await engine.queue.begin(run, { worker: 'w' })).run).toMatchObject({ id: run.id, attempt: 1, metadata: { k: 1 } })
      expect((await engine.record.list({})).runs).toHaveLength(1)
    })

    test('is refused where it is another’s, queued or over', async () => {
      const { engine } = await open()
      const begin = (run: Partial<NewRun>, worker = 'w'): Promise<Claim> => engine.queue.begin({ task: 't', payload: null, ...run }, { worker })
      const refused = { type: 'invalid_request' }
      const { run } = await begin({ idempotencyKey: 'k' })
      expect((await begin({ idempotencyKey: 'k' })).run.id).toBe(run.id)
      await expect(begin({ idempotencyKey: 'k' }, 'other')).rejects.toMatchObject(refused)
      await expect(begin({ id: run.id }, 'other')).rejects.toMatchObject(refused)
      await ended(engine, run)
      await expect(begin({ id: run.id })).rejects.toMatchObject(refused)
      const queued = await created(engine, { task: 't' })
      await expect(begin({ id: queued.id })).rejects.toMatchObject(refused)
      await expect(begin({ delayUntil: 1 })).rejects.toMatchObject(refused)
      await expect(begin({ task: 'a task' })).rejects.toMatchObject(refused)
      await expect(begin({ parentId: 'run_none' })).rejects.toMatchObject({ type: 'not_found' })
      expect((await read(engine, queued.id)).status).toBe('QUEUED')
    })
  })
}
