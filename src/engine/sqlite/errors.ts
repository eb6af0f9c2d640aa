// What can go wrong with a data file.
import { RunfeedError } from '../../protocol/errors.ts'

/** This Node has no `node:sqlite`. */
export class NoSqliteError extends RunfeedError {
  override readonly name: string = 'NoSqliteError'
  constructor(version: string) {
    super('no_sqlite', `sqliteEngine needs node:sqlite, which is in Node 22.13 and later (24 is best); this is Node ${version}`)
  }
}

/** The file cannot be used: it is in use, not ours, or of a later version. */
export class DataFileError extends RunfeedError {
  override readonly name: string = 'DataFileError'
  constructor(file: string, why: string, cause?: unknown) {
    super('data_file', `${file} ${why}`, { file })
    if (cause !== undefined) this.cause = cause
  }
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
