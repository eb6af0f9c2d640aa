import { memoryEngine } from 'runfeed/server'
import { logger, metadata, runs, task } from 'runfeed/task'
import { expect, test } from 'vitest'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'
import { chunksOf } from './chunks-of.ts'

test('a ReadableStream is captured, and read back from the record', async () => {
  const work = task({
    id: 'work',
    run: async () => {
      const source = new ReadableStream<string>({
        start(controller) {
          for (let i = 1; i <= 3; i++) controller.enqueue(`Step ${i} complete`)
          controller.close()
        },
      })
      const read: string[] = []
      for await (const value of await metadata.stream('logs', source)) read.push(value)
      return read
    },
  })
  const server = await startServer({ tasks: [work] })
  const run = await server.ended(await server.trigger('work'))
  const expected = ['Step 1 complete', 'Step 2 complete', 'Step 3 complete']
  expect(run).toMatchObject({ output: expected, streams: { logs: { state: 'closed' } } })
  expect(await chunksOf(server, run.id, 'logs')).toMatchObject({ chunks: expected, end: { state: 'closed', start: 0, length: 3 } })
})

test('what nobody reads is captured all the same, more than fits one frame', async () => {
  const work = task({
    id: 'work',
    run: async () => {
      await metadata.stream(
        'text',
        (async function* () {
          for (let i = 0; i < 5000; i++) yield { i, text: 'x'.repeat(50) }
        })(),
      )
    },
  })
  const server = await startServer({ tasks: [work] })
  const run = await server.ended(await server.trigger('work'))
  const { chunks, end } = await chunksOf(server, run.id, 'text')
  expect(chunks.map((chunk) => (chunk as { i: number }).i)).toEqual(Array.from({ length: 5000 }, (_, i) => i))
  expect(end).toMatchObject({ state: 'closed', length: 5000 })
})

test('an error of the source ends the stream as errored and reaches the reader, not the run', async () => {
  const work = task({
    id: 'work',
    run: async () => {
      const stream = await metadata.stream(
        'text',
        (async function* () {
          yield 1
          throw new Error('the model went away')
        })(),
      )
      const read: number[] = []
      try {
        for await (const value of stream) read.push(value)
      } catch (thrown) {
        return { read, message: (thrown as Error).message }
      }
      return undefined
    },
  })
  const server = await startServer({ tasks: [work] })
  const run = await server.ended(await server.trigger('work'))
  expect(run).toMatchObject({
    status: 'COMPLETED',
    output: { read: [1], message: 'the model went away' },
    streams: { text: { state: 'errored', error: 'the model went away' } },
  })
  expect(await chunksOf(server, run.id, 'text')).toMatchObject({ chunks: [1], end: { state: 'errored', error: 'the model went away' } })
})

test('a run that reads its own stream back ends as soon as it is canceled', async () => {
  const reading = gate()
  const source = gate()
  let thrown: unknown
  const work = task({
    id: 'work',
    run: async () => {
      const text = await metadata.stream(
        'text',
        (async function* () {
          yield 1
          await source.opened
        })(),
      )
      try {
        for await (const _ of text) reading.open()
      } catch (reason) {
        thrown = reason
        throw reason
      }
    },
  })
  const server = await startServer({ tasks: [work] })
  const id = await server.trigger('work')
  await reading.opened
  await server.post(`/v1/runs/${id}/cancel`)
  // one that is given 30 s to stop, because it waits for its own stream, is beyond this test's patience
  expect(await server.ended(id)).toMatchObject({ status: 'CANCELED', streams: { text: { state: 'aborted' } } })
  expect(thrown).toMatchObject({ type: 'stream_aborted' })
})

test('a stream that is still open when its run fails is aborted with it', async () => {
  const streaming = gate()
  const work = task({
    id: 'work',
    run: async () => {
      await metadata.stream(
        'text',
        (async function* () {
          yield 1
          streaming.open()
          await new Promise(() => {})
        })(),
      )
      await streaming.opened
      throw new TypeError('no')
    },
  })
  const server = await startServer({ tasks: [work] })
  const run = await server.ended(await server.trigger('work'))
  expect(run).toMatchObject({ status: 'FAILED', error: { type: 'TypeError', message: 'no' }, streams: { text: { state: 'aborted' } } })
  expect(await chunksOf(server, run.id, 'text')).toMatchObject({ chunks: [1], end: { state: 'aborted', length: 1 } })
})

