// What metadata may take is the engine's to say, and what task code is told at once is that.
import { type EngineOptions, memoryEngine, sqliteEngine } from 'runfeed/server'
import { connectWorker, metadata, type Task, task, withRun } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { RunEngine } from '../../src/protocol/engine.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** Sets a text of so many characters. @returns whether it was taken */
const fill = (): Task<'fill', number> =>
  task({
    id: 'fill',
    run: (length: number) => {
      metadata.set('text', 'x'.repeat(length))
      return metadata.get('text') === 'x'.repeat(length)
    },
  })

const elsewhere = (server: TestServer, work: Task<'fill', number>): TestServer => {
  const worker = connectWorker({ url: server.url, tasks: [work] })
  onTestFinished(async () => await worker.stop())
  return server
}

const engines: readonly (readonly [string, (options: EngineOptions) => RunEngine])[] = [
  ['the memory engine', memoryEngine],
  ['the SQLite engine', (options) => sqliteEngine({ ...options, file: ':memory:' })],
]

test.each(engines)('%s: a task is told its limit, here and elsewhere', async (_name, make) => {
  const here = (metadataLimit: number): Promise<TestServer> => startServer({ engine: make({ metadataLimit }), tasks: [fill()] })
  const there = async (metadataLimit: number): Promise<TestServer> => elsewhere(await startServer({ engine: make({ metadataLimit }) }), fill())
  for (const start of [here, there]) {
    const large = await start(1_000_000)
    expect(await large.ended(await large.trigger('fill', 400_000))).toMatchObject({ status: 'COMPLETED', output: true })
    const small = await start(1000)
    // said by the call, so that the task can do something about it
    expect(await small.ended(await small.trigger('fill', 2000))).toMatchObject({
      status: 'FAILED',
      error: { type: 'metadata_too_large', message: expect.stringContaining('1000') as string },
    })
  }
})

test('so is what withRun begins', async () => {
  const server = await startServer({ engine: memoryEngine({ metadataLimit: 1_000_000 }) })
  const url = server.url
  expect(await withRun({ url, task: 'script' }, () => void metadata.set('text', 'x'.repeat(400_000)))).toBeUndefined()
  expect(await withRun({ url, task: 'script' }, () => metadata.set('text', 'x'.repeat(1_100_000))).catch((error: Error) => error.message)).toContain('1000000')
})

test('a worker of a server that does not say it goes by its own environment', async () => {
  const engine = memoryEngine({ metadataLimit: 1_000_000 })
  vi.stubEnv('TASK_RUN_METADATA_MAXIMUM_SIZE', '1000')
  onTestFinished(() => void vi.unstubAllEnvs())
  const claim: RunEngine['queue']['claim'] = async (request) => (await engine.queue.claim(request)).map(({ metadataLimit: _, ...rest }) => rest)
  const server = elsewhere(await startServer({ engine: { ...engine, queue: { ...engine.queue, claim } } }), fill())
  expect(await server.ended(await server.trigger('fill', 2000))).toMatchObject({ status: 'FAILED', error: { type: 'metadata_too_large' } })
})
