// The examples that people know this API by, one test each, written anew: what works there works here.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { batch, metadata, schemaTask, task } from 'runfeed/task'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { startServer } from '../support/server.ts'

/** Runs `work` as a task and gives the run as it ended. */
async function runTask(work: () => unknown, start: object = {}) {
  const server = await startServer({ tasks: [task({ id: 'my-task', run: work })] })
  return await server.ended(await server.trigger('my-task', { message: 'hello world' }, { metadata: start }))
}

describe('usage', () => {
  test('metadata is passed when triggering, read whole and by key', async () => {
    const server = await startServer({
      tasks: [task({ id: 'my-task', run: (_: { message: string }) => [metadata.current(), (metadata.get('user') as { name: string }).name] })],
    })
    const run = await server.ended(await server.trigger('my-task', { message: 'hello world' }, { metadata: { user: { name: 'Eric', id: 'user_1234' } } }))
    expect(run.output).toEqual([{ user: { name: 'Eric', id: 'user_1234' } }, 'Eric'])
  })

  test('a function that the run calls, and does not wait for, may update', async () => {
    async function doSomeWork() {
      await Promise.resolve()
      metadata.set('progress', 0.5)
    }
    const run = await runTask(async () => {
      void doSomeWork()
      await new Promise((resolve) => setImmediate(resolve))
    })
    expect(run.metadata).toEqual({ progress: 0.5 })
  })

  test('outside of a run no method does anything', async () => {
    const source = new ReadableStream<string>()
    for (const updater of [metadata, metadata.parent, metadata.root]) {
      updater.set('progress', 0.5).del('progress').append('logs', 1).remove('logs', 1).increment('n').decrement('n').replace({ user: 1 })
      expect(await updater.stream('logs', source)).toBe(source)
    }
    expect([metadata.get('progress'), metadata.current()]).toEqual([undefined, undefined])
    await metadata.flush()
    await metadata.refresh()
  })
})

describe('updates', () => {
  test('set', async () => {
    const run = await runTask(() => {
      metadata.set('progress', 0.1)
      metadata.set('progress', 0.5)
      metadata.set('progress', 1)
    })
    expect(run.metadata).toEqual({ progress: 1 })
  })

  test('del', async () => {
    const run = await runTask(() => {
      metadata.set('progress', 0.1)
      metadata.set('progress', 0.5)
      metadata.del('progress')
    })
    expect(run.metadata).toEqual({})
  })

  test('replace', async () => {
    const run = await runTask(() => {
      metadata.set('progress', 0.1)
      metadata.replace({ user: { name: 'Eric', id: 'user_1234' } })
    })
    expect(run.metadata).toEqual({ user: { name: 'Eric', id: 'user_1234' } })
  })

  test('append', async () => {
    const run = await runTask(() => {
      metadata.set('progress', 0.1)
      metadata.append('logs', 'Step 1 complete')
      return metadata.get('logs')
    })
    expect(run).toMatchObject({ output: ['Step 1 complete'], metadata: { progress: 0.1, logs: ['Step 1 complete'] } })
  })

  test('remove', async () => {
    const run = await runTask(() => {
      metadata.append('logs', 'Step 1 complete')
      metadata.remove('logs', 'Step 1 complete')
      return metadata.get('logs')
    })
    expect(run).toMatchObject({ output: [], metadata: { logs: [] } })
  })

  test('increment', async () => {
    const run = await runTask(() => {
      metadata.set('progress', 0.1)
      metadata.increment('progress', 0.4)
      return metadata.get('progress')
    })
    expect(run.output).toBe(0.5)
  })

  test('decrement', async () => {
    const run = await runTask(() => {
      metadata.set('progress', 0.5)
      metadata.decrement('progress', 0.4)
      return metadata.get('progress')
    })
    expect(run.output).toBe(0.1)
  })

  test('flush: what was said is in the record when it resolves', async () => {
    const server = await startServer({
      tasks: [
        task({
          id: 'my-task',
          run: async (_: unknown, { ctx }) => {
            metadata.set('progress', 0.1)
            await metadata.flush()
            return (await server.run(ctx.run.id)).metadata
          },
        }),
      ],
    })
    expect((await server.ended(await server.trigger('my-task'))).output).toEqual({ progress: 0.1 })
  })

  test('the fluent API', async () => {
    const run = await runTask(() => {
      metadata.set('progress', 0.1).append('logs', 'Step 1 complete').increment('progress', 0.4).decrement('otherProgress', 0.1)
    })
    expect(run.metadata).toEqual({ progress: 0.5, logs: ['Step 1 complete'], otherProgress: -0.1 })
  })
})

