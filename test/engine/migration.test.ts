// A file that an earlier version of runfeed wrote opens, and its runs go on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import type { EmbeddedEngine } from '../../src/engine/embedded.ts'
import { type SqliteEngineOptions, sqliteEngine } from '../../src/engine/sqlite/sqlite-engine.ts'
import { SCHEMA_1 } from './schema-1.ts'
import { SCHEMA_2 } from './schema-2.ts'
import { clock, created, read } from './suite/given.ts'

const AT = 1_000_000

/** A file of schema 1 with one run of each kind: ended, executing with a queued child, queued. */
function firstFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'runfeed-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'runs.db')
  const database = new DatabaseSync(file)
  database.exec(SCHEMA_1)
  const insert = (table: string, values: readonly (string | number | null)[]): void =>
    void database.prepare(`INSERT INTO ${table} VALUES (${values.map(() => '?').join()})`).run(...values)
  const run = (seq: number, id: string, status: string, parent: number | null, more: object): void => {
    const finished = status === 'COMPLETED' ? AT : null
    const document = {
      id,
      namespace: 'default',
      task: 'work',
      status: 'QUEUED',
      tags: ['old'],
      parentId: parent === null ? null : 'run_busy',
      rootId: parent === null ? id : 'run_busy',
      depth: parent === null ? 0 : 1,
      attempt: 0,
      replayOf: null,
      metadata: {},
      error: null,
      createdAt: AT,
      startedAt: null,
      finishedAt: null,
      cancelRequestedAt: null,
      updatedAt: AT,
      version: 1,
      streams: {},
      ...more,
    }
    insert('runs', [seq, id, 'work', status, parent, parent ?? seq, finished, 'aaaa'])
    insert('payloads', [seq, '{"p":1}'])
    insert('tags', ['old', seq])
    insert('snapshots', [seq, 1, 'aaaa', JSON.stringify(document)])
  }
  const version = (seq: number, number: number, patch: object[]): void => insert('log', [seq, number, 'bbbb', AT + number, null, JSON.stringify(patch)])
  const begin = [
    { op: 'replace', path: '/status', value: 'EXECUTING' },
    { op: 'replace', path: '/attempt', value: 1 },
  ]
  run(1, 'run_over', 'COMPLETED', null, {})
  version(1, 2, [...begin, { op: 'add', path: '/metadata/k', value: 'v' }, { op: 'add', path: '/streams/log', value: { state: 'open' } }])
  version(1, 3, [
    { op: 'replace', path: '/streams/log', value: { state: 'aborted' } },
    { op: 'add', path: '/output', value: 'done' },
    { op: 'replace', path: '/status', value: 'COMPLETED' },
    { op: 'replace', path: '/finishedAt', value: AT },
  ])
  insert('streams', [1, 'log', 0, 1])
  insert('chunks', [1, 'log', 0, 2, 'cccc', 'run_over', '["a","b"]'])
  run(2, 'run_busy', 'EXECUTING', null, {})
  version(2, 2, begin)
  insert('writers', [null, 2, 'w_1', 4, '{"version":2,"cursor":"2.bbbb","bytes":2,"refused":[]}', AT])
  run(3, 'run_child', 'QUEUED', 2, {})
  run(4, 'run_waits', 'QUEUED', null, {})
  database.close()
  return file
}

/** The same as the second version left it: with a run of an attempt to come, of a key and a stream that goes on. */
function secondFile(): string {
  const file = firstFile()
  const database = new DatabaseSync(file)
  database.exec(SCHEMA_2)
  database.exec("UPDATE runs SET attempts = 2, idempotency = 'k', concurrency = 'c' WHERE id = 'run_busy'")
  database.exec(`INSERT INTO log VALUES (2, 3, 'cccc', ${AT}, NULL, '[{"op":"add","path":"/streams/log","value":{"state":"open"}}]')`)
  database.exec("INSERT INTO streams VALUES (2, 'log', 0, 1)")
  database.exec("INSERT INTO chunks VALUES (2, 'log', 0, 2, 'dddd', 'run_busy', '[\"a\",\"b\"]')")
  database.close()
  return file
}

function open(options: SqliteEngineOptions): EmbeddedEngine {
  const engine = sqliteEngine(options)
  onTestFinished(async () => await engine.close())
  return engine
}

test('a file of schema 1 opens with everything that it holds', async () => {
  const engine = open({ file: firstFile(), now: clock(AT + 100).now })
  expect(await read(engine, 'run_over')).toMatchObject({ status: 'COMPLETED', payload: { p: 1 }, metadata: { k: 'v' }, output: 'done', version: 3 })
  expect(await engine.record.since('run_over', '1.aaaa')).toHaveLength(2)
  expect(await engine.record.history('run_over', 0, 10)).toMatchObject({ oldest: 1, versions: [{ version: 2 }, { version: 3, at: AT + 3 }] })
  expect(await engine.record.at('run_over', 2)).toMatchObject({ status: 'EXECUTING', metadata: { k: 'v' }, streams: { log: { state: 'open' } } })
  expect((await engine.chunks.read('run_over', 'log', 0, 100)).chunks).toEqual(['a', 'b'])
  expect((await engine.record.list({ tag: 'old' })).runs.map(({ id }) => id)).toEqual(['run_waits', 'run_child', 'run_busy', 'run_over'])
  // one attempt is what a run had
  expect(await read(engine, 'run_busy')).toMatchObject({ status: 'CRASHED', attempt: 1 })
  expect((await read(engine, 'run_child')).status).toBe('CANCELED')
})

