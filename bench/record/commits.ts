// Commits that were acknowledged, a second, beside bare node:sqlite that writes the same rows with the same settings, in transactions of
// as many writers as say something at once.

import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { sqliteEngine } from 'runfeed/server'
import { SNAPSHOT_EVERY } from '../../src/protocol/limits.ts'
import type { Row } from '../row.ts'
import { inTurns, median } from './measure.ts'

const ROUNDS = 11
const COMMITS = 10_000
const WRITERS = [1, 100]

export async function commits(folder: string): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const writers of WRITERS) {
    const { ours, bare } = await inTurns(ROUNDS, await contest(folder, writers))
    rows.push({
      name: `acknowledged commits a second with ${writers} writer${writers > 1 ? 's' : ''}, beside bare node:sqlite`,
      value: median(ours.map((figure, round) => figure / (bare[round] ?? Number.NaN))),
      unit: 'x',
      limit: { least: 0.6 },
      raw: { 'ours (1/s)': median(ours), 'bare (1/s)': median(bare) },
    })
  }
  return rows
}

async function contest(folder: string, writers: number): Promise<{ readonly ours: () => Promise<number>; readonly bare: () => Promise<number> }> {
  const engine = sqliteEngine({ file: join(folder, `ours-${writers}.db`) })
  await engine.record.create(Array.from({ length: writers }, () => ({ task: 'bench', payload: null })))
  const runs = (await engine.queue.claim({ worker: 'bench', tasks: ['bench'], max: writers })).map(({ run }) => run.id)
  let sequence = 0
  const writer = async (run: string): Promise<void> => {
    const first = sequence
    for (let n = 1; n <= COMMITS / writers; n++)
      await engine.record.commit({ run, attempt: 1, writer: { id: 'w_bench', sequence: first + n }, operations: [{ op: 'set', key: 'n', value: first + n }] })
  }
  const ours = async (): Promise<void> => {
    await Promise.all(runs.map(writer))
    sequence += COMMITS / writers
  }
  const other = new Bare(join(folder, `bare-${writers}.db`))
  return { ours: () => rate(ours), bare: () => rate(async () => other.round(writers)) }
}

async function rate(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return COMMITS / ((performance.now() - from) / 1000)
}

/** The rows that a commit makes: one of the log, the writer's last answer, and the document now and then. */
class Bare {
  readonly #database: DatabaseSync
  readonly #log: StatementSync
  readonly #answer: StatementSync
  readonly #snapshot: StatementSync
  #version = 0

  constructor(file: string) {
    const database = new DatabaseSync(file)
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    database.exec('PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000')
    database.exec(`
      CREATE TABLE log (run INTEGER, version INTEGER, tag TEXT, at INTEGER, by TEXT, patch TEXT, PRIMARY KEY (run, version)) STRICT, WITHOUT ROWID;
      CREATE TABLE writers (row INTEGER PRIMARY KEY, run INTEGER, writer TEXT, sequence INTEGER, answer TEXT, at INTEGER, UNIQUE (run, writer)) STRICT;
      CREATE TABLE snapshots (run INTEGER, version INTEGER, tag TEXT, document TEXT, size INTEGER, PRIMARY KEY (run, version)) STRICT, WITHOUT ROWID;`)
    this.#database = database
    this.#log = database.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?)')
    this.#answer = database.prepare('INSERT OR REPLACE INTO writers (run, writer, sequence, answer, at) VALUES (?, ?, ?, ?, ?)')
    this.#snapshot = database.prepare('INSERT INTO snapshots VALUES (?, ?, ?, ?, ?)')
  }

  round(writers: number): void {
    for (let n = 0; n < COMMITS / writers; n++) {
      const version = ++this.#version
      this.#database.exec('BEGIN IMMEDIATE')
      for (let run = 1; run <= writers; run++) {
        const at = Date.now()
        this.#log.run(run, version, 'abcd', at, 'run_0123456789abcdefghij', `[{"op":"replace","path":"/metadata/n","value":${version}}]`)
        this.#answer.run(run, 'w_bench', version, `{"version":${version},"cursor":"${version}.abcd","bytes":12,"refused":[]}`, at)
        if (version % SNAPSHOT_EVERY === 0) this.#snapshot.run(run, version, 'abcd', 'x'.repeat(500), 20_000)
      }
      this.#database.exec('COMMIT')
    }
  }
}
