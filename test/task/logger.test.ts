import { logger, metadata, task } from 'runfeed/task'
import { expect, test, vi } from 'vitest'
import { startServer } from '../support/server.ts'
import { chunksOf } from './chunks-of.ts'

test('lines are in the stream `log`, with level, message, time and fields, and it closes with a run that succeeds', async () => {
  const before = Date.now()
  const server = await startServer({
    tasks: [
      task({
        id: 'work',
        run: async () => {
          logger.debug('d')
          logger.info('Streaming response', { url: 'https://x.test', at: 'not the time' })
          await Promise.resolve()
          for (const level of ['log', 'warn', 'error'] as const) logger[level](level, { n: 1 })
        },
      }),
    ],
  })
  const run = await server.ended(await server.trigger('work'))
  expect(run).toMatchObject({ status: 'COMPLETED', streams: { log: { state: 'closed' } } })
  const { chunks, end } = await chunksOf(server, run.id, 'log')
  expect(chunks).toMatchObject([
    { level: 'debug', message: 'd' },
    { level: 'info', message: 'Streaming response', url: 'https://x.test' },
    { level: 'log', message: 'log', n: 1 },
    { level: 'warn', message: 'warn', n: 1 },
    { level: 'error', message: 'error', n: 1 },
  ])
  for (const { at } of chunks as { at: number }[]) expect(at).toBeGreaterThanOrEqual(before)
  expect(end).toMatchObject({ state: 'closed', length: 5 })
})

test('a run that logs nothing has no stream for it', async () => {
  const server = await startServer({ tasks: [task({ id: 'work', run: () => 1 })] })
  expect((await server.ended(await server.trigger('work'))).streams).toEqual({})
})

test('what a run that fails said last is there, and its log is aborted with it', async () => {
  const server = await startServer({
    tasks: [
      task({
        id: 'work',
        run: () => {
          logger.error('I give up')
          throw new Error('no')
        },
      }),
    ],
  })
  const run = await server.ended(await server.trigger('work'))
  expect(run).toMatchObject({ status: 'FAILED', streams: { log: { state: 'aborted' } } })
  expect((await chunksOf(server, run.id, 'log')).chunks).toMatchObject([{ message: 'I give up' }])
})

test('nothing that is logged throws', async () => {
  const circle: { self?: unknown } = {}
  circle.self = circle
  let deep: unknown = 'deep'
  for (let level = 0; level < 64; level++) deep = [deep]
  const server = await startServer({
    tasks: [
      task({
        id: 'work',
        run: () => {
          logger.info('fields', { circle, f: () => 1, n: 1n, nothing: undefined, error: new TypeError('bad') })
          logger.info('x'.repeat(2_000_000))
          logger.info(undefined as unknown as string)
          logger.info('names', { constructor: 'Acme', bare: Object.assign(Object.create(null) as object, { f: () => 1 }), deep })
          metadata.set('done', true)
        },
      }),
    ],
  })
  const run = await server.ended(await server.trigger('work'))
  expect(run).toMatchObject({ status: 'COMPLETED', metadata: { done: true } })
  const { chunks } = await chunksOf(server, run.id, 'log')
  expect(chunks).toMatchObject([
    { circle: '[object Object]', n: '1', error: { name: 'TypeError', message: 'bad' } },
    { isCut: true },
    { message: 'undefined' },
    { _constructor: 'Acme', bare: '[object Object]', deep: 'deep' },
  ])
  expect(run.streams).toEqual({ log: { state: 'closed' } })
  expect(chunks[0]).not.toHaveProperty('nothing')
})

test('two runs log apart, and outside of a run the console has it', async () => {
  const work = task({ id: 'work', run: async (name: string) => (await Promise.resolve(), logger.info(name)) })
  const server = await startServer({ tasks: [work] })
  const runs = await Promise.all(['a', 'b'].map(async (name) => await server.ended(await server.trigger('work', name))))
  for (const [at, name] of ['a', 'b'].entries()) expect((await chunksOf(server, runs[at]?.id ?? '', 'log')).chunks).toMatchObject([{ message: name }])

  const info = vi.spyOn(console, 'info').mockImplementation(() => {})
  logger.info('outside', { n: 1 })
  expect(info.mock.calls).toEqual([['outside', { n: 1 }]])
  info.mockRestore()
})
