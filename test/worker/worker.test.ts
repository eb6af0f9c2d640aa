import { ConnectionError } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { metadata, schemaTask, task } from 'runfeed/task'
import { expect, test, vi } from 'vitest'
import { z } from 'zod'
import { gate } from '../support/gate.ts'
import { framesUntil } from '../support/frames.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Resolves once the run has the status. */
async function reached(server: TestServer, id: string, status: string) {
  await framesUntil(
    await server.get(`/v1/runs/${id}/events`),
    ({ event, data }) =>
      (event === 'run' && data.run.status === status) ||
      (event === 'patch' && data.patch.some((change) => change.path === '/status' && 'value' in change && change.value === status)),
  )
}

test.each([
  ['the concurrency', 'wide', 5],
  ['the task’s own limit', 'narrow', 2],
])('never more runs at once than %s', async (_name, id, limit) => {
  let now = 0
  let most = 0
  const hold = gate()
  const run = async (): Promise<void> => {
    most = Math.max(most, ++now)
    await hold.opened
    now--
  }
  const server = await startServer({ tasks: [task({ id: 'wide', run }), task({ id: 'narrow', queue: { concurrencyLimit: 2 }, run })], concurrency: 5 })
  const runs = await Promise.all(Array.from({ length: 20 }, async () => await server.trigger(id)))
  await vi.waitFor(() => expect(now).toBe(limit))
  const queued = (await (await server.get('/v1/runs?status=QUEUED')).json()) as { runs: unknown[] }
  expect(queued.runs).toHaveLength(20 - limit)
  hold.open()
  await Promise.all(runs.map(async (each) => await server.ended(each)))
  expect(most).toBe(limit)
})

test('a run that waits holds no slot: parents do not starve their children', async () => {
  const child = task({ id: 'child', run: () => 1 })
  const parent = task({ id: 'parent', run: async () => (await child.triggerAndWait(null)).ok })
  const server = await startServer({ tasks: [parent, child], concurrency: 2 })
  const ids = await Promise.all(Array.from({ length: 10 }, async () => await server.trigger('parent')))
  expect((await Promise.all(ids.map(async (id) => await server.ended(id)))).map(({ status, output }) => [status, output])).toEqual(
    Array.from({ length: 10 }, () => ['COMPLETED', true]),
  )
})

test('cancel aborts the signal, with its reason, and the run ends as CANCELED', async () => {
  let reason: unknown
  const work = task({
    id: 'work',
    run: async (_: unknown, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      reason = signal.reason
      metadata.set('last', 'words')
    },
  })
  const server = await startServer({ tasks: [work] })
  const id = await server.trigger('work')
  await reached(server, id, 'EXECUTING')
  await server.post(`/v1/runs/${id}/cancel`)
  const run = await server.ended(id)
  expect(run).toMatchObject({ status: 'CANCELED', metadata: { last: 'words' }, error: { type: 'canceled' } })
  expect(run.cancelRequestedAt).toBeTypeOf('number')
  expect(reason).toMatchObject({ type: 'canceled' })
})

test('canceling a parent cancels the children that it waits for, queued and executing', async () => {
  const child = task({
    id: 'child',
    run: async (_: unknown, { signal }) => await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  })
  const parent = task({ id: 'parent', run: async () => void (await Promise.all([child.triggerAndWait(null), child.triggerAndWait(null)])) })
  const server = await startServer({ tasks: [parent, child], concurrency: 1 })
  const id = await server.trigger('parent')
  await reached(server, id, 'WAITING')
  await server.post(`/v1/runs/${id}/cancel`)
  expect((await server.ended(id)).status).toBe('CANCELED')
  const { runs } = (await (await server.get(`/v1/runs?parent=${id}`)).json()) as { runs: { status: string }[] }
  expect(runs.map(({ status }) => status)).toEqual(['CANCELED', 'CANCELED'])
})

