// How far the demo server's memory grows over the largest files that it takes: 20,000 rows in 10 MB, and 10 MB of which one field has 5.
// The kernel's own high-water mark is read, so that no peak is missed; it is set back once the server has started and is idle.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import type { Run } from 'runfeed'
import type { Row } from './row.ts'

const ROOT = join(import.meta.dirname, '..')
const MB = 1024 * 1024
const ROWS = 20_000
const FILE_BYTES = 10 * MB
const FIELD_BYTES = 5 * MB
/** A server that has just started still gives memory back. */
const IDLE_MS = 2000

/** @param folder - where the demo keeps its data. */
export async function rss(folder: string): Promise<readonly Row[]> {
  // the first start may build the page, with all that a bundler takes: memory that an import would find free
  const first = await start(join(folder, 'rss-first'))
  await stop(first.demo)
  return [
    await growth('20,000 rows in 10 MB', manyRows(), join(folder, 'rss-rows')),
    await growth('10 MB with a field of 5 MB', oneLargeField(), join(folder, 'rss-field')),
  ]
}

async function growth(what: string, file: Uint8Array<ArrayBuffer>, data: string): Promise<Row> {
  const { demo, url } = await start(data)
  try {
    await setTimeout(IDLE_MS)
    const before = memory(demo, 'VmRSS')
    writeFileSync(`/proc/${demo.pid}/clear_refs`, '5')
    const sent = await fetch(`${url}/upload`, { method: 'POST', body: file, headers: { 'x-runfeed-demo': '1', 'x-file-name': 'large.csv' } })
    const { id } = (await sent.json()) as { id?: string }
    if (id === undefined) throw new Error(`the upload was answered ${sent.status}`)
    // the feed's body ends when the run and its children have
    await (await fetch(`${url}/v1/runs/${id}/events`)).text()
    const run = (await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run
    if (run.status !== 'COMPLETED' || run.finishedAt === null) throw new Error(`the import of ${what} ended as ${run.status}: ${run.error?.message}`)
    const peak = memory(demo, 'VmHWM')
    return {
      name: `growth of the server’s memory (RSS, peak) over ${what}`,
      value: peak - before,
      unit: 'MB',
      limit: { most: 64 },
      raw: {
        'before (MB)': before,
        'peak (MB)': peak,
        'at the end (MB)': memory(demo, 'VmRSS'),
        rows: Number(run.metadata['processedRows']),
        'took (ms)': run.finishedAt - run.createdAt,
      },
    }
  } finally {
    await stop(demo)
  }
}

/** @throws Error where there is no /proc */
function memory({ pid }: ChildProcess, field: 'VmRSS' | 'VmHWM'): number {
  const [, kilobytes] = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status does not say ${field}`)
  return Number(kilobytes) / 1024
}

function manyRows(): Uint8Array<ArrayBuffer> {
  const header = 'id,name,note\n'
  const width = Math.floor((FILE_BYTES - header.length) / ROWS)
  const row = (i: number): string => `${i},name ${i},`.padEnd(width - 1, `text of row ${i} `) + '\n'
  return Buffer.from(header + Array.from({ length: ROWS }, (_, i) => row(i)).join(''))
}

function oneLargeField(): Uint8Array<ArrayBuffer> {
  const header = 'id,name,note\n'
  const row = (i: number): string => `${i},name ${i},`.padEnd(999, `text of row ${i} `) + '\n'
  const rows = Math.floor((FILE_BYTES - FIELD_BYTES - 100) / 1000)
  const half = Math.floor(rows / 2)
  const large = `0,large,"${'all of this is one field\n'.repeat(FIELD_BYTES / 25)}"\n`
  return Buffer.from(header + Array.from({ length: rows }, (_, i) => (i === half ? large : '') + row(i)).join(''))
}

async function start(data: string): Promise<{ readonly demo: ChildProcess; readonly url: string }> {
  const options = ['--no-sample', '--row-delay', '0', '--port', '0', '--data', data]
  const demo = spawn(process.execPath, ['--conditions=@runfeed/source', 'demo/main.ts', ...options], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  for await (const line of createInterface(demo.stdout)) {
    const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
    if (url === undefined) continue
    demo.stdout.resume()
    return { demo, url }
  }
  throw new Error('the demo ended before it said where it is')
}

async function stop(demo: ChildProcess): Promise<void> {
  demo.kill('SIGTERM')
  if (demo.exitCode === null) await once(demo, 'exit')
}