test('and its runs go on, beside new ones that use what is new', async () => {
  const file = firstFile()
  const { now, advance } = clock(AT + 100)
  const engine = open({ file, now })
  const [claim] = await engine.queue.claim({ worker: 'w', tasks: ['work'], max: 10, limits: { work: { limit: 1, executing: {} } } })
  expect(claim).toMatchObject({ run: { id: 'run_waits', attempt: 1 }, isFirst: true, maxAttempts: 1, maxDuration: null, concurrencyKey: '' })
  for (let n = 0; n < 300; n++) await engine.record.commit({ run: 'run_waits', attempt: 1, operations: [{ op: 'increment', key: 'n', by: 1 }] })
  await engine.record.commit({ run: 'run_waits', attempt: 1, end: { status: 'COMPLETED' } })
  const run = await created(engine, { delayUntil: now() + 1000, idempotencyKey: 'k' })
  await engine.close()
  advance(1000)
  const again = open({ file, now })
  expect(await again.record.at('run_waits', 200)).toMatchObject({ metadata: { n: 198 } })
  expect((await created(again, { idempotencyKey: 'k' })).id).toBe(run.id)
  expect((await again.queue.claim({ worker: 'w', tasks: ['work'], max: 10 })).map((one) => one.run.id)).toEqual([run.id])
})

test('and its runs are removed when they are old', async () => {
  const { now, advance } = clock(AT + 100)
  const engine = open({ file: firstFile(), now, retentionMs: 1000 })
  advance(1000)
  for (let n = 0; n < 20; n++) await engine.sweep()
  expect((await engine.record.list({})).runs.map(({ id }) => id)).toEqual(['run_waits'])
})

test('a file of schema 2 opens, and what it holds takes part in what is new', async () => {
  const { now, advance } = clock(AT + 100)
  const file = secondFile()
  const engine = open({ file, now, streamChunks: 2, retentionMs: 1000 })
  expect(await read(engine, 'run_busy')).toMatchObject({ status: 'QUEUED', namespace: 'default', streams: { log: { state: 'open' } } })
  expect((await created(engine, { idempotencyKey: 'k' })).id).toBe('run_busy')
  const tags = { add: ['new'], remove: ['old'] }
  await engine.record.commit({ run: 'run_waits', tags })
  expect((await engine.record.list({ tag: 'new', namespace: 'default' })).runs.map(({ id }) => id)).toEqual(['run_waits'])
  const limits = { work: { limit: 1, executing: {} } }
  const claim = { worker: 'remote', tasks: ['work'], max: 9, namespace: 'default', isRemote: true, sequence: 1 }
  expect((await engine.queue.claim({ ...claim, limits })).map(({ run }) => run.id)).toEqual(['run_busy', 'run_waits'])
  await engine.record.commit({ run: 'run_busy', attempt: 2, streams: { log: { state: 'open' } } })
  expect(await engine.chunks.append('run_busy', 'log', ['c', 'd'], { by: 'run_busy', attempt: 2, writer: { id: 'w', sequence: 1 } })).toEqual({ index: 2 })
  expect(await engine.chunks.info('run_busy', 'log')).toMatchObject({ first: 2, start: 2, length: 4 })
  await engine.close()
  const again = open({ file, now, retentionMs: 1000 })
  expect(await again.queue.renew('remote', ['run_busy', 'run_waits'])).toEqual(['run_busy', 'run_waits'])
  expect(await again.chunks.info('run_busy', 'log')).toMatchObject({ first: 2, start: 2, length: 4 })
  for (const [run, attempt] of [
    ['run_busy', 2],
    ['run_waits', 1],
  ] as const)
    await again.record.commit({ run, attempt, end: { status: 'COMPLETED' } })
  advance(1000)
  for (let n = 0; n < 20; n++) await again.sweep()
  expect((await again.record.list({})).runs).toEqual([])
})

test('and it is known which of its runs were executed: they do not expire', async () => {
  const { now, advance } = clock(AT)
  const file = secondFile()
  const database = new DatabaseSync(file)
  // between two attempts
  database.exec(`UPDATE runs SET expires = ${AT + 50}, attempts = 2 WHERE id = 'run_waits'`)
  const change = (status: string): string => `{"op":"replace","path":"/status","value":"${status}"}`
  database.exec(`INSERT INTO log VALUES (4, 2, 'bbbb', ${AT}, NULL, '[${change('EXECUTING')},{"op":"replace","path":"/attempt","value":1}]')`)
  database.exec(`INSERT INTO log VALUES (4, 3, 'cccc', ${AT}, NULL, '[${change('QUEUED')}]')`)
  database.close()
  const engine = open({ file, now })
  advance(50)
  await engine.sweep()
  const claims = await engine.queue.claim({ worker: 'w', tasks: ['work'], max: 9 })
  expect(claims.map(({ run: { id, attempt }, isFirst }) => [id, attempt, isFirst])).toEqual([
    ['run_busy', 2, false],
    ['run_waits', 2, false],
  ])
})