describe('streams', () => {
  test('a ReadableStream can be read where it is captured', async () => {
    const run = await runTask(async () => {
      const readableStream = new ReadableStream<string>({
        start(controller) {
          controller.enqueue('Step 1 complete')
          controller.enqueue('Step 2 complete')
          controller.enqueue('Step 3 complete')
          controller.close()
        },
      })
      const seen: string[] = []
      for await (const value of await metadata.stream('logs', readableStream)) seen.push(value)
      return seen
    })
    expect(run).toMatchObject({ output: ['Step 1 complete', 'Step 2 complete', 'Step 3 complete'], streams: { logs: { state: 'closed' } } })
  })

  test('the body of a response, as text', async () => {
    const site = createServer((_, response) => {
      response.write('hello ')
      response.end('wörld')
    })
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void site.close())
    const url = `http://127.0.0.1:${(site.address() as AddressInfo).port}`
    const run = await runTask(async () => {
      const response = await fetch(url)
      if (!response.body) throw new Error('Response body is not readable')
      let text = ''
      for await (const chunk of await metadata.stream('fetch', response.body.pipeThrough(new TextDecoderStream()))) text += chunk
      return { text }
    })
    expect(run).toMatchObject({ status: 'COMPLETED', output: { text: 'hello wörld' } })
  })

  test('what an SDK’s streaming call gives', async () => {
    async function* create() {
      for (const content of ['Hel', 'lo', undefined]) yield { choices: [{ delta: { content } }] }
    }
    const run = await runTask(async () => {
      let text = ''
      for await (const chunk of await metadata.stream('openai', create())) text += chunk.choices.map((choice) => choice.delta?.content).join('')
      return { text }
    })
    expect(run.output).toEqual({ text: 'Hello' })
  })
})

