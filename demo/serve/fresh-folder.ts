// `--fresh`: deletes what demos have put into a data folder, and nothing else: whoever names a folder may have more in it.
import { existsSync, globSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { RunfeedError } from 'runfeed'
import { sqliteEngine } from 'runfeed/server'
import { PART, RECORD, ROWS, UPLOADS } from './data-folder.ts'

export interface Deleted {
  readonly uploads: number
  readonly bytes: number
}

/** @throws Error, one sentence, when another demo uses the folder: nothing of it is deleted then */
export async function emptyDataFolder(path: string): Promise<Deleted> {
  const record = join(path, RECORD)
  // opened for its lock, which says whether somebody is at work here
  const engine = existsSync(record) ? lock(record) : undefined
  const uploads = globSync(`*.csv{,${PART}}`, { cwd: join(path, UPLOADS) }).map((name) => join(UPLOADS, name))
  const databases = existsSync(path) ? readdirSync(path).filter((name) => DATABASE.test(name)) : []
  const files = [...uploads, ...databases].map((name) => join(path, name))
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
  // closed first: where files are locked against deletion too, its own are
  await engine?.close()
  for (const file of files) rmSync(file, { force: true })
  return { uploads: uploads.length, bytes }
}

/** The databases, with the logs that SQLite keeps beside each. */
const DATABASE = new RegExp(`^(?:${[RECORD, ROWS].map((name) => name.replace('.', '\\.')).join('|')})(?:-wal|-shm|-journal)?$`)

function lock(record: string): ReturnType<typeof sqliteEngine> {
  try {
    return sqliteEngine({ file: record })
  } catch (thrown) {
    throw thrown instanceof RunfeedError ? new Error(`--fresh has deleted nothing: ${thrown.message}`, { cause: thrown }) : thrown
  }
}
