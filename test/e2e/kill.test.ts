// SIGKILL at random moments of an import: what the record says is true after each, and everybody who watched knows it. All of it happens to
// one data folder. RUNFEED_SEED=<seed> is one moment alone.
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createRunClient, type Run } from 'runfeed'
import { sqliteEngine } from 'runfeed/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chunksOf, historyOf } from '../faults/history.ts'
import { eager } from '../faults/impatient.ts'
import { countOf, ROWS_AT_ONCE, rowsOf, runOf, startSample } from '../faults/demo-runs.ts'
import { randomOf, seeds } from '../faults/seed.ts'
import { atOnce, type Watch, watchRun } from '../faults/watch.ts'
import { tableRows } from './demo-record.ts'
import { dataFolder, type DemoServer, removeFolder, startDemo } from './demo-server.ts'

/** Of 3,376: the import must not be over before the kill arrives. */
const LATEST_ROW = 2800
const moments = seeds(10).map((seed) => ({ seed, rows: seed === 0 ? 0 : Math.floor(randomOf(seed)() * LATEST_ROW) }))

let data: string
let server: DemoServer | undefined
const watched: { readonly moment: string; readonly id: string; readonly watch: Watch }[] = []
beforeAll(async () => {
  data = await dataFolder()
})
afterAll(async () => {
  await server?.end('SIGKILL')
  await removeFolder(data)
})

interface Followed {
  readonly id: string
  readonly watch: Watch
  readonly url: string
}

/** Starts an import and follows it, with its log. */
async function follow(): Promise<Followed> {
  const { url } = (server ??= await startDemo({ data }))
  const id = await startSample(url)
  const client = createRunClient({ baseUrl: url, environment: eager, scheduler: atOnce })
  const watch = watchRun(client, id, ['log'])
  void watch.over.finally(() => client.close()).catch(() => {})
  return { id, watch, url }
}

/** @param meanwhile - done between the end of the one process and the start of the next. */
async function killAndRestart(meanwhile: () => void = () => {}): Promise<void> {
  const { port } = server as DemoServer
  await server?.end('SIGKILL')
  meanwhile()
  server = await startDemo({ data, port })
}

const processed = (run: Run): number => (run.metadata['processedRows'] === undefined ? -1 : countOf(run, 'processedRows'))

test.for(moments)('killed after $rows rows (seed $seed): the record is true, and whoever watched has it', async ({ rows, seed }) => {
  const { id, watch, url } = await follow()
  await watch.until((run) => processed(run) >= rows)
  await killAndRestart()
  const last = await watch.over
  watched.push({ moment: `after ${rows} rows (seed ${seed})`, id, watch })

  const record = await runOf(url, id)
  expect(last).toEqual(record)
  expect(watch.ends).toBe(1)
  expect(record).toMatchObject({
    status: 'CRASHED',
    error: { type: 'crashed', message: 'the server stopped while it ran' },
    streams: { log: { state: 'aborted' } },
  })

  const children = await rowsOf(url, id)
  const ended = (status: string): readonly Run[] => children.filter((child) => child.status === status)
  const [completed, crashed, canceled] = [ended('COMPLETED'), ended('CRASHED'), ended('CANCELED')]
  expect(completed.length + crashed.length + canceled.length).toBe(children.length)
  expect(crashed.length).toBeLessThanOrEqual(ROWS_AT_ONCE)
  // what was queued for it goes with it: nothing of it is begun by the next process
  expect(children.filter(({ startedAt }) => Number(startedAt) > Number(record.finishedAt))).toEqual([])
  for (const { attempt, error } of canceled) expect([attempt, error?.type, error?.message.includes(id)]).toEqual([0, 'canceled', true])

  // a row is counted before its run ends, and in the table before it is counted
  const counted = processed(record)
  expect(completed.length).toBeLessThanOrEqual(counted)
  expect(counted).toBeLessThanOrEqual(completed.length + crashed.length)
  expect(countOf(record, 'acceptedRows')).toBe(counted - countOf(record, 'rejectedRows'))
  const table = tableRows(server as DemoServer, id)
  expect(table.length).toBeGreaterThanOrEqual(countOf(record, 'acceptedRows'))
  expect(table.length).toBeLessThanOrEqual(countOf(record, 'acceptedRows') + ROWS_AT_ONCE)
  // what is in it is what was sent, under its own line
  const sent = new Map(children.map(({ payload }) => payload as { line: number; fields: readonly string[] }).map((row) => [row.line, row.fields]))
  expect(table).toEqual(table.map(({ line }) => ({ line, fields: sent.get(line) })))
  const lines = new Set(table.map(({ line }) => line))
  const done = completed.filter(({ output }) => (output as { reason: string | null }).reason === null)
  expect(done.filter(({ payload }) => !lines.has((payload as { line: number }).line))).toEqual([])

  const named = (record.metadata['rowRuns'] ?? []) as readonly string[]
  expect(named).toHaveLength(Math.min(1000, counted))
  const tried = new Set([...completed, ...crashed].map((child) => child.id))
  expect(named.filter((run) => !tried.has(run))).toEqual([])
  expect(new Set(named).size).toBe(named.length)
})

test('every version that was ever shown is in the log, as it was shown', async () => {
  expect(watched).toHaveLength(moments.length)
  await server?.end('SIGKILL')
  server = undefined
  const engine = sqliteEngine({ file: join(data, 'runs.db') })
  try {
    for (const { moment, id, watch } of watched) {
      const [first] = watch.seen
      if (!first) throw new Error(`nothing was shown of ${id}`)
      const { versions, last } = await historyOf(engine, first)
      expect({ moment, run: last }).toEqual({ moment, run: (await engine.record.read(id))?.run })
      for (const { run, cursor } of watch.seen) expect({ moment, cursor, run }).toEqual({ moment, cursor, run: versions.get(cursor ?? '') })
      const log = await chunksOf(engine, id, 'log')
      for (const view of watch.logs['log'] ?? []) expect({ moment, lines: [...view] }).toEqual({ moment, lines: log.slice(0, view.length) })
      expect({ moment, lines: watch.logs['log']?.at(-1)?.length }).toEqual({ moment, lines: log.length })
    }
  } finally {
    await engine.close()
  }
})

test('a file that has lost its last versions, as by a power cut, corrects whoever saw them', async () => {
  const { id, watch, url } = await follow()
  const copy = join(data, 'copy')
  const files = ['runs.db', 'runs.db-wal']
  const copyAll = (from: string, to: string): void => {
    for (const file of files) cpSync(join(from, file), join(to, file))
  }
  await watch.until((run) => processed(run) >= 300)
  // a beginning of the write-ahead log is whole; the file itself is written to only when that log is long, and closing has emptied it above
  copyAll(data, copy)
  const seen = await watch.until((run) => processed(run) >= 1500)
  await killAndRestart(() => {
    copyAll(copy, data)
    rmSync(join(data, 'runs.db-shm'), { force: true })
  })
  const last = await watch.over
  const record = await runOf(url, id)
  expect(record.version).toBeLessThan(seen.version)
  expect(processed(record)).toBeGreaterThanOrEqual(300)
  expect(last).toEqual(record)
  expect(watch.ends).toBe(1)
})
