// The embedded engine: one file, one process.
import type { DatabaseSync } from 'node:sqlite'
import { metadataLimitOf } from '../../protocol/metadata-limit.ts'
import { Bell } from '../bell.ts'
import { type EmbeddedEngine, embeddedEngine } from '../embedded.ts'
import { crashRun } from '../end.ts'
import { Leases } from '../leases.ts'
import { type EngineOptions, settle } from '../settings.ts'
import { type Desk, Turn } from '../turn.ts'
import { openDatabase } from './database.ts'
import { GroupCommit } from './group-commit.ts'
import { SqliteStorage } from './sqlite-storage.ts'

export interface SqliteEngineOptions extends EngineOptions {
  /** The data file; made, with the folders that lead to it, when it is not there. */
  readonly file: string
  /** Bytes of JSON of the runs that are held in memory, about. @defaultValue 64 MB */
  readonly cacheBytes?: number
  /** The greatest size of the file in bytes; a write over it is rejected as `storage`. @defaultValue what SQLite allows */
  readonly maxFileBytes?: number
}

/**
 * Opens the file. Runs that were executing when it was last in use are CRASHED when this returns.
 * @throws NoSqliteError without node:sqlite; DataFileError when the file is in use by another process, or cannot be used.
 */
export function sqliteEngine(options: SqliteEngineOptions): EmbeddedEngine {
  const settings = settle({ ...options, metadataLimit: options.metadataLimit ?? metadataLimitOf(process.env['TASK_RUN_METADATA_MAXIMUM_SIZE']) })
  const database = openDatabase(options.file, options.maxFileBytes)
  const storage = new SqliteStorage(database, options.cacheBytes ?? 64 * 1024 * 1024)
  const bell = new Bell()
  const leases = new Leases(settings.leaseMs, settings.now, () => void engine.sweep().catch(ignore))
  const desk: Desk = { storage, settings, bell, leases }

  try {
    recover(database, storage, new Turn(desk))
  } catch (error) {
    // or the file stays locked until this process ends
    database.close()
    throw error
  }

  let isClosed = false
  const group = new GroupCommit(database, storage, desk)
  const engine = embeddedEngine(
    {
      write: (call) => group.write(call),
      read: (call) => group.read(call),
      close: async () => {
        if (isClosed) return
        isClosed = true
        leases.stop()
        group.close()
        database.close()
      },
    },
    bell,
  )
  return engine
}

/** Whatever was executing when the file was last in use is not executing any more. */
function recover(database: DatabaseSync, storage: SqliteStorage, turn: Turn): void {
  database.exec('BEGIN IMMEDIATE')
  for (const id of storage.held()) crashRun(turn, turn.load(id), 'the server stopped while it ran')
  database.exec('COMMIT')
  storage.committed()
}

/** A sweep that fails, on a full disk say, is tried again by the next one. */
const ignore = (): void => {}