test('canceling a parent leaves a child alone that it only triggered', async () => {
  const hold = gate()
  const free = task({ id: 'free', run: async () => (await hold.opened, 'went on') })
  const awaited = task({ id: 'awaited', run: async (_: unknown, { signal }) => await new Promise((resolve) => signal.addEventListener('abort', resolve)) })
  const parent = task({
    id: 'parent',
    run: async () => {
      metadata.set('child', (await free.trigger(null)).id)
      await awaited.triggerAndWait(null)
    },
  })
  const server = await startServer({ tasks: [parent, free, awaited] })
  const id = await server.trigger('parent')
  await reached(server, id, 'WAITING')
  const child = (await server.run(id)).metadata['child'] as string
  await server.post(`/v1/runs/${id}/cancel`)
  await vi.waitFor(async () => expect((await server.run(id)).status).toBe('CANCELED'))
  hold.open()
  expect(await server.ended(child)).toMatchObject({ status: 'COMPLETED', output: 'went on', cancelRequestedAt: null })
})

test('a queued run is canceled at once, and never executed', async () => {
  const hold = gate()
  const executed: string[] = []
  const work = task({ id: 'work', run: async (name: string) => (executed.push(name), await hold.opened) })
  const server = await startServer({ tasks: [work], concurrency: 1 })
  const first = await server.trigger('work', 'first')
  await reached(server, first, 'EXECUTING')
  const second = await server.trigger('work', 'second')
  expect(await (await server.post(`/v1/runs/${second}/cancel`)).json()).toMatchObject({ status: 'CANCELED' })
  hold.open()
  expect((await server.ended(first)).status).toBe('COMPLETED')
  expect(executed).toEqual(['first'])
})

test('a payload that the schema refuses fails the run, and names what is wrong', async () => {
  const work = schemaTask({
    id: 'work',
    schema: z.object({ url: z.string(), at: z.coerce.date().optional() }),
    run: ({ url, at }) => [url, at instanceof Date],
  })
  const server = await startServer({ tasks: [work] })
  const [bad, good] = await Promise.all([server.trigger('work', { url: 1 }), server.trigger('work', { url: 'x', at: 0 })])
  const failed = await server.ended(bad as string)
  expect(failed).toMatchObject({ status: 'FAILED', error: { type: 'invalid_payload' } })
  expect(failed.error?.message).toContain('payload.url')
  expect((await server.ended(good as string)).output).toEqual(['x', true])
})

test('what a task throws is why its run failed, and a failed child is a result, not an exception', async () => {
  const child = task({
    id: 'child',
    run: () => {
      throw new RangeError('row 7 is too long')
    },
  })
  const parent = task({
    id: 'parent',
    run: async () => {
      const result = await child.triggerAndWait(null)
      return result.ok ? undefined : [result.error.type, result.error.message]
    },
  })
  const server = await startServer({ tasks: [parent, child] })
  const run = await server.ended(await server.trigger('parent'))
  expect(run.output).toEqual(['RangeError', 'row 7 is too long'])
})

test('an output that cannot be stored fails the run', async () => {
  const server = await startServer({ tasks: [task({ id: 'work', run: () => ({ at: new Map() }) })] })
  expect(await server.ended(await server.trigger('work'))).toMatchObject({ status: 'FAILED', error: { type: 'invalid_value' } })
})

test('a server that stops tells its runs: they end as CRASHED, and what they had queued as CANCELED', async () => {
  const engine = memoryEngine()
  const child = task({ id: 'child', run: () => {} })
  const parent = task({
    id: 'parent',
    run: async (_: unknown, { signal }) => {
      await child.trigger(null)
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
    },
  })
  // the engine outlives the server here, so that what it holds can be read afterwards
  const server = await startServer({ engine: { ...engine, close: async () => {} }, tasks: [parent, child], concurrency: 1 })
  const id = await server.trigger('parent')
  await vi.waitFor(async () => expect((await engine.record.list({ parent: id })).runs).toHaveLength(1))
  await server.close()
  expect((await engine.record.read(id))?.run).toMatchObject({ status: 'CRASHED', error: { type: 'crashed' } })
  expect((await engine.record.list({ parent: id })).runs).toMatchObject([{ status: 'CANCELED' }])
})

