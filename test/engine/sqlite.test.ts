import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { EmbeddedEngine } from '../../src/engine/embedded.ts'
import { type SqliteEngineOptions, sqliteEngine } from '../../src/engine/sqlite/sqlite-engine.ts'
import { executing, read } from './suite/given.ts'
import { engineSuite, type OpenKept } from './suite.ts'

const folders: string[] = []
const opened: EmbeddedEngine[] = []
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close()
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'runfeed-'))
  folders.push(folder)
  return join(folder, 'data', 'runs.db')
}
function open(options: SqliteEngineOptions): EmbeddedEngine {
  const engine = sqliteEngine(options)
  opened.push(engine)
  return engine
}

// the second time almost every call reads its run from the file
for (const [name, more] of [
  ['SQLite', {}],
  ['SQLite (nothing held in memory)', { cacheBytes: 0 }],
] as const) {
  const openKept: OpenKept = async (options) => {
    const all = { ...options, ...more, file: newFile() }
    const engine = open(all)
    let current = engine
    return {
      engine,
      reopen: async () => {
        await current.close()
        current = open(all)
        return current
      },
    }
  }
  engineSuite(name, openKept, openKept)
}

describe('a data file', () => {
  test('that is full rejects what it cannot keep, and keeps all that it acknowledged', async () => {
    const file = newFile()
    const engine = open({ file, maxFileBytes: 1_000_000 })
    const run = await executing(engine)
    const before = await read(engine, run.id)
    const fates = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'k', value: `${i}`.padEnd(100_000, 'x') }] })),
    )
    // one transaction: all of it failed, and what is in hand is what is in the file
    expect(fates.map((fate) => fate.status === 'rejected' && (fate.reason as { type: string }).type)).toEqual(fates.map(() => 'storage'))
    expect(await read(engine, run.id)).toEqual(before)
    const answer = await engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'k', value: 'small' }] })
    expect(answer.version).toBe(before.version + 1)
    await engine.close()
    expect((await read(open({ file }), run.id)).metadata).toEqual({ k: 'small' })
  })

  test('called :memory: is none, and each engine has its own', async () => {
    const [one, other] = [open({ file: ':memory:' }), open({ file: ':memory:' })]
    const run = await executing(one)
    expect(await other.record.read(run.id)).toBeUndefined()
    expect((await one.record.list({})).runs).toHaveLength(1)
  })

  test('is for one process', async () => {
    const file = newFile()
    open({ file })
    const { status, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('crash-child.ts', import.meta.url)), file], { encoding: 'utf8' })
    expect(status).not.toBe(0)
    expect(stderr).toContain('is in use by another process')
  }, 30_000)

  test('needs node:sqlite, and says so', () => {
    const file = newFile()
    const missing = vi.spyOn(process, 'getBuiltinModule').mockReturnValue(undefined as never)
    expect(() => open({ file })).toThrow(/Node 22.13/)
    missing.mockRestore()
  })

  test('that is none, or not ours, or of a later version, is refused by name', async () => {
    const make = (sql: string): string => {
      const folder = mkdtempSync(join(tmpdir(), 'runfeed-'))
      folders.push(folder)
      const file = join(folder, 'other.db')
      const database = new DatabaseSync(file)
      database.exec(sql)
      database.close()
      return file
    }
    expect(() => open({ file: make('CREATE TABLE theirs (a)') })).toThrow(/not one of runfeed/)
    expect(() => open({ file: make('PRAGMA user_version = 999') })).toThrow(/later version/)
    expect(() => open({ file: import.meta.filename })).toThrow(/no SQLite file/)
  })
})

describe('a damaged data file is refused by name:', () => {
  const PAGE = 4096
  const inDatabase = (file: string, sql: string): void => {
    const database = new DatabaseSync(file)
    database.exec(sql)
    database.close()
  }
  test.each<[string, (file: string) => void]>([
    ['one that was cut', (file) => truncateSync(file, 2 * PAGE + 100)],
    ['one whose schema was overwritten', (file) => writeFileSync(file, readFileSync(file).fill(0xff, 100, PAGE))],
    ['one whose tables were overwritten', (file) => writeFileSync(file, readFileSync(file).fill(0xff, PAGE))],
    ['one whose executing run is no JSON', (file) => inDatabase(file, "UPDATE payloads SET payload = '{'")],
  ])('%s', async (_what, damage) => {
    const file = newFile()
    const engine = open({ file })
    await executing(engine)
    await engine.close()
    damage(file)
    // the second time too: it is not held by an engine that was never made
    for (const _time of [1, 2])
      expect(() => open({ file })).toThrow(
        expect.objectContaining({ type: 'data_file', message: expect.stringContaining(`${file} is damaged`) as string }) as Error,
      )
  })
})

test('a process killed in the middle of its commits loses nothing that it acknowledged', async () => {
  const file = newFile()
  const child = fileURLToPath(new URL('crash-child.ts', import.meta.url))
  let runs: string[] = []
  for (const kill of [50, 400, 1500]) {
    // each round goes on with the file that the round before left behind
    const acknowledged = await acknowledgedUntil(child, file, kill)
    expect(acknowledged.length).toBeGreaterThanOrEqual(kill)
    const engine = open({ file })
    for (const { run, cursor, n, index } of acknowledged) {
      expect(await engine.record.since(run, cursor)).toBeDefined()
      const now = await read(engine, run)
      expect(now).toMatchObject({ status: 'CRASHED', streams: { log: { state: 'aborted' } } })
      expect(now.metadata['n']).toBeGreaterThanOrEqual(n)
      expect((await engine.chunks.read(run, 'log', index, 1)).chunks).toEqual([n])
    }
    runs = [...runs, ...new Set(acknowledged.map(({ run }) => run))]
    const listed = await engine.record.list({ task: 'crash', limit: 200 })
    expect(new Set(listed.runs.map(({ id }) => id))).toEqual(new Set(runs))
    await engine.close()
  }
}, 60_000)

interface Acknowledged {
  readonly run: string
  readonly cursor: string
  readonly n: number
  readonly index: number
}

async function acknowledgedUntil(script: string, file: string, kill: number): Promise<readonly Acknowledged[]> {
  const child = spawn(process.execPath, [script, file], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: Acknowledged[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(JSON.parse(line) as Acknowledged)
    if (acknowledged.length === kill) child.kill('SIGKILL')
  }
  return acknowledged
}