test('a stream that was never opened is ended by its run, empty', async () => {
  const hold = gate()
  const server = await startServer({ tasks: [task({ id: 'work', run: () => hold.opened })] })
  const id = await server.trigger('work')
  const reading = chunksOf(server, id, 'nothing')
  hold.open()
  expect(await reading).toMatchObject({ chunks: [], end: { state: 'closed', length: 0 } })
})

test('a child writes into a stream of its parent, beside the parent', async () => {
  const childDone = gate()
  async function* words(...all: string[]) {
    yield* all
  }
  const child = task({ id: 'child', run: async () => void (await metadata.parent.stream('llm', words('c', 'd'))) })
  const parent = task({
    id: 'parent',
    run: async () => {
      await metadata.stream(
        'llm',
        (async function* () {
          yield* words('a', 'b')
          await childDone.opened
          yield 'z'
        })(),
      )
      await child.triggerAndWait(null)
      childDone.open()
    },
  })
  const server = await startServer({ tasks: [parent, child] })
  const run = await server.ended(await server.trigger('parent'))
  const { chunks, end } = await chunksOf(server, run.id, 'llm')
  expect(end).toMatchObject({ state: 'closed', length: 5 })
  expect(new Set(chunks.slice(0, 4))).toEqual(new Set(['a', 'b', 'c', 'd']))
  expect(chunks[4]).toBe('z')
})

test('what a child writes into a stream of its parent is read back to its own end, while the parent waits for it', async () => {
  const child = task({
    id: 'child',
    run: async (name: string) => {
      const source = async function* () {
        for (let i = 0; i < 20; i++) {
          // another's chunks come between
          await new Promise(setImmediate)
          yield `${name}${i}`
        }
      }
      const read: string[] = []
      for await (const word of await metadata.parent.stream('llm', source())) read.push(word)
      return read
    },
  })
  const parent = task({
    id: 'parent',
    run: async () => {
      const { runs } = await child.batchTriggerAndWait(['a', 'b', 'c'].map((payload) => ({ payload })))
      return runs.map((result) => result.ok && result.output)
    },
  })
  const server = await startServer({ tasks: [parent, child] })
  const run = await server.ended(await server.trigger('parent'))
  expect(run.output).toEqual(['a', 'b', 'c'].map((name) => Array.from({ length: 20 }, (_, i) => `${name}${i}`)))
  expect((await chunksOf(server, run.id, 'llm')).chunks).toHaveLength(60)
})

test('a source that fails into a stream of the parent reaches its reader and onError, and leaves the stream open', async () => {
  const source = async function* () {
    yield 'a'
    throw new Error('the model went away')
  }
  const child = task({
    id: 'child',
    run: async () => {
      const read: string[] = []
      const reading = (async () => {
        for await (const word of await metadata.parent.stream('llm', source())) read.push(word)
      })()
      await expect(reading).rejects.toMatchObject({ type: 'stream_errored', message: 'the model went away' })
      return read
    },
  })
  const states: unknown[] = []
  const parent = task({
    id: 'parent',
    run: async (_: unknown, { ctx }) => {
      const result = await child.triggerAndWait(null)
      states.push((await runs.retrieve(ctx.run.id)).streams)
      return result.ok && result.output
    },
  })
  const told: string[] = []
  const server = await startServer({ tasks: [parent, child], onError: ({ type }) => told.push(type) })
  expect(await server.ended(await server.trigger('parent'))).toMatchObject({ output: ['a'], streams: { llm: { state: 'aborted' } } })
  expect(states).toEqual([{ llm: { state: 'open' } }])
  expect(told).toEqual(['stream_errored'])
})

