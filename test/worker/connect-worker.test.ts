import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Run } from 'runfeed'
import { createRunServer, memoryEngine, type RunServerOptions } from 'runfeed/server'
import { batch, connectWorker, type ConnectWorkerOptions, metadata, runs, type Task, task, tasks, withRun } from 'runfeed/task'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { type Script, startScript } from '../support/process.ts'
import { HEARTBEAT, startServer, type TestServer } from '../support/server.ts'

// processes start, connections are made anew: on a busy machine that takes its time
vi.setConfig({ testTimeout: 30_000 })
const SOON = { timeout: 20_000 }

/** A server that executes nothing, and a worker that is connected to it over HTTP. */
async function serverAndWorker(options: Omit<ConnectWorkerOptions, 'url'>, serverOptions: Partial<RunServerOptions> = {}): Promise<TestServer> {
  const server = await startServer(serverOptions)
  const worker = connectWorker({ url: server.url, ...options })
  onTestFinished(async () => await worker.stop())
  return server
}

const aborted = async (signal: AbortSignal): Promise<void> => await new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

const failingOnce = (): Task<'work'> =>
  task({
    id: 'work',
    retry: { maxAttempts: 2, minTimeout: 0 },
    run: (_: unknown, { ctx }) => {
      if (ctx.run.attempt === 1) throw new Error('not yet')
    },
  })

