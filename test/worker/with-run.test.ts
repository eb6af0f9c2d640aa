import { defineRun } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { batch, configure, metadata, task, tasks, withRun } from 'runfeed/task'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { gate } from '../support/gate.ts'
import { startScript } from '../support/process.ts'
import { startServer } from '../support/server.ts'

// processes start, connections are made anew: on a busy machine that takes its time
vi.setConfig({ testTimeout: 30_000 })
const SOON = { timeout: 20_000 }

afterEach(() => configure({}))

describe('withRun', () => {
  test('makes of a function a run: with what it is given, what it says, and what it returns', async () => {
    const server = await startServer()
    const { url } = server
    let run = ''
    const output = await withRun({ url, task: 'script', payload: { file: 'a.csv' }, metadata: { user: 'Eric' }, tags: ['nightly'] }, async (params) => {
      run = params.ctx.run.id
      expect(params.payload).toEqual({ file: 'a.csv' })
      params.metadata.set('progress', 0.5)
      params.logger.info('half of it')
      const captured = await metadata.stream('words', words())
      for await (const word of captured) metadata.append('heard', word)
      return { rows: 3 }
    })
    expect(output).toEqual({ rows: 3 })
    const record = await server.ended(run)
    expect(record).toMatchObject({
      task: 'script',
      status: 'COMPLETED',
      attempt: 1,
      payload: { file: 'a.csv' },
      output: { rows: 3 },
      tags: ['nightly'],
      metadata: { user: 'Eric', progress: 0.5, heard: ['a', 'b', 'c'] },
      streams: { words: { state: 'closed' }, log: { state: 'closed' } },
    })
  })

  test('ends as FAILED with what the function throws, and throws it once the record has it', async () => {
    const engine = memoryEngine()
    const { url } = await startServer({ engine })
    const thrown = new RangeError('row 7')
    let run = ''
    const failing = withRun({ url, task: 'script' }, ({ ctx }) => {
      run = ctx.run.id
      metadata.set('row', 7)
      throw thrown
    })
    await expect(failing).rejects.toBe(thrown)
    expect((await engine.record.read(run))?.run).toMatchObject({ status: 'FAILED', error: { type: 'RangeError', message: 'row 7' }, metadata: { row: 7 } })
  })

  test('fails for an output that cannot be stored, and says so', async () => {
    const { url } = await startServer()
    await expect(withRun({ url, task: 'script' }, () => ({ at: new Map() }))).rejects.toMatchObject({ type: 'invalid_value' })
  })

  test('is stopped by a cancel of the record', async () => {
    const server = await startServer()
    const started = gate()
    let run = ''
    const working = withRun({ url: server.url, task: 'script' }, async ({ ctx, signal }) => {
      run = ctx.run.id
      started.open()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      metadata.set('last', 'words')
    })
    working.catch(() => {})
    await started.opened
    await server.post(`/v1/runs/${run}/cancel`)
    await expect(working).rejects.toMatchObject({ type: 'canceled' })
    expect(await server.run(run)).toMatchObject({ status: 'CANCELED', metadata: { last: 'words' } })
  })

  test('is canceled by the signal that it is given, with the children that it waits for', async () => {
    const child = task({ id: 'child', run: async (_: unknown, { signal }) => await new Promise((resolve) => signal.addEventListener('abort', resolve)) })
    const server = await startServer({ tasks: [child] })
    const controller = new AbortController()
    let run = ''
    const working = withRun({ url: server.url, task: 'script', signal: controller.signal }, async ({ ctx }) => {
      run = ctx.run.id
      await child.triggerAndWait(null)
    })
    working.catch(() => {})
    await vi.waitFor(async () => expect(await server.run(run)).toMatchObject({ status: 'WAITING' }), SOON)
    controller.abort(new Error('enough'))
    await expect(working).rejects.toMatchObject({ type: 'canceled', cause: { message: 'enough' } })
    expect((await server.ended(run)).status).toBe('CANCELED')
    const { runs } = (await (await server.get(`/v1/runs?parent=${run}`)).json()) as { runs: { status: string }[] }
    expect(runs.map(({ status }) => status)).toEqual(['CANCELED'])
    await expect(withRun({ url: server.url, task: 'script', signal: controller.signal }, () => 1)).rejects.toThrow('enough')
  })

  test('ends as TIMED_OUT after its maxDuration', async () => {
    const server = await startServer()
    let run = ''
    const working = withRun({ url: server.url, task: 'script', maxDuration: 20 }, async ({ ctx, signal }) => {
      run = ctx.run.id
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    await expect(working).rejects.toMatchObject({ type: 'timed_out' })
    expect((await server.ended(run)).status).toBe('TIMED_OUT')
  })

  test('triggers children and waits for them, which write to it', async () => {
    const child = task({
      id: 'child',
      run: (n: number) => {
        metadata.parent.increment('done')
        metadata.root.append('names', `child ${n}`)
        return 2 * n
      },
    })
    const server = await startServer({ tasks: [child] })
    let run = ''
    const output = await withRun({ url: server.url, task: 'script' }, async ({ ctx }) => {
      run = ctx.run.id
      const { runs } = await child.batchTriggerAndWait([{ payload: 1 }, { payload: 2 }])
      const byId = await tasks.triggerAndWait<typeof child>('child', 3)
      const { runs: started } = await batch.trigger<typeof child>([{ id: 'child', payload: 4 }])
      return [...runs, byId].map((result) => result.ok && result.output).concat(started.length)
    })
    expect(output).toEqual([2, 4, 6, 1])
    const record = await server.ended(run)
    expect(record.metadata).toMatchObject({ done: 4 })
    expect(new Set(record.metadata['names'] as string[])).toEqual(new Set(['child 1', 'child 2', 'child 3', 'child 4']))
  })

  test('is a child of the run that calls it, of the one that is named, or of none', async () => {
    const server = await startServer()
    configure({ url: server.url })
    const ids: string[] = []
    await withRun({ task: 'outer' }, async ({ ctx: outer }) => {
      ids.push(outer.run.id)
      await withRun({ task: 'inner' }, ({ ctx }) => {
        ids.push(ctx.run.id)
        metadata.set('whose', 'inner')
        metadata.parent.set('from', 'inner')
      })
      metadata.set('whose', 'outer')
      await withRun({ task: 'named', parent: ids[1] as string }, () => {}).catch((error: { type: string }) => ids.push(error.type))
    })
    const [outer, inner] = [await server.run(ids[0] as string), await server.run(ids[1] as string)]
    expect(outer).toMatchObject({ parentId: null, metadata: { whose: 'outer', from: 'inner' } })
    expect(inner).toMatchObject({ parentId: outer.id, rootId: outer.id, depth: 1, metadata: { whose: 'inner' } })
    // a run that has ended has no more children
    expect(ids[2]).toBe('run_ended')
  })

  test('uses a server of the same process where none is named', async () => {
    const server = await startServer({ tasks: [task({ id: 'held', run: () => 1 })] })
    configure({ url: 'http://127.0.0.1:9' })
    let run = ''
    await withRun({ task: 'script' }, ({ ctx }) => void (run = ctx.run.id))
    expect(await server.run(run)).toMatchObject({ task: 'script', status: 'COMPLETED' })
  })

  test('does not begin a second run of one idempotency key', async () => {
    const { url } = await startServer()
    const work = vi.fn<() => number>(() => 1)
    await withRun({ url, task: 'script', idempotencyKey: 'today' }, work)
    await expect(withRun({ url, task: 'script', idempotencyKey: 'today' }, work)).rejects.toMatchObject({ type: 'invalid_request' })
    expect(work).toHaveBeenCalledTimes(1)
  })

  test('without a server to tell calls nothing and names both ways', async () => {
    const work = vi.fn<() => void>()
    await expect(withRun({ task: 'script' }, work)).rejects.toMatchObject({
      type: 'not_configured',
      message: expect.stringMatching(/configure\(\{ url, secretKey \}\).*RUNFEED_URL/) as string,
    })
    await expect(withRun({ url: 'nowhere', task: 'script' }, work)).rejects.toMatchObject({ type: 'invalid_request' })
    await expect(withRun({ url: 'http://127.0.0.1:9', task: 'not a name' }, work)).rejects.toMatchObject({ type: 'invalid_request' })
    expect(work).not.toHaveBeenCalled()
  })

  test('a contract judges the payload and types the rest', async () => {
    const upload = defineRun({ id: 'upload', payload: z.object({ at: z.coerce.date() }), metadata: z.object({ rows: z.number() }), output: z.string() })
    const server = await startServer()
    let run = ''
    const output = await withRun({ url: server.url, task: upload, payload: { at: '2030-01-01' }, metadata: { rows: 0 } }, ({ payload, ctx, metadata: own }) => {
      run = ctx.run.id
      own.increment('rows', 2)
      return payload.at.toISOString()
    })
    expect(output).toBe('2030-01-01T00:00:00.000Z')
    expect(await server.run(run)).toMatchObject({ task: 'upload', payload: { at: '2030-01-01' }, metadata: { rows: 2 }, output })
    await expect(withRun({ url: server.url, task: upload, payload: { at: 'never' } }, () => '')).rejects.toMatchObject({ type: 'invalid_payload' })
  })
})

describe('the lease of withRun', () => {
  test('is renewed while the function has nothing to say', async () => {
    const engine = memoryEngine({ leaseMs: 3000 })
    const renewed = gate()
    let renewals = 0
    const renew: typeof engine.queue.renew = async (worker, runs) => {
      // more time than a lease has passed by then
      if (++renewals === 4) renewed.open()
      return await engine.queue.renew(worker, runs)
    }
    const { url } = await startServer({ engine: { ...engine, queue: { ...engine.queue, renew } } })
    expect(await withRun({ url, task: 'script' }, async () => (await renewed.opened, 'done'))).toBe('done')
  })

  test('where it is lost, the function is told, and withRun throws why', async () => {
    let now = Date.now()
    const engine = memoryEngine({ now: () => now })
    const { url } = await startServer({ engine })
    const working = withRun({ url, task: 'script' }, async ({ signal }) => {
      now += 60_000
      await engine.sweep()
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    await expect(working).rejects.toMatchObject({ type: 'run_ended' })
  })

  test('is out soon after the script was killed: its run ends as CRASHED, with what it had said', async () => {
    const server = await startServer({ engine: memoryEngine({ leaseMs: 3000 }) })
    const script = startScript(new URL('killed-script.ts', import.meta.url), {}, [server.url])
    const id = await script.line<string>()
    await script.kill('SIGKILL')
    expect(await server.ended(id)).toMatchObject({ status: 'CRASHED', error: { type: 'crashed' }, metadata: { said: 'before' } })
  })
})

async function* words(): AsyncGenerator<string> {
  yield* ['a', 'b', 'c']
}
