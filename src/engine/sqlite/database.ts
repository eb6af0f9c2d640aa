// Opens a data file: node:sqlite itself, the pragmas, the lock, the schema.
import type { DatabaseSync } from 'node:sqlite'
import { DataFileError, dataFileError, NoSqliteError } from './errors.ts'
import { MIGRATIONS } from './schema.ts'

const IN_MEMORY = ':memory:'

/**
 * Durable, in this engine, means: in the file's write-ahead log. That survives the end of the process, however it comes; a power cut may
 * take the last commits, never an earlier one, and never half of one (`synchronous = NORMAL`).
 * @param maxBytes - the greatest size of the file; writes over it fail.
 */
export function openDatabase(file: string, maxBytes: number | undefined): DatabaseSync {
  // not a static import: whoever imports the server, but keeps its runs in memory, may run a Node without it
  const sqlite = process.getBuiltinModule?.('node:sqlite')
  if (!sqlite) throw new NoSqliteError(process.version)
  const files = process.getBuiltinModule('node:fs')
  const paths = process.getBuiltinModule('node:path')
  // SQLite's own name for no file at all; a file of that name is what nobody means
  const path = file === IN_MEMORY ? file : paths.resolve(file)
  const database = open(() => {
    if (path !== IN_MEMORY) files.mkdirSync(paths.dirname(path), { recursive: true })
    return new sqlite.DatabaseSync(path)
  }, file)
  return orClosed(database, file, () => {
    // a pragma, because Node 22.13 does not know the constructor's option
    database.exec('PRAGMA busy_timeout = 1000')
    // before the first access: only then is the lock taken at once and held, and no second process gets in
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    database.exec('PRAGMA cache_size = -16000; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000')
    migrate(database, file)
    if (maxBytes !== undefined) database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(maxBytes / Number(pragma(database, 'page_size'))))}`)
    return database
  })
}

/** A step of opening the file. One that fails closes it, or the file stays locked until this process ends. @throws DataFileError */
export function orClosed<T>(database: DatabaseSync, file: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    database.close()
    throw dataFileError(file, error)
  }
}

/** A folder, say, or a file that is not this user's: SQLite names neither. @throws DataFileError */
function open(make: () => DatabaseSync, file: string): DatabaseSync {
  try {
    return make()
  } catch (error) {
    throw new DataFileError(file, `cannot be opened as a file (${error instanceof Error ? error.message : String(error)})`, error)
  }
}

const pragma = (database: DatabaseSync, name: string): unknown => database.prepare(`PRAGMA ${name}`).get()?.[name]

function migrate(database: DatabaseSync, file: string): void {
  database.exec('BEGIN IMMEDIATE')
  const version = Number(pragma(database, 'user_version'))
  if (version > MIGRATIONS.length)
    throw new DataFileError(file, `was written by a later version of runfeed (schema ${version}, known are up to ${MIGRATIONS.length})`)
  const isForeign = version === 0 && database.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined
  if (isForeign) throw new DataFileError(file, 'is a SQLite file, but not one of runfeed')
  for (const step of MIGRATIONS.slice(version)) database.exec(step)
  database.exec(`PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`)
}