test('a task may change its payload; the record does not change with it', async () => {
  const work = task({ id: 'work', run: (list: number[]) => list.push(4) })
  const server = await startServer({ tasks: [work] })
  expect(await server.ended(await server.trigger('work', [1, 2, 3]))).toMatchObject({ payload: [1, 2, 3], output: 4 })
})

test('two tasks of one id are refused', async () => {
  const one = task({ id: 'same', run: () => 1 })
  const two = task({ id: 'same', run: () => 2 })
  await expect(startServer({ tasks: [one, two] })).rejects.toThrow('two tasks have the id "same"')
})

test('waits at once count once: no slot is given back twice, and the run is WAITING until the last one is over', async () => {
  let now = 0
  let most = 0
  const statuses: string[] = []
  // the last one ends when the status after each of the others was looked at; runs are executed in the order in which they were made
  const looked = gate()
  const child = task({
    id: 'child',
    run: async (n: number) => {
      most = Math.max(most, ++now)
      if (n === 4) await looked.opened
      now--
    },
  })
  const parent = task({
    id: 'parent',
    run: async (_: unknown, { ctx }) => {
      await Promise.all(
        [1, 2, 3, 4].map(async (n) => {
          await child.triggerAndWait(n)
          if (n < 4) statuses.push((await server.run(ctx.run.id)).status)
          if (statuses.length === 3) looked.open()
        }),
      )
      statuses.push((await server.run(ctx.run.id)).status)
    },
  })
  const server = await startServer({ tasks: [parent, child], concurrency: 1 })
  expect((await server.ended(await server.trigger('parent'))).status).toBe('COMPLETED')
  expect(most).toBe(1)
  expect(statuses).toEqual(['WAITING', 'WAITING', 'WAITING', 'EXECUTING'])
})

test('a canceled run starts no more children', async () => {
  const child = task({ id: 'child', run: () => {} })
  const parent = task({
    id: 'parent',
    run: async (_: unknown, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      await child.trigger(null)
    },
  })
  const server = await startServer({ tasks: [parent, child] })
  const id = await server.trigger('parent')
  await reached(server, id, 'EXECUTING')
  await server.post(`/v1/runs/${id}/cancel`)
  expect((await server.ended(id)).status).toBe('CANCELED')
  expect(await (await server.get(`/v1/runs?parent=${id}`)).json()).toEqual({ runs: [] })
})

test('a fault that passes does not cost a run its end', async () => {
  const engine = memoryEngine()
  let faults = 3
  const flaky: typeof engine = {
    ...engine,
    close: async () => await engine.close(),
    record: {
      ...engine.record,
      commit: async (commit) => {
        if (commit.end && faults-- > 0) throw new ConnectionError('away for a moment')
        return await engine.record.commit(commit)
      },
    },
  }
  const server = await startServer({ engine: flaky, tasks: [task({ id: 'work', run: () => void metadata.increment('n') })] })
  expect(await server.ended(await server.trigger('work'))).toMatchObject({ status: 'COMPLETED', metadata: { n: 1 } })
})

test('an output that is too large fails the run, which keeps what it said last', async () => {
  const work = task({
    id: 'work',
    run: () => {
      metadata.set('last', 'words')
      return 'x'.repeat(11 * 1024 * 1024)
    },
  })
  const server = await startServer({ tasks: [work] })
  expect(await server.ended(await server.trigger('work'))).toMatchObject({ status: 'FAILED', error: { type: 'too_large' }, metadata: { last: 'words' } })
})

test('a task with a limit keeps its place in the queue', async () => {
  const hold = gate()
  const order: string[] = []
  const free = task({ id: 'free', run: async (n: number) => (n === 0 ? await hold.opened : void order.push(`free ${n}`)) })
  const limited = task({ id: 'limited', queue: { concurrencyLimit: 1 }, run: () => void order.push('limited') })
  const server = await startServer({ tasks: [free, limited], concurrency: 1 })
  await reached(server, await server.trigger('free', 0), 'EXECUTING')
  const ids = [await server.trigger('free', 1), await server.trigger('limited'), await server.trigger('free', 2)]
  hold.open()
  for (const id of ids) await server.ended(id)
  expect(order).toEqual(['free 1', 'limited', 'free 2'])
})
