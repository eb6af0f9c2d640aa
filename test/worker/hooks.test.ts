import type { Run } from 'runfeed'
import { connectWorker, defineConfig, metadata, schemaTask, task, type RunfeedConfig, type TaskHooks } from 'runfeed/task'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { within } from '../../src/worker/lifecycle.ts'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

/** Hooks that say their name in the run's metadata. */
const saying = (who: string): TaskHooks => {
  const say = (hook: string) => () => void metadata.append('said', `${who} ${hook}`)
  return {
    init: say('init'),
    onStart: say('onStart'),
    middleware: async ({ next }) => {
      metadata.append('said', `${who} in`)
      await next()
      metadata.append('said', `${who} out`)
    },
    onSuccess: say('onSuccess'),
    onFailure: say('onFailure'),
    onComplete: say('onComplete'),
    onCancel: say('onCancel'),
    cleanup: say('cleanup'),
  }
}

describe('what hooks say is in the record before the run ends, in their order', () => {
  test('for a run that succeeds', async () => {
    const work = task({ id: 'work', ...saying('own'), run: () => void metadata.append('said', 'run') })
    const server = await startServer({ tasks: [work], config: defineConfig(saying('global')) })
    const run = await server.ended(await server.trigger('work'))
    expect(run.metadata['said']).toEqual([
      'global init',
      'own init',
      'global onStart',
      'own onStart',
      'global in',
      'own in',
      'run',
      'own out',
      'global out',
      'own onSuccess',
      'global onSuccess',
      'own onComplete',
      'global onComplete',
      'own cleanup',
      'global cleanup',
    ])
    expect(run.status).toBe('COMPLETED')
  })

  test('for a run that is tried again and fails', async () => {
    const { middleware: _, ...hooks } = saying('own')
    const work = task({
      id: 'work',
      ...hooks,
      retry: { maxAttempts: 2, minTimeout: 0 },
      run: () => {
        throw new Error('no')
      },
    })
    const server = await startServer({ tasks: [work] })
    const run = await server.ended(await server.trigger('work'))
    expect(run).toMatchObject({ status: 'FAILED', attempt: 2 })
    expect(run.metadata['said']).toEqual(['own init', 'own onStart', 'own cleanup', 'own init', 'own onFailure', 'own onComplete', 'own cleanup'])
  })

  test('for a run that is canceled, while its function still stops', async () => {
    const started = gate()
    const noticed = gate()
    const { middleware: _, ...hooks } = saying('own')
    const work = task({
      id: 'work',
      ...hooks,
      onCancel: () => {
        metadata.append('said', 'own onCancel')
        noticed.open()
      },
      run: async () => {
        started.open()
        // it ends because of the hook: the hook does not wait for it
        await noticed.opened
        metadata.append('said', 'run')
      },
    })
    const server = await startServer({ tasks: [work] })
    const id = await server.trigger('work')
    await started.opened
    await server.post(`/v1/runs/${id}/cancel`)
    const run = await server.ended(id)
    expect(run.status).toBe('CANCELED')
    expect(run.metadata['said']).toEqual(['own init', 'own onStart', 'own onCancel', 'run', 'own onComplete', 'own cleanup'])
  })
})

test('they are handed the payload, the context and how the run ended', async () => {
  const seen: unknown[] = []
  const config: RunfeedConfig = {
    onFailure: ({ error, ctx }) => void seen.push(['failure', (error as Error).message, ctx.task.id]),
    onComplete: ({ result }) => void seen.push(result.ok ? ['ok', result.output] : [result.status, (result.error as Error).message]),
  }
  const work = schemaTask({
    id: 'work',
    schema: z.object({ n: z.coerce.number() }),
    run: ({ n }) => {
      if (n < 0) throw new RangeError('below zero')
      return n
    },
    onSuccess: ({ payload, output, signal }) => void seen.push([payload.n, output + 1, signal.aborted]),
  })
  const server = await startServer({ tasks: [work], config })
  await server.ended(await server.trigger('work', { n: '1' }))
  expect(seen.splice(0)).toEqual([
    [1, 2, false],
    ['ok', 1],
  ])
  await server.ended(await server.trigger('work', { n: -1 }))
  expect(seen.splice(0)).toEqual([
    ['failure', 'below zero', 'work'],
    ['FAILED', 'below zero'],
  ])
  await server.ended(await server.trigger('work', {}))
  expect(seen).toEqual([
    ['failure', expect.stringContaining('payload.n'), 'work'],
    ['FAILED', expect.stringContaining('payload.n')],
  ])
})

