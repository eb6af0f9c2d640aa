// What can go wrong with a data file.
import { RunfeedError } from '../../protocol/errors.ts'

/** This Node has no `node:sqlite`. */
export class NoSqliteError extends RunfeedError {
  override readonly name: string = 'NoSqliteError'
  constructor(version: string) {
    super('no_sqlite', `sqliteEngine needs node:sqlite, which is in Node 22.13 and later (24 is best); this is Node ${version}`)
  }
}

/** The file cannot be used: it is in use, damaged, not ours, or of a later version. */
export class DataFileError extends RunfeedError {
  override readonly name: string = 'DataFileError'
  constructor(file: string, why: string, cause?: unknown) {
    super('data_file', `${file} ${why}`, { file })
    if (cause !== undefined) this.cause = cause
  }
}

const SQLITE_BUSY = 5
const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/** What opening the file threw, with its name and what to do: SQLite says neither. */
export function dataFileError(file: string, thrown: unknown): RunfeedError {
  if (thrown instanceof RunfeedError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  // an extended code has its kind in the lowest byte
  const code = thrown instanceof Error && 'errcode' in thrown ? Number(thrown.errcode) & 0xff : undefined
  if (code === SQLITE_BUSY) return new DataFileError(file, 'is in use by another process; stop that one, or give this one a file of its own', thrown)
  if (code === SQLITE_NOTADB) return new DataFileError(file, 'is no SQLite file', thrown)
  // all JSON in it was written by JSON.stringify
  if (code === SQLITE_CORRUPT || thrown instanceof SyntaxError)
    return new DataFileError(file, `is damaged (${message}); put a copy of it back, or move it away, and a new one is made`, thrown)
  return new DataFileError(file, `cannot be used (${message})`, thrown)
}

/** A transaction failed (a full disk, a broken file): nothing of it is kept, and the same call may work later. */
export class StorageError extends RunfeedError {
  override readonly name: string = 'StorageError'
  override readonly retryable: boolean = true
  constructor(cause: unknown) {
    super('storage', `the data file could not be written: ${cause instanceof Error ? cause.message : String(cause)}`)
    this.cause = cause
  }
}
