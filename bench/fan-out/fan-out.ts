// What many readers cost a server: one update to 2,000 and to 10,000 connections, those that never read, and all of them coming back.
import { spawnSync } from 'node:child_process'
import type { Row } from '../row.ts'
import { restart } from './restart.ts'
import { sideBySide } from './side-by-side.ts'
import { slowReaders } from './slow-readers.ts'

const CONNECTIONS = [2000, 10_000]
/** Of a process, beside the connections. */
const OTHER_FILES = 100

export async function fanOut(): Promise<readonly Row[]> {
  const limit = openFiles()
  const rows: Row[] = [...(await restart()), ...(await slowReaders())]
  for (const count of CONNECTIONS) {
    if (limit < count + OTHER_FILES) {
      rows.push({ name: `fan-out to ${count} connections`, value: limit, unit: 'open files are allowed', limit: { least: count + OTHER_FILES }, raw: {} })
      continue
    }
    rows.push(...(await sideBySide(count)))
  }
  return rows
}

/** What a process may have open: Node raises its own limit to the hard one. */
function openFiles(): number {
  const said = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).stdout.trim()
  return said === 'unlimited' ? Number.POSITIVE_INFINITY : Number(said)
}