describe('a hook that throws', () => {
  const refuse = (): never => {
    throw new Error('hook')
  }
  async function withHook(hooks: TaskHooks, run: () => unknown = () => 1): Promise<{ run: Run; reported: string[]; runs: number }> {
    const reported: string[] = []
    const body = vi.fn<() => unknown>(run)
    const work = task({ id: 'work', ...hooks, run: body })
    const server = await startServer({ tasks: [work], onError: ({ type, message }) => void reported.push(`${type} ${message}`) })
    return { run: await server.ended(await server.trigger('work')), reported, runs: body.mock.calls.length }
  }

  test.each(['onSuccess', 'onComplete', 'cleanup'] as const)('in %s is reported, and the run ends as it would', async (name) => {
    const { run, reported } = await withHook({ [name]: refuse })
    expect(run.status).toBe('COMPLETED')
    expect(reported).toEqual([`hook ${name}: hook`])
  })

  test('in onFailure leaves what the task threw', async () => {
    const { run, reported } = await withHook({ onFailure: refuse }, () => {
      throw new Error('task')
    })
    expect(run).toMatchObject({ status: 'FAILED', error: { message: 'task' } })
    expect(reported).toEqual(['hook onFailure: hook'])
  })

  test.each(['init', 'onStart', 'middleware'] as const)('in %s fails the attempt, and the task is not called', async (name) => {
    const { run, reported, runs } = await withHook({ [name]: refuse })
    expect(run).toMatchObject({ status: 'FAILED', error: { message: 'hook' } })
    expect([reported, runs]).toEqual([[], 0])
  })

  test('a middleware that does not call next fails the attempt; one that calls it twice runs the task once', async () => {
    expect((await withHook({ middleware: () => {} })).run).toMatchObject({ status: 'FAILED', error: { type: 'middleware' } })
    const twice = await withHook({ middleware: async ({ next }) => (await next(), await next()) })
    expect([twice.run.status, twice.runs]).toEqual(['COMPLETED', 1])
  })

  test('a middleware that catches what the task threw does not make it succeed', async () => {
    const caught = await withHook({ middleware: async ({ next }) => await next().catch(() => {}) }, () => {
      throw new Error('task')
    })
    expect(caught.run).toMatchObject({ status: 'FAILED', error: { message: 'task' } })
  })
})

test('onStart is called by the attempt that executes the run first, whoever had claimed it before and given it back', async () => {
  const server = await startServer()
  const id = await server.trigger('work')
  await server.post('/v1/queue/claim', { worker: 'w', tasks: ['work'], max: 1 })
  await server.post('/v1/queue/release', { worker: 'w', run: id })
  const work = task({ id: 'work', ...saying('own'), run: (_: unknown, { ctx }) => ctx.run.attempt })
  const worker = connectWorker({ url: server.url, tasks: [work] })
  onTestFinished(async () => await worker.stop())
  // a number is never given twice: an attempt that is over is known by it
  const { output, metadata: said } = await server.ended(id)
  expect(output).toBe(2)
  expect(said['said']).toContain('own onStart')
})

test('a stream that a hook opens is captured to its end', async () => {
  const work = task({
    id: 'work',
    run: () => 1,
    onSuccess: async () => {
      await metadata.stream(
        'after',
        (async function* () {
          yield 'a'
          await new Promise((resolve) => setImmediate(resolve))
          yield 'b'
        })(),
      )
    },
  })
  const server = await startServer({ tasks: [work] })
  expect(await server.ended(await server.trigger('work'))).toMatchObject({ status: 'COMPLETED', streams: { after: { state: 'closed' } } })
})

test('an onError that throws keeps no run from its end', async () => {
  const console = vi.spyOn(globalThis.console, 'error').mockImplementation(() => {})
  const fail = (): never => {
    throw new Error('no')
  }
  const server = await startServer({ tasks: [task({ id: 'work', run: () => 1, cleanup: fail, onSuccess: fail })], onError: fail })
  expect((await server.ended(await server.trigger('work'))).status).toBe('COMPLETED')
  expect(console).toHaveBeenCalled()
  console.mockRestore()
})

test('a hook that does not end is waited for no longer than it may take', async () => {
  await expect(within(5, 'cleanup', async () => await new Promise(() => {}))).rejects.toMatchObject({
    type: 'hook_timeout',
    message: 'cleanup took longer than 0.005 s',
  })
})
