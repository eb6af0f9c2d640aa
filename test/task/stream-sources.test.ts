// Sources of `metadata.stream`: what cannot be read is refused, and what is no longer read is let go of.
import { metadata, runs, task } from 'runfeed/task'
import { expect, test } from 'vitest'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'
import { chunksOf } from './chunks-of.ts'

/** Gives one chunk, then nothing, and says when it is canceled. */
function stuck(onCancel: () => void): ReadableStream<string> {
  return new ReadableStream({ start: (controller) => controller.enqueue('one'), pull: () => new Promise(() => {}), cancel: onCancel })
}

test('a source that cannot be read is refused at once, and leaves no stream without an end', async () => {
  const locked = new ReadableStream()
  locked.getReader()
  const broken = {
    [Symbol.asyncIterator]: () => {
      throw new Error('not today')
    },
  }
  const work = task({
    id: 'work',
    run: async () => {
      const messages: string[] = []
      for (const source of [locked, broken, null, 'text', [1, 2]])
        await metadata.stream('text', source as AsyncIterable<string>).catch((thrown: Error) => messages.push(thrown.message))
      return messages
    },
  })
  const server = await startServer({ tasks: [work] })
  const refusal = 'stream "text": pass an AsyncIterable or a ReadableStream'
  expect(await server.ended(await server.trigger('work'))).toMatchObject({
    status: 'COMPLETED',
    output: ['stream "text": somebody else reads this ReadableStream already; pass one half of its tee()', 'not today', refusal, refusal, refusal],
    streams: {},
  })
})

test('an iterator whose next gives no promise is read like any other', async () => {
  let left = 3
  const counting = { [Symbol.asyncIterator]: () => ({ next: () => ({ done: left-- === 0, value: left }) }) }
  const work = task({ id: 'work', run: async () => void (await metadata.stream('text', counting as unknown as AsyncIterable<number>)) })
  const server = await startServer({ tasks: [work] })
  const { id } = await server.ended(await server.trigger('work'))
  expect(await chunksOf(server, id, 'text')).toMatchObject({ chunks: [2, 1, 0], end: { state: 'closed' } })
})

test('a canceled run cancels the ReadableStream that it captures, in the middle of a read that does not end', async () => {
  const reading = gate()
  const canceled = gate()
  const work = task({
    id: 'work',
    run: async () => {
      for await (const _ of await metadata.stream(
        'text',
        stuck(() => canceled.open()),
      ))
        reading.open()
    },
  })
  const server = await startServer({ tasks: [work] })
  const id = await server.trigger('work')
  await reading.opened
  await runs.cancel(id)
  await canceled.opened
  expect(await server.ended(id)).toMatchObject({ status: 'CANCELED', streams: { text: { state: 'aborted' } } })
})

test('an attempt that fails lets go of its sources: nothing of them comes into the next one, or goes on into a stream of the parent', async () => {
  const errors: string[] = []
  const canceled: number[] = []
  const all = gate()
  let returned = 0
  async function* endless() {
    try {
      for (let n = 0; ; n++) {
        yield n
        await new Promise((resolve) => setImmediate(resolve))
      }
    } finally {
      if (++returned === 4) all.open()
    }
  }
  const child = task({
    id: 'child',
    retry: { maxAttempts: 2, minTimeout: 0 },
    run: async (_: unknown, { ctx }) => {
      await metadata.stream(
        'stuck',
        stuck(() => canceled.push(ctx.run.attempt)),
      )
      await metadata.stream('own', endless())
      for await (const n of await metadata.parent.stream('shared', endless())) if (n === 2) break
      throw new Error('not this time')
    },
  })
  const parent = task({
    id: 'parent',
    run: async () => {
      await child.triggerAndWait(null)
      await all.opened
      return canceled
    },
  })
  const server = await startServer({ tasks: [parent, child], onError: ({ message }) => void errors.push(message) })
  const run = await server.ended(await server.trigger('parent'))
  expect(run).toMatchObject({ status: 'COMPLETED', output: [1, 2] })
  expect(errors).toEqual([])
})