test('what is cut before it is read is told to its reader, and not passed over', async () => {
  const engine = memoryEngine({ streamChunks: 10 })
  const captured = task({
    id: 'captured',
    run: async (_: unknown, { ctx }) => {
      const back = await metadata.stream('words', source())
      // nobody reads until all of it is in the record
      await expect.poll(async () => (await engine.chunks.info(ctx.run.id, 'words')).state).toBe('closed')
      const seen: unknown[] = []
      for await (const word of back) seen.push(word)
      return seen
    },
  })
  async function* source(): AsyncGenerator<number> {
    for (let n = 0; n < 100; n++) {
      yield n
      // one batch each
      if (n % 5 === 4) await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const server = await startServer({ engine, tasks: [captured], onError: () => {} })
  const runId = await server.trigger('captured')
  expect(await server.ended(runId)).toMatchObject({ status: 'FAILED', error: { type: 'stream_gap' } })
  expect((await engine.chunks.info(runId, 'words')).first).toBeGreaterThan(0)
})

test('a chunk over 1 MB ends its stream as errored, and says which stream it was', async () => {
  const work = task({
    id: 'large',
    run: async () => {
      async function* source(): AsyncGenerator<string> {
        yield 'small'
        yield 'x'.repeat(2 ** 20)
      }
      const seen: unknown[] = []
      try {
        for await (const chunk of await metadata.stream('words', source())) seen.push(chunk)
      } catch (thrown) {
        return { seen, error: (thrown as { readonly type: string }).type }
      }
      return { seen }
    },
  })
  const server = await startServer({ tasks: [work] })
  const run = await server.ended(await server.trigger('large'))
  expect(run).toMatchObject({
    status: 'COMPLETED',
    output: { seen: ['small'], error: 'stream_errored' },
    streams: { words: { state: 'errored', error: expect.stringContaining('"words" is 1048578 bytes, the limit is 1048576') as string } },
  })
})

async function* paced<T>(values: readonly T[], turn: () => Promise<unknown>): AsyncGenerator<T, void, undefined> {
  for (const value of values) {
    yield value
    await turn()
  }
}

test('several sources of one stream lose nothing, whichever ends first; each is read back by itself, and the last one ends the stream', async () => {
  const isRead = gate()
  const work = task({
    id: 'work',
    run: async (_: unknown, { ctx }) => {
      const long = await metadata.stream(
        'text',
        paced(['b0', 'b1', 'b2'], async () => await isRead.opened),
      )
      const short: string[] = []
      for await (const value of await metadata.stream(
        'text',
        paced(['a0', 'a1'], async () => {}),
      ))
        short.push(value)
      const { streams } = await runs.retrieve(ctx.run.id)
      isRead.open()
      const rest: string[] = []
      for await (const value of long) rest.push(value)
      return { short, between: streams['text']?.state ?? null, rest }
    },
  })
  const server = await startServer({ tasks: [work] })
  const id = await server.trigger('work')
  const run = await server.ended(id)
  expect(run).toMatchObject({
    status: 'COMPLETED',
    output: { short: ['a0', 'a1'], between: 'open', rest: ['b0', 'b1', 'b2'] },
    streams: { text: { state: 'closed' } },
  })
  const { chunks } = await chunksOf(server, id, 'text')
  expect(new Set(chunks)).toEqual(new Set(['a0', 'a1', 'b0', 'b1', 'b2']))
  expect(chunks).toHaveLength(5)
})

test('a source that fails beside another does not end it; the stream ends as errored', async () => {
  const hasFailed = gate()
  const work = task({
    id: 'work',
    run: async () => {
      const next = async (): Promise<never> => await Promise.reject(new Error('the model went away'))
      const failing = await metadata.stream('text', { [Symbol.asyncIterator]: () => ({ next }) })
      const other = await metadata.stream(
        'text',
        paced(['b0', 'b1'], async () => await hasFailed.opened),
      )
      await expect(failing[Symbol.asyncIterator]().next()).rejects.toMatchObject({ type: 'stream_errored' })
      hasFailed.open()
      const rest: string[] = []
      for await (const value of other) rest.push(value)
      return rest
    },
  })
  const server = await startServer({ tasks: [work] })
  const run = await server.ended(await server.trigger('work'))
  expect(run).toMatchObject({ output: ['b0', 'b1'], streams: { text: { state: 'errored', error: 'the model went away' } } })
})

test('what is logged goes on after a source of the same stream has ended', async () => {
  const work = task({
    id: 'work',
    run: async () => {
      logger.info('first')
      for await (const _ of await metadata.stream(
        'log',
        paced([{ message: 'between' }], async () => {}),
      ));
      logger.info('last')
    },
  })
  const server = await startServer({ tasks: [work] })
  const run = await server.ended(await server.trigger('work'))
  expect(run.streams).toEqual({ log: { state: 'closed' } })
  const { chunks } = await chunksOf(server, run.id, 'log')
  expect(chunks.map((line) => (line as { message: string }).message)).toEqual(['first', 'between', 'last'])
})