describe('parent and root', () => {
  async function* words() {
    yield 'a'
  }

  test('a child updates its parent', async () => {
    const childTask = task({ id: 'child-task', run: async (_: { message: string }) => void metadata.parent.set('progress', 0.5) })
    const myParentTask = task({
      id: 'my-parent-task',
      run: async (_: { message: string }) => {
        metadata.set('progress', 0.1)
        await childTask.triggerAndWait({ message: 'hello world' })
      },
    })
    const server = await startServer({ tasks: [myParentTask, childTask] })
    expect((await server.ended(await server.trigger('my-parent-task', { message: '' }))).metadata).toEqual({ progress: 0.5 })
  })

  test.each(['parent', 'root'] as const)('every method, on %s', async (whose) => {
    const childTask = task({
      id: 'child-task',
      run: async () => {
        const updater = metadata[whose]
        updater.set('progress', 0.5)
        updater.append('logs', 'Step 1 complete')
        updater.append('logs', 'Step 2 complete')
        updater.remove('logs', 'Step 1 complete')
        updater.increment('progress', 0.4)
        updater.decrement('otherProgress', 0.1)
        for await (const _ of await updater.stream('llm', words())) break
      },
    })
    const parent = task({ id: 'my-parent-task', run: async () => (await childTask.triggerAndWait(null)).ok })
    const server = await startServer({ tasks: [parent, childTask] })
    const run = await server.ended(await server.trigger('my-parent-task'))
    expect(run.metadata).toEqual({ progress: 0.9, logs: ['Step 2 complete'], otherProgress: -0.1 })
    expect(run).toMatchObject({ output: true, streams: { llm: {} } })
  })

  test('they chain', async () => {
    const childTask = task({
      id: 'child-task',
      run: () => void metadata.parent.set('progress', 0.1).append('logs', 'Step 1 complete').increment('progress', 0.4).decrement('otherProgress', 0.1),
    })
    const parent = task({ id: 'my-parent-task', run: async () => (await childTask.triggerAndWait(null)).ok })
    const server = await startServer({ tasks: [parent, childTask] })
    const run = await server.ended(await server.trigger('my-parent-task'))
    expect(run.metadata).toEqual({ progress: 0.5, logs: ['Step 1 complete'], otherProgress: -0.1 })
  })

  test('a file’s rows are imported by children, each of which reports to its parent', async () => {
    const handleCSVRow = schemaTask({
      id: 'handle-csv-row',
      schema: z.object({ name: z.string() }),
      run: async (row, { ctx }) => {
        metadata.parent.increment('processedRows', 1).append('rowRuns', ctx.run.id)
        return row
      },
    })
    const handleCSVUpload = schemaTask({
      id: 'handle-csv-upload',
      schema: z.object({ url: z.string() }),
      run: async (file) => {
        metadata.set('status', 'fetching')
        const rows = await Promise.resolve([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
        metadata.set('status', 'processing').set('totalRows', rows.length)
        const results = await batch.triggerAndWait<typeof handleCSVRow>(rows.map((row) => ({ id: 'handle-csv-row', payload: row })))
        metadata.set('status', 'complete')
        return { file, rows, results: results.runs.map((result) => (result.ok ? result.output : null)) }
      },
    })
    const server = await startServer({ tasks: [handleCSVRow, handleCSVUpload] })
    const run = await server.ended(await server.trigger('handle-csv-upload', { url: 'x' }))
    const rows = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]
    expect(run).toMatchObject({ output: { file: { url: 'x' }, rows, results: rows }, metadata: { status: 'complete', totalRows: 3, processedRows: 3 } })
    expect(new Set(run.metadata['rowRuns'] as string[]).size).toBe(3)
  })
})

test('metadata reaches a child only where it is passed', async () => {
  const childTask = task({ id: 'child-task', run: () => metadata.current() })
  const run = task({
    id: 'my-task',
    run: async () => {
      // no promise: that it may be awaited all the same is how people write it
      const chained: unknown = metadata.set('progress', 0.5)
      await chained
      const [without, passed] = [await childTask.triggerAndWait(null), await childTask.triggerAndWait(null, { metadata: metadata.current() as object })]
      return [without.ok && without.output, passed.ok && passed.output]
    },
  })
  const server = await startServer({ tasks: [run, childTask] })
  expect((await server.ended(await server.trigger('my-task'))).output).toEqual([{}, { progress: 0.5 }])
})

describe('type-safe metadata', () => {
  class HelloWorld {
    hello(): void {}
  }

  test.each<[what: string, given: unknown, path: string]>([
    ['a top-level array', [{ user: { name: 'Eric', id: 'user_1234' } }], 'metadata'],
    ['a string', 'this is the metadata', 'metadata'],
    ['a function', { user: () => 'Eric' }, 'metadata.user'],
    ['a class instance', { classInstance: new HelloWorld() }, 'metadata.classInstance'],
  ])('%s is refused as metadata, and nothing is started', async (_what, given, path) => {
    const myTask = task({ id: 'my-task', run: (_: unknown) => 1 })
    const server = await startServer({ tasks: [myTask] })
    const error = await myTask.trigger(null, { metadata: given as object }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ type: 'invalid_value', message: expect.stringContaining(`${path}: `) })
    expect(await (await server.get('/v1/runs?task=my-task')).json()).toEqual({ runs: [] })
  })

  test('a Date goes in, comes back as a string, and a schema makes it a Date again', async () => {
    const Metadata = z.object({ user: z.object({ name: z.string(), id: z.string() }), date: z.coerce.date() })
    const date = new Date(1_700_000_000_000)
    const myTask = task({
      id: 'my-task',
      run: (_: { message: string }) => {
        const own = Metadata.parse(metadata.current())
        return [metadata.get('date'), own.user.name, own.user.id, own.date instanceof Date, own.date.getTime()]
      },
    })
    const server = await startServer({ tasks: [myTask] })
    const { id } = await myTask.trigger({ message: 'hello world' }, { metadata: { user: { name: 'Eric', id: 'user_1234' }, date } })
    expect((await server.ended(id)).output).toEqual([date.toISOString(), 'Eric', 'user_1234', true, date.getTime()])
  })
})