describe('a worker elsewhere', () => {
  test('executes what is triggered at the server: metadata, streams, children, attempts', async () => {
    const child = task({
      id: 'child',
      retry: { maxAttempts: 2, minTimeout: 0 },
      run: (n: number, { ctx }) => {
        if (ctx.run.attempt === 1) throw new Error('not yet')
        metadata.parent.increment('done')
        return 2 * n
      },
    })
    const parent = task({
      id: 'parent',
      run: async (numbers: number[]) => {
        const words: string[] = []
        const stream = await metadata.stream(
          'words',
          (async function* () {
            yield* ['a', 'b']
          })(),
        )
        for await (const word of stream) words.push(word)
        const { runs } = await child.batchTriggerAndWait(numbers.map((payload) => ({ payload })))
        await metadata.refresh()
        return { doubled: runs.map((result) => result.ok && result.output), words, done: metadata.get('done') }
      },
    })
    const server = await serverAndWorker({ tasks: [parent, child], concurrency: 2 })
    const run = await server.ended(await server.trigger('parent', [1, 2, 3]))
    expect(run).toMatchObject({ status: 'COMPLETED', output: { doubled: [2, 4, 6], words: ['a', 'b'], done: 3 }, streams: { words: { state: 'closed' } } })
    const { runs } = (await (await server.get(`/v1/runs?parent=${run.id}`)).json()) as { runs: Run[] }
    expect(runs.map(({ status, attempt }) => [status, attempt])).toEqual(Array.from({ length: 3 }, () => ['COMPLETED', 2]))
  })

  test('30 children at once that increment one parent count exactly', async () => {
    const child = task({ id: 'child', run: () => (metadata.parent.increment('n'), void metadata.root.append('seen', 1)) })
    const parent = task({ id: 'parent', run: async () => void (await child.batchTriggerAndWait(Array.from({ length: 30 }, () => ({ payload: null })))) })
    const server = await serverAndWorker({ tasks: [parent, child], concurrency: 31 })
    const run = await server.ended(await server.trigger('parent'))
    expect(run).toMatchObject({ status: 'COMPLETED', metadata: { n: 30, seen: Array.from({ length: 30 }, () => 1) } })
  })

  test('is told before anything is made that a batch is more than a server makes at once', async () => {
    const child = task({ id: 'child', run: () => {} })
    const items = Array.from({ length: 1001 }, () => ({ payload: null }))
    const parent = task({ id: 'parent', run: async () => await child.batchTrigger(items) })
    const server = await serverAndWorker({ tasks: [parent, child] })
    const run = await server.ended(await server.trigger('parent'))
    const message = 'a batch of 1001 is more than a server elsewhere makes at once, 1000; start it in parts'
    expect(run).toMatchObject({ status: 'FAILED', error: { type: 'invalid_request', message } })
    expect(await (await server.get(`/v1/runs?parent=${run.id}`)).json()).toEqual({ runs: [] })
  })

  test('is told of a cancel', async () => {
    const started = gate()
    const work = task({
      id: 'work',
      run: async (_: unknown, { signal }) => {
        started.open()
        await aborted(signal)
      },
    })
    const server = await serverAndWorker({ tasks: [work] })
    const id = await server.trigger('work')
    await started.opened
    await server.post(`/v1/runs/${id}/cancel`)
    expect((await server.ended(id)).status).toBe('CANCELED')
  })

  test('never executes more at once than it has slots, and those that wait hold none', async () => {
    let now = 0
    let most = 0
    const child = task({
      id: 'child',
      run: async () => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setImmediate(resolve))
        now--
      },
    })
    const parent = task({ id: 'parent', run: async () => (await child.triggerAndWait(null)).ok })
    const server = await serverAndWorker({ tasks: [parent, child], concurrency: 2 })
    const ids = await Promise.all(Array.from({ length: 10 }, async () => await server.trigger('parent')))
    const ended = await Promise.all(ids.map(async (id) => await server.ended(id)))
    expect(ended.map(({ status, output }) => [status, output])).toEqual(Array.from({ length: 10 }, () => ['COMPLETED', true]))
    expect(most).toBeLessThanOrEqual(2)
  })

  test('what it triggers outside of a run has the settings of its tasks', async () => {
    const work = failingOnce()
    const server = await serverAndWorker({ tasks: [work] })
    const { id } = await work.trigger(null)
    const byId = await tasks.trigger('work', null)
    const { runs } = await batch.trigger([{ id: 'work', payload: null }])
    for (const each of [id, byId.id, runs[0]?.id as string]) expect(await server.ended(each)).toMatchObject({ status: 'COMPLETED', attempt: 2 })
  })

  test('holds a task’s maxDuration where the server does not know the task', async () => {
    const work = task({ id: 'work', maxDuration: 20, run: async (_: unknown, { signal }) => await aborted(signal) })
    const server = await serverAndWorker({ tasks: [work] })
    expect((await server.ended(await server.trigger('work'))).status).toBe('TIMED_OUT')
  })

  test('tells a server that does not know its tasks how often their runs are tried', async () => {
    const work = failingOnce()
    const server = await serverAndWorker({ tasks: [work] })
    // its first claim is answered once a run of it has ended
    await server.ended(await server.trigger('work'))
    expect(await server.ended(await server.trigger('work'))).toMatchObject({ status: 'COMPLETED', attempt: 2 })
  })

  test('tries a run again that was made before any worker came', async () => {
    const server = await startServer()
    const id = await server.trigger('work')
    const worker = connectWorker({ url: server.url, tasks: [failingOnce()] })
    onTestFinished(async () => await worker.stop())
    expect(await server.ended(id)).toMatchObject({ status: 'COMPLETED', attempt: 2 })
  })

  test('says its settings for the children, too, that a task of the server makes in its namespace', async () => {
    const secret = `sk_${'a'.repeat(40)}`
    const near = task({ id: 'near', run: async () => await tasks.triggerAndWait('work', null, { delay: 1 }) })
    const engine = memoryEngine()
    const asked: unknown[] = []
    const create: typeof engine.record.create = async (wanted) => {
      asked.push(...wanted.map(({ maxAttempts }) => maxAttempts))
      return await engine.record.create(wanted)
    }
    const server = createRunServer({
      engine: { ...engine, record: { ...engine.record, create } },
      heartbeat: HEARTBEAT,
      tasks: [near],
      auth: { secretKeys: [{ secret, namespace: 'team' }] },
    })
    onTestFinished(async () => await server.close())
    const { url } = await server.listen()
    const worker = connectWorker({ url, secretKey: secret, tasks: [failingOnce()] })
    onTestFinished(async () => await worker.stop())
    const trigger = async (id: string) =>
      await fetch(`${url}/v1/tasks/${id}/trigger`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: '{}',
      })
    // the worker has asked
    await expect.poll(async () => (await trigger('work')).status, SOON).toBe(201)
    asked.length = 0
    await trigger('near')
    await expect.poll(() => asked, SOON).toEqual([undefined, 2])
  })

  test('takes runs of a task whose ttl is 0', async () => {
    const server = await serverAndWorker({ tasks: [task({ id: 'brief', ttl: 0, run: () => 1 }), task({ id: 'work', run: () => 2 })] })
    expect((await server.ended(await server.trigger('work'))).output).toBe(2)
  })

  test('leaves its settings to a server that knows its tasks and executes none', async () => {
    const work = failingOnce()
    const server = await serverAndWorker({ tasks: [work] }, { tasks: [work], concurrency: 0 })
    expect(await server.ended(await server.trigger('work'))).toMatchObject({ status: 'COMPLETED', attempt: 2 })
  })

  test('two workers take each run once', async () => {
    const executed: string[] = []
    const work = task({ id: 'work', run: (_: unknown, { ctx }) => void executed.push(ctx.run.id) })
    const server = await serverAndWorker({ tasks: [work], concurrency: 3 })
    const second = connectWorker({ url: server.url, tasks: [work], concurrency: 3 })
    onTestFinished(async () => await second.stop())
    const ids = await Promise.all(Array.from({ length: 40 }, async () => await server.trigger('work')))
    await Promise.all(ids.map(async (id) => await server.ended(id)))
    expect(executed.toSorted()).toEqual(ids.toSorted())
  })

  test('whose lease was lost stops, and the next attempt is another’s', async () => {
    let now = Date.now()
    const engine = memoryEngine({ now: () => now })
    const first = gate()
    const reasons: string[] = []
    const work = task({
      id: 'work',
      run: async (_: unknown, { ctx, signal }) => {
        if (ctx.run.attempt > 1) return 'second'
        first.open()
        await aborted(signal)
        reasons.push((signal.reason as { type: string }).type)
        return 'first'
      },
    })
    const server = await serverAndWorker({ tasks: [work] }, { engine })
    const id = await server.trigger('work', null, { maxAttempts: 2 })
    await first.opened
    now += 60_000
    await engine.sweep()
    expect(await server.ended(id)).toMatchObject({ status: 'COMPLETED', attempt: 2, output: 'second' })
    await vi.waitFor(() => expect(reasons).toEqual(['stale_attempt']), SOON)
  })

  test('that stops gives its runs back where attempts are left', async () => {
    const server = await startServer()
    const started = gate()
    const work = task({
      id: 'work',
      run: async (_: unknown, { ctx, signal }) => {
        metadata.append('attempts', ctx.run.attempt)
        if (ctx.run.attempt === 2) return
        started.open()
        await aborted(signal)
        throw signal.reason as Error
      },
    })
    const first = connectWorker({ url: server.url, tasks: [work] })
    const id = await server.trigger('work', null, { maxAttempts: 2 })
    await started.opened
    await first.stop()
    expect(await server.run(id)).toMatchObject({ status: 'QUEUED', attempt: 1, error: { type: 'crashed' } })
    const second = connectWorker({ url: server.url, tasks: [work] })
    onTestFinished(async () => await second.stop())
    expect(await server.ended(id)).toMatchObject({ status: 'COMPLETED', attempt: 2, metadata: { attempts: [1, 2] } })
  })

  test('takes runs of its key’s namespace alone', async () => {
    const [ours, theirs] = ['sk_ours_0123456789abcdef0123456789abcdef', 'sk_theirs_0123456789abcdef0123456789abcdef']
    const { url } = await startServer({
      auth: {
        secretKeys: [
          { secret: ours, namespace: 'ours' },
          { secret: theirs, namespace: 'theirs' },
        ],
      },
    })
    const child = task({ id: 'child', run: () => void metadata.parent.increment('n') })
    const executed: string[] = []
    const workers = [ours, theirs].map((secretKey) => {
      const work = task({
        id: 'work',
        run: async (_: unknown, { ctx }) => {
          executed.push(`${secretKey} ${ctx.run.id}`)
          await child.batchTriggerAndWait([{ payload: null }, { payload: null }])
          await metadata.refresh()
          return metadata.get('n')
        },
      })
      return connectWorker({ url, secretKey, tasks: [work, child] })
    })
    onTestFinished(async () => void (await Promise.all(workers.map(async (worker) => await worker.stop()))))
    const made: string[] = []
    for (const secretKey of [ours, theirs, ours]) {
      const output = await withRun({ url, secretKey, task: 'script' }, async ({ ctx }) => {
        const result = await tasks.triggerAndWait('work', null)
        made.push(`${secretKey} ${result.id}`)
        expect(ctx.run.id).not.toBe(result.id)
        return result.ok && (result.output as number)
      })
      expect(output).toBe(2)
    }
    expect(executed).toEqual(made)
    const work = vi.fn<() => void>()
    await expect(withRun({ url, secretKey: `${ours}_not`, task: 'script' }, work)).rejects.toMatchObject({ type: 'unauthorized', status: 401 })
    expect(work).not.toHaveBeenCalled()
  })

  test('without a server says what to do', () => {
    expect(() => connectWorker({ tasks: [] })).toThrow(/RUNFEED_URL/)
  })
})

