import { describe, expect, test } from 'vitest'
import type { Claim, CommitAnswer, RunEngine } from '../../../src/protocol/engine.ts'
import type { Run } from '../../../src/protocol/run.ts'
import { topics } from '../../../src/protocol/want.ts'
import type { Open } from '../suite.ts'
import { clock, created, ended, executing, read, woken } from './given.ts'

const error = { type: 'TypeError', message: 'no', stack: 'at line 1' }

const retry = (engine: RunEngine, run: Run, at = 0): Promise<CommitAnswer> => engine.record.commit({ run: run.id, attempt: run.attempt, retry: { at, error } })

async function claim(engine: RunEngine, { task }: Run): Promise<Claim> {
  const [one] = await engine.queue.claim({ worker: 'worker', tasks: [task], max: 1 })
  return one as Claim
}

export function attemptSuite(open: Open): void {
  describe('an attempt', () => {
    test('says in its claim what the run may do', async () => {
      const { engine } = await open()
      await created(engine, { task: 'plain' })
      await created(engine, { task: 'asked', maxAttempts: 3, maxDuration: 5000, concurrencyKey: 'k' })
      const [plain, asked] = await engine.queue.claim({ worker: 'w', tasks: ['plain', 'asked'], max: 2 })
      expect(plain).toMatchObject({ maxAttempts: 1, maxDuration: null, concurrencyKey: '' })
      expect(asked).toMatchObject({ maxAttempts: 3, maxDuration: 5000, concurrencyKey: 'k' })
    })

    test('that is retried is one commit: operations, what it met, and the run is queued', async () => {
      const { now } = clock()
      const { engine } = await open({ now })
      const run = await executing(engine, { maxAttempts: 2 })
      const wake = woken(engine, topics.queue)
      const answer = await engine.record.commit({
        run: run.id,
        attempt: 1,
        operations: [{ op: 'set', key: 'k', value: 1 }],
        streams: { shut: { state: 'closed' } },
        retry: { at: now(), error },
      })
      await wake
      expect(await read(engine, run.id)).toMatchObject({
        status: 'QUEUED',
        attempt: 1,
        error,
        metadata: { k: 1 },
        finishedAt: null,
        version: answer.version,
        streams: { shut: { state: 'closed' } },
      })
      expect(answer.version).toBe(run.version + 1)
      const { run: again } = await claim(engine, run)
      expect(again).toMatchObject({ status: 'EXECUTING', attempt: 2, error: null, metadata: { k: 1 }, startedAt: run.startedAt, version: answer.version + 1 })
    })

    test('that is retried later leaves the run delayed until then', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now })
      const run = await executing(engine, { maxAttempts: 2 })
      await retry(engine, run, now() + 500)
      expect(await read(engine, run.id)).toMatchObject({ status: 'DELAYED', error })
      advance(499)
      expect(await claim(engine, run)).toBeUndefined()
      advance(1)
      expect((await claim(engine, run)).run).toMatchObject({ attempt: 2, error: null })
    })

    test('that was retried writes no more, and keeps no lease', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const run = await executing(engine, { maxAttempts: 2 })
      await retry(engine, run)
      for (const more of [{}, { end: { status: 'COMPLETED' } }, { retry: { at: 0, error } }] as const)
        await expect(engine.record.commit({ run: run.id, attempt: 1, ...more })).rejects.toMatchObject({ type: 'stale_attempt' })
      expect(await engine.queue.renew('worker', [run.id])).toEqual([])
      advance(5000)
      expect(await engine.sweep()).toBe(0)
      expect((await read(engine, run.id)).status).toBe('QUEUED')
    })

    test('that is retried again by the same writer is answered as before', async () => {
      const { engine } = await open()
      const run = await executing(engine, { maxAttempts: 2 })
      const commit = { run: run.id, attempt: 1, writer: { id: 'w_1', sequence: 1 }, retry: { at: 0, error } } as const
      const answer = await engine.record.commit(commit)
      expect(await engine.record.commit(commit)).toEqual(answer)
      expect((await read(engine, run.id)).version).toBe(answer.version)
    })

    test('is refused another when none is left, and goes on', async () => {
      const { engine } = await open()
      const run = await executing(engine, { maxAttempts: 2 })
      await retry(engine, run)
      const { run: last } = await claim(engine, run)
      await expect(retry(engine, last)).rejects.toMatchObject({ type: 'invalid_request', message: expect.stringContaining('attempt 2 of 2') as string })
      await expect(engine.record.commit({ run: run.id, attempt: 2, retry: { at: Number.NaN, error }, end: { status: 'FAILED', error } })).rejects.toMatchObject(
        { type: 'invalid_request' },
      )
      await expect(engine.record.commit({ run: run.id, retry: { at: 0, error } })).rejects.toMatchObject({ type: 'invalid_request' })
      await ended(engine, last)
      expect(await read(engine, run.id)).toMatchObject({ status: 'COMPLETED', error: null })
    })

    test('that is given back is not counted', async () => {
      const { engine } = await open()
      const run = await executing(engine, { maxAttempts: 2 })
      await engine.queue.release('worker', run.id)
      const { run: second, maxAttempts } = await claim(engine, run)
      expect({ attempt: second.attempt, maxAttempts }).toEqual({ attempt: 2, maxAttempts: 3 })
      await retry(engine, second)
      await expect(retry(engine, (await claim(engine, run)).run)).rejects.toMatchObject({ type: 'invalid_request' })
    })

    test('says in its claim whether one before it was executed: what was given back was not', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const run = await created(engine, { maxAttempts: 3 })
      const next = async (): Promise<readonly [number, boolean | undefined]> => {
        const { run: claimed, isFirst } = await claim(engine, run)
        return [claimed.attempt, isFirst]
      }
      expect(await next()).toEqual([1, true])
      await engine.queue.release('worker', run.id)
      expect(await next()).toEqual([2, true])
      await retry(engine, { ...run, attempt: 2 })
      expect(await next()).toEqual([3, false])
      await engine.queue.release('worker', run.id)
      expect(await next()).toEqual([4, false])
      const other = await executing(engine, { maxAttempts: 2 })
      advance(1000)
      await engine.sweep()
      expect(await claim(engine, other)).toMatchObject({ run: { attempt: 2 }, isFirst: false })
      expect(await engine.queue.begin({ task: 'begun', payload: null }, { worker: 'w' })).toMatchObject({ run: { attempt: 1 }, isFirst: true })
    })

    test('that has heard nothing of a cancel does not try again', async () => {
      const { engine } = await open()
      const run = await executing(engine, { maxAttempts: 2 })
      await engine.record.commit({ run: run.id, attempt: 1, streams: { log: { state: 'open' } } })
      await engine.record.cancel(run.id)
      await retry(engine, run)
      expect(await read(engine, run.id)).toMatchObject({ status: 'CANCELED', error: { type: 'canceled' }, streams: { log: { state: 'aborted' } } })
    })

    test('leaves its open streams open, and the next one goes on where they are', async () => {
      const { engine } = await open()
      const run = await executing(engine, { maxAttempts: 2 })
      const openIt = (attempt: number): Promise<CommitAnswer> => engine.record.commit({ run: run.id, attempt, streams: { log: { state: 'open' } } })
      await openIt(1)
      await engine.chunks.append(run.id, 'log', ['a', 'b'], { by: run.id, attempt: 1 })
      await retry(engine, run)
      expect(await engine.chunks.info(run.id, 'log')).toMatchObject({ state: 'open', start: 0, length: 2 })
      await expect(engine.chunks.append(run.id, 'log', ['x'], { by: run.id, attempt: 1 })).rejects.toMatchObject({ type: 'stale_attempt' })
      await claim(engine, run)
      const wake = woken(engine, topics.stream(run.id, 'log'))
      await openIt(2)
      await wake
      expect(await engine.chunks.info(run.id, 'log')).toEqual({ state: 'open', start: 2, length: 2, first: 0 })
      expect(await engine.chunks.append(run.id, 'log', ['c'], { by: run.id, attempt: 2 })).toEqual({ index: 2 })
      await ended(engine, { ...run, attempt: 2 })
      expect(await engine.chunks.info(run.id, 'log')).toMatchObject({ state: 'aborted', start: 2, length: 3 })
    })

    test('takes what it had queued with it, but for what has a key, and what is executed', async () => {
      const { engine } = await open()
      const run = await executing(engine, { maxAttempts: 2 })
      const [queued, delayed, keyed, busy, other] = [
        await created(engine, { parentId: run.id }),
        await created(engine, { parentId: run.id, delayUntil: Date.now() + 3_600_000 }),
        await created(engine, { parentId: run.id, idempotencyKey: 'k' }),
        await executing(engine, { parentId: run.id }),
        await created(engine),
      ]
      const below = await created(engine, { parentId: keyed.id })
      await retry(engine, run)
      const all = await Promise.all([queued, delayed, keyed, below, busy, other].map(({ id }) => read(engine, id)))
      expect(all.map(({ status }) => status)).toEqual(['CANCELED', 'CANCELED', 'QUEUED', 'QUEUED', 'EXECUTING', 'QUEUED'])
      expect(all[0]?.error?.message).toContain(run.id)
      await claim(engine, run)
      expect((await created(engine, { parentId: run.id, idempotencyKey: 'k' })).id).toBe(keyed.id)
    })

    test('whose lease is out is tried again as long as attempts are left', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const run = await executing(engine, { maxAttempts: 2 })
      await engine.record.commit({ run: run.id, attempt: 1, move: 'WAITING', streams: { log: { state: 'open' } } })
      const child = await executing(engine, { parentId: run.id, maxAttempts: 9 })
      const queued = await created(engine, { parentId: run.id })
      advance(1000)
      const wakes = Promise.all([topics.queue, topics.control(run.id)].map((topic) => woken(engine, topic)))
      expect(await engine.sweep()).toBe(2)
      await wakes
      expect(await read(engine, run.id)).toMatchObject({ status: 'QUEUED', error: { type: 'crashed' }, streams: { log: { state: 'open' } } })
      // the next attempt makes its own
      expect(await Promise.all([child, queued].map(async ({ id }) => (await read(engine, id)).status))).toEqual(['CANCELED', 'CANCELED'])
      await expect(engine.record.commit({ run: run.id, attempt: 1 })).rejects.toMatchObject({ type: 'stale_attempt' })
      expect((await claim(engine, run)).run).toMatchObject({ attempt: 2, error: null })
      advance(1000)
      expect(await engine.sweep()).toBe(1)
      expect(await read(engine, run.id)).toMatchObject({ status: 'CRASHED', streams: { log: { state: 'aborted' } } })
    })

    test('whose worker dies after a cancel ends the run as canceled', async () => {
      const { now, advance } = clock()
      const { engine } = await open({ now, leaseMs: 1000 })
      const run = await executing(engine, { maxAttempts: 2 })
      await engine.record.cancel(run.id)
      advance(1000)
      await engine.sweep()
      expect(await read(engine, run.id)).toMatchObject({ status: 'CANCELED', error: { type: 'canceled' } })
    })
  })
}
