// Options that cannot be meant: what `Number(process.env.NOT_SET)` makes is refused where it is given, by name. Taken, it fails much later or in silence.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { createRunServer, memoryEngine, type RunServerOptions, sqliteEngine } from 'runfeed/server'
import { connectWorker, runs, task, withRun } from 'runfeed/task'
import { describe, expect, onTestFinished, test } from 'vitest'

const work = task({ id: 'work', run: () => 1 })
const refused = (option: string) =>
  expect.objectContaining({ type: 'invalid_request', message: expect.stringMatching(new RegExp(`^${option}: `)) as string }) as Error

describe('an option that is none is refused by name', () => {
  test.each<[option: keyof RunServerOptions, given: unknown]>([
    ['concurrency', Number.NaN],
    ['concurrency', -1],
    ['concurrency', 1.5],
    ['concurrency', '10'],
    ['heartbeat', Number.NaN],
    ['heartbeat', 0],
    ['heartbeat', -5],
    ['requestTimeout', Number.NaN],
  ])('of a server: %s: %j', async (option, given) => {
    const engine = memoryEngine()
    onTestFinished(async () => await engine.close())
    const start = async () => await createRunServer({ engine, tasks: [work], [option]: given }).listen()
    await expect(start()).rejects.toThrow(refused(option))
  })

  test.each<[option: keyof NonNullable<RunServerOptions['feed']>, given: unknown]>([
    ['maxAge', Number.NaN],
    ['maxAge', 0],
    ['writeDeadline', -1],
    ['maxConnections', Number.NaN],
    ['maxConnections', '20'],
    ['maxSubscriptions', 0],
  ])('of its feeds: %s: %j', async (option, given) => {
    const engine = memoryEngine()
    onTestFinished(async () => await engine.close())
    expect(() => createRunServer({ engine, feed: { [option]: given } })).toThrow(refused(`feed.${option}`))
  })

  test('of work that runs elsewhere, misspelled', async () => {
    const options = { url: 'http://127.0.0.1:2', task: 'work', idempotencykey: 'a' }
    await expect(withRun(options, () => 1)).rejects.toThrow(refused('idempotencykey'))
  })

  test.each<[option: string, given: unknown]>([
    ['leaseMs', Number.NaN],
    ['leaseMs', 0],
    ['leaseMs', Number.POSITIVE_INFINITY],
    ['retentionMs', -1],
    ['lateWritesMs', Number.NaN],
    ['metadataLimit', '1000'],
    ['logVersions', 0],
    ['logBytes', Number.NaN],
    ['streamBytes', Number.NaN],
    ['streamChunks', 0],
  ])('of an engine: %s: %j', (option, given) => {
    expect(() => memoryEngine({ [option]: given })).toThrow(refused(option))
    expect(() => sqliteEngine({ file: ':memory:', [option]: given })).toThrow(refused(option))
  })

  test.each<[option: string, given: unknown]>([
    ['cacheBytes', Number.NaN],
    ['maxFileBytes', '1 GB'],
  ])('of a SQLite engine: %s: %j', (option, given) => {
    expect(() => sqliteEngine({ file: ':memory:', [option]: given })).toThrow(refused(option))
  })

  test('of a worker', () => {
    expect(() => connectWorker({ url: 'http://127.0.0.1:2', tasks: [work], concurrency: Number.NaN })).toThrow(refused('concurrency'))
  })
})

test('what is kept for ever, and work that is left to others, may be meant', async () => {
  const engine = memoryEngine({ retentionMs: Number.POSITIVE_INFINITY, lateWritesMs: 0, streamChunks: Number.POSITIVE_INFINITY })
  const server = createRunServer({ engine, tasks: [work], concurrency: 0 })
  const { id } = await work.trigger(null)
  expect(await runs.retrieve(id)).toMatchObject({ status: 'QUEUED' })
  await server.close()
})

test('a data file that is a folder, or none, says so', () => {
  const folder = mkdtempSync(`${tmpdir()}/runfeed-`)
  onTestFinished(() => rmSync(folder, { recursive: true }))
  expect(() => sqliteEngine({ file: folder })).toThrow(
    expect.objectContaining({ type: 'data_file', message: expect.stringContaining(`${folder} cannot be opened as a file`) as string }) as Error,
  )
  for (const options of [{}, { file: '' }]) expect(() => sqliteEngine(options as { file: string })).toThrow(/^sqliteEngine needs a file/)
})

test('a task without an id or a function is refused where it is declared', () => {
  const declare = (options: object) => () => task(options as { id: string; run: () => number })
  expect(declare({ run: () => 1 })).toThrow(/"undefined" is no task id/)
  expect(declare({ id: 'idle' })).toThrow(/^the task "idle" has no function run/)
})
