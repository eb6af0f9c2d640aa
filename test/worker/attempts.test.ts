import { memoryEngine } from 'runfeed/server'
import { AbortRunError, logger, metadata, schemaTask, task } from 'runfeed/task'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

const atOnce = { minTimeout: 0 }

test('what a listener of the signal says is in the record', async () => {
  const begun = gate()
  const work = task({
    id: 'work',
    run: async (_: unknown, { signal }) => {
      const stopped = new Promise<void>((resolve) =>
        signal.addEventListener('abort', () => {
          metadata.set('status', 'stopping')
          resolve()
        }),
      )
      begun.open()
      await stopped
    },
  })
  const server = await startServer({ tasks: [work] })
  const id = await server.trigger('work')
  await begun.opened
  await server.post(`/v1/runs/${id}/cancel`)
  expect(await server.ended(id)).toMatchObject({ status: 'CANCELED', metadata: { status: 'stopping' } })
})

describe('a run that fails', () => {
  test('is tried again while attempts are left, and keeps its metadata', async () => {
    const work = task({
      id: 'work',
      retry: { ...atOnce, maxAttempts: 3 },
      run: (_: unknown, { ctx }) => {
        metadata.append('attempts', ctx.run.attempt)
        logger.info(`attempt ${ctx.run.attempt}`)
        if (ctx.run.attempt < 3) throw new RangeError('not yet')
        return 'done'
      },
    })
    const server = await startServer({ tasks: [work] })
    const run = await server.ended(await server.trigger('work'))
    expect(run).toMatchObject({ status: 'COMPLETED', output: 'done', attempt: 3, error: null, metadata: { attempts: [1, 2, 3] } })
    expect(run.streams).toEqual({ log: { state: 'closed' } })
  })

  test('ends as FAILED with what its last attempt threw', async () => {
    const work = task({
      id: 'work',
      retry: atOnce,
      run: (_: unknown, { ctx }) => {
        throw new RangeError(`attempt ${ctx.run.attempt}`)
      },
    })
    const server = await startServer({ tasks: [work] })
    const { id } = await work.trigger(null, { maxAttempts: 2 })
    expect(await server.ended(id)).toMatchObject({ status: 'FAILED', attempt: 2, error: { type: 'RangeError', message: 'attempt 2' } })
  })

  test('waits before it is tried again: DELAYED, with what the attempt met', async () => {
    const work = task({
      id: 'work',
      retry: { maxAttempts: 2, minTimeout: '1h', maxTimeout: '1h', randomize: false },
      run: () => {
        throw new Error('no')
      },
    })
    const server = await startServer({ tasks: [work] })
    const id = await server.trigger('work')
    await vi.waitFor(async () => expect(await server.run(id)).toMatchObject({ status: 'DELAYED', attempt: 1, error: { message: 'no' } }))
  })

  test('with AbortRunError gives up at once', async () => {
    const work = task({
      id: 'work',
      retry: { ...atOnce, maxAttempts: 5 },
      run: () => {
        throw new AbortRunError('no use')
      },
    })
    const server = await startServer({ tasks: [work] })
    expect(await server.ended(await server.trigger('work'))).toMatchObject({ status: 'FAILED', attempt: 1, error: { type: 'abort_run', message: 'no use' } })
  })

  test('because of its payload gives up at once', async () => {
    const work = schemaTask({ id: 'work', schema: z.object({ n: z.number() }), retry: { ...atOnce, maxAttempts: 5 }, run: ({ n }) => n })
    const server = await startServer({ tasks: [work] })
    expect(await server.ended(await server.trigger('work', {}))).toMatchObject({ status: 'FAILED', attempt: 1, error: { type: 'invalid_payload' } })
  })

  test('its parent waits for the last attempt', async () => {
    const child = task({
      id: 'child',
      retry: { ...atOnce, maxAttempts: 2 },
      run: (_: unknown, { ctx }) => {
        if (ctx.run.attempt === 1) throw new Error('no')
        return ctx.run.attempt
      },
    })
    const parent = task({ id: 'parent', run: async () => await child.triggerAndWait(null) })
    const server = await startServer({ tasks: [parent, child], concurrency: 1 })
    expect((await server.ended(await server.trigger('parent'))).output).toMatchObject({ ok: true, output: 2 })
  })
})