describe('a server that restarts', () => {
  test('without its record has its workers stop what nobody knows any more', async () => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => errors.mockRestore())
    const first = createRunServer({ engine: memoryEngine(), heartbeat: HEARTBEAT })
    const { url, port } = await first.listen()
    const started = gate()
    const stopped = new Promise<unknown>((resolve) => {
      const work = task({
        id: 'work',
        run: async (isKnown: boolean, { signal }) => {
          if (isKnown) return 'known'
          started.open()
          await aborted(signal)
          resolve(signal.reason)
          return 'lost'
        },
      })
      const worker = connectWorker({ url, tasks: [work] })
      onTestFinished(async () => await worker.stop())
      void work.trigger(false)
    })
    await started.opened
    await first.close()
    const second = createRunServer({ engine: memoryEngine(), heartbeat: HEARTBEAT })
    onTestFinished(async () => await second.close())
    await second.listen({ port })
    expect(await stopped).toMatchObject({ type: 'run_ended' })
    // and goes on with what the new one has
    const { id } = await tasks.trigger('work', true)
    await vi.waitFor(async () => expect(await runs.retrieve(id)).toMatchObject({ status: 'COMPLETED', output: 'known' }), SOON)
  })

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'after %s finds its workers still at work: nothing is lost, nothing done twice',
    { timeout: 60_000 },
    async (signal) => {
      const folder = mkdtempSync(join(tmpdir(), 'runfeed-'))
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
      const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
      onTestFinished(() => errors.mockRestore())
      const open = async (port: number): Promise<{ readonly script: Script; readonly port: number; readonly url: string }> => {
        const script = startScript(new URL('restarted-server.ts', import.meta.url), {}, [join(folder, 'runs.db'), String(port)])
        return { script, ...(await script.line<{ port: number; url: string }>()) }
      }
      const first = await open(0)
      const [halfWay, restarted] = [gate(), gate()]
      const executions: number[] = []
      const child = task({ id: 'child', run: () => void metadata.parent.increment('children') })
      const work = task({
        id: 'work',
        run: async (n: number) => {
          executions.push(n)
          const source = (async function* () {
            for (let i = 0; i < 100; i++) {
              if (i === 50) {
                halfWay.open()
                // said while nobody is there to hear it
                for (let j = 0; j < 50; j++) metadata.increment('said')
              }
              yield i
            }
          })()
          for (let j = 0; j < 50; j++) metadata.increment('said')
          await metadata.stream('chunks', source)
          await restarted.opened
          await child.batchTriggerAndWait([{ payload: null }, { payload: null }])
          return n
        },
      })
      const worker = connectWorker({ url: first.url, tasks: [work, child], concurrency: 4 })
      onTestFinished(async () => await worker.stop())
      const { id } = await work.trigger(7)
      await halfWay.opened
      await first.script.kill(signal)
      const { url } = await open(first.port)
      restarted.open()
      const read = async (): Promise<Run> => (await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run
      await vi.waitFor(async () => expect((await read()).finishedAt).not.toBeNull(), { timeout: 40_000, interval: 100 })
      expect(await read()).toMatchObject({ status: 'COMPLETED', attempt: 1, output: 7, metadata: { said: 100, children: 2 } })
      const chunks = (await (await fetch(`${url}/v1/runs/${id}/chunks/chunks?index=0`)).json()) as { chunks: number[] }
      expect(chunks.chunks).toEqual(Array.from({ length: 100 }, (_, i) => i))
      expect(executions).toEqual([7])
    },
  )
})
