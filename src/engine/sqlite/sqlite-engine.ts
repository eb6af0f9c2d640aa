// The embedded engine: one file, one process.
import type { DatabaseSync } from 'node:sqlite'
import { InvalidRequestError } from '../../protocol/errors.ts'
import { Alarm } from '../alarm.ts'
import { loseAttempt } from '../attempts.ts'
import { Bell } from '../bell.ts'
import { limitLease } from '../cancel.ts'
import { type EmbeddedEngine, embeddedEngine } from '../embedded.ts'
import { Leases } from '../leases.ts'
import { LogBounds } from '../log-bounds.ts'
import { checkNumber, type EngineOptions, settle } from '../settings.ts'
import { setAlarm, sweepRecord } from '../sweep.ts'
import { type Desk, Turn } from '../turn.ts'
import { openDatabase, orClosed } from './database.ts'
import { GroupCommit } from './group-commit.ts'
import { SqliteStorage } from './sqlite-storage.ts'

export interface SqliteEngineOptions extends EngineOptions {
  /** The data file; made, with the folders that lead to it, when it is not there. `:memory:` is none: what it keeps ends with the engine. */
  readonly file: string
  /** Bytes of JSON of the runs that are held in memory, about. @defaultValue 64 MB */
  readonly cacheBytes?: number
  /** The greatest size of the file in bytes; a write over it is rejected as `storage`. @defaultValue what SQLite allows */
  readonly maxFileBytes?: number
}

/**
 * Opens the file. Runs that this process executed when the file was last in use are in the queue again when this returns, or CRASHED without
 * attempts left; those of remote workers are still theirs, under a new lease.
 * @throws NoSqliteError without node:sqlite; DataFileError when the file is in use by another process, damaged, or cannot be used; InvalidRequestError naming
 * the option.
 */
export function sqliteEngine(options: SqliteEngineOptions): EmbeddedEngine {
  const settings = settle(options)
  const { file, cacheBytes = 64 * 1024 * 1024, maxFileBytes } = options
  checkNumber('cacheBytes', cacheBytes, 0)
  if (maxFileBytes !== undefined) checkNumber('maxFileBytes', maxFileBytes, 1)
  if (typeof file !== 'string' || file === '')
    throw new InvalidRequestError("sqliteEngine needs a file, as in sqliteEngine({ file: '.runfeed/runs.db' })", { field: 'file' })
  const database = openDatabase(file, maxFileBytes)
  const storage = orClosed(database, file, () => new SqliteStorage(database, cacheBytes, new LogBounds(settings.logVersions, settings.logBytes)))
  const bell = new Bell()
  const leases = new Leases(settings.leaseMs, settings.elapsed, () => void engine.sweep().catch(ignore))
  // one that fails, on a full disk say, is tried again: nothing else would set the alarm on
  const alarm = new Alarm(settings.now, () => void group.write(sweepRecord).catch(() => alarm.set(settings.now() + RETRY_MS)))
  const desk: Desk = { storage, settings, bell, leases, alarm }

  orClosed(database, file, () => recover(database, storage, new Turn(desk)))

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
        alarm.stop()
        group.close()
        database.close()
      },
    },
    bell,
  )
  return engine
}

/** What this process was executing when the file was last in use is not executing any more; who is elsewhere may be, and has a lease's time to say so. */
function recover(database: DatabaseSync, storage: SqliteStorage, turn: Turn): void {
  database.exec('BEGIN IMMEDIATE')
  // children first: one that goes back to the queue is then canceled with its parent's attempt
  for (const id of storage.held()) {
    const state = turn.load(id)
    if (state.plan.remoteWorker === null) loseAttempt(turn, state, 'the server stopped while it ran')
    else {
      turn.take(id, state.plan.remoteWorker)
      if (state.run.cancelRequestedAt !== null) limitLease(turn, state)
    }
  }
  setAlarm(turn, turn.now)
  database.exec('COMMIT')
  storage.committed()
  turn.settle()
  turn.ring()
}

const RETRY_MS = 1000
/** The next sweep tries again. */
const ignore = (): void => {}