describe('maxDuration', () => {
  test('aborts the signal, and the run ends as TIMED_OUT, whatever attempts are left', async () => {
    const work = task({
      id: 'work',
      maxDuration: 20,
      retry: { ...atOnce, maxAttempts: 3 },
      run: async (_: unknown, { signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        metadata.set('reason', (signal.reason as { type: string }).type)
      },
    })
    const server = await startServer({ tasks: [work] })
    const run = await server.ended(await server.trigger('work'))
    expect(run).toMatchObject({ status: 'TIMED_OUT', attempt: 1, error: { type: 'timed_out' }, metadata: { reason: 'timed_out' } })
    expect(run.error?.message).toContain('20 ms')
  })

  test('does not count what the run waits for others', async () => {
    // what attempts are measured with; it stands until it is set on
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const [waiting, executing] = [gate(), gate()]
    const hold = gate()
    const child = task({ id: 'child', run: async () => (waiting.open(), await hold.opened) })
    const parent = task({ id: 'parent', maxDuration: 20, run: async () => (await child.triggerAndWait(null)).ok })
    const busy = task({
      id: 'busy',
      maxDuration: 20,
      run: async (_: unknown, { signal }) => {
        executing.open()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
      },
    })
    const server = await startServer({ tasks: [parent, child, busy] })
    const id = await server.trigger('parent')
    await waiting.opened
    const beside = await server.trigger('busy')
    await executing.opened
    vi.advanceTimersByTime(1000)
    // who began later and executed has run out of time by now
    expect((await server.ended(beside)).status).toBe('TIMED_OUT')
    hold.open()
    expect(await server.ended(id)).toMatchObject({ status: 'COMPLETED', output: true })
  })
})

test('each concurrency key has the task’s limit for itself', async () => {
  const hold = gate()
  const now = new Map<string, number>()
  const most = new Map<string, number>()
  const work = task({
    id: 'work',
    queue: { concurrencyLimit: 2 },
    run: async (key: string) => {
      now.set(key, (now.get(key) ?? 0) + 1)
      most.set(key, Math.max(most.get(key) ?? 0, now.get(key) ?? 0))
      await hold.opened
      now.set(key, (now.get(key) ?? 0) - 1)
    },
  })
  const server = await startServer({ tasks: [work], concurrency: 10 })
  const { runs } = await work.batchTrigger(
    ['a', 'a', 'a', 'a', 'b', 'b', 'b', ''].map((key) => ({ payload: key, options: key ? { concurrencyKey: key } : {} })),
  )
  await vi.waitFor(() => expect(Object.fromEntries(now)).toEqual({ a: 2, b: 2, '': 1 }))
  hold.open()
  await Promise.all(runs.map(async ({ id }) => await server.ended(id)))
  expect(Object.fromEntries(most)).toEqual({ a: 2, b: 2, '': 1 })
})

describe('a server that stops', () => {
  test('puts a run that has attempts left back in the queue, and the next server finishes it', async () => {
    const engine = memoryEngine()
    // the engine outlives the first server
    const kept = { ...engine, close: async () => {} }
    const started = gate()
    const work = task({
      id: 'work',
      retry: { maxAttempts: 2 },
      run: async (_: unknown, { ctx, signal }) => {
        metadata.append('attempts', ctx.run.attempt)
        if (ctx.run.attempt === 2) return 'done'
        started.open()
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        metadata.set('last', 'words')
        throw signal.reason as Error
      },
    })
    const first = await startServer({ engine: kept, tasks: [work] })
    const { id } = await work.trigger(null)
    await started.opened
    await first.close()
    expect((await engine.record.read(id))?.run).toMatchObject({ status: 'QUEUED', attempt: 1, error: { type: 'crashed' }, metadata: { last: 'words' } })
    const second = await startServer({ engine, tasks: [work] })
    expect(await second.ended(id)).toMatchObject({ status: 'COMPLETED', attempt: 2, output: 'done', metadata: { attempts: [1, 2] } })
  })

  test('does not wait for a task that does not listen: its run ends as CRASHED, with what it had said', async () => {
    const engine = memoryEngine()
    const started = gate()
    const work = task({
      id: 'work',
      run: async () => {
        metadata.set('said', true)
        started.open()
        await new Promise(() => {})
      },
    })
    const server = await startServer({ engine: { ...engine, close: async () => {} }, tasks: [work] })
    const { id } = await work.trigger(null)
    await started.opened
    await server.close()
    expect((await engine.record.read(id))?.run).toMatchObject({ status: 'CRASHED', error: { type: 'crashed' }, metadata: { said: true } })
    expect((await engine.record.read(id))?.run.error?.message).toContain('stopped')
  })
})

describe('what is thrown, or said of it, is odd', () => {
  const throwing = {
    get name(): string {
      throw new Error('no name')
    },
  }
  test.each<[string, () => unknown, object]>([
    ['an error without a name', () => Object.assign(new Error('x'), { name: undefined }), { type: 'Error', message: 'x' }],
    ['an error whose name is a number', () => Object.assign(new Error('x'), { name: 42 }), { type: 'Error', message: 'x' }],
    [
      'an error whose members throw',
      () => Object.defineProperties(new Error('x'), Object.getOwnPropertyDescriptors(throwing)),
      { type: 'Error', message: 'x' },
    ],
    ['an object without a prototype', () => Object.create(null), { type: 'thrown', message: '[object Object]' }],
    ['a symbol', () => Symbol('s'), { type: 'thrown', message: 'Symbol(s)' }],
  ])('%s ends its run as FAILED, and its hooks and streams too', async (_name, make, error) => {
    const odd = (): never => {
      throw make()
    }
    const work = task({
      id: 'work',
      onFailure: odd,
      run: async () => {
        const source = async function* () {
          yield 1
          odd()
        }
        await expect(async () => {
          for await (const _ of await metadata.stream('text', source()));
        }).rejects.toMatchObject({ type: 'stream_errored' })
        odd()
      },
    })
    const onError = vi.fn<(error: { readonly type: string; readonly message: string }) => void>()
    const server = await startServer({ tasks: [work], onError })
    expect(await server.ended(await server.trigger('work'))).toMatchObject({ status: 'FAILED', error, streams: { text: { state: 'errored' } } })
    expect(onError.mock.calls.map(([{ type, message }]) => [type, message.split(':')[0]])).toEqual([['hook', 'onFailure']])
  })
})
