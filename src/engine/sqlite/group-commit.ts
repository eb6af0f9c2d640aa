// Calls made in one turn of the event loop share one transaction, yet each learns its own fate. Nothing is answered and nobody is woken
// before it is committed.
import type { DatabaseSync } from 'node:sqlite'
import { RunfeedError } from '../../protocol/errors.ts'
import { type Desk, Turn } from '../turn.ts'
import { StorageError } from './errors.ts'
import type { SqliteStorage } from './sqlite-storage.ts'

interface Call {
  readonly work: (turn: Turn) => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** So many calls at once keep the event loop for some tens of milliseconds; the rest take the next turn. */
const MAX_GROUP = 512

export class GroupCommit {
  readonly #database: DatabaseSync
  readonly #storage: SqliteStorage
  readonly #desk: Desk
  #waiting: Call[] = []
  #isScheduled = false
  #isClosed = false

  constructor(database: DatabaseSync, storage: SqliteStorage, desk: Desk) {
    this.#database = database
    this.#storage = storage
    this.#desk = desk
  }

  write<T>(work: (turn: Turn) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#isClosed) throw closed()
      this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject })
      this.#schedule()
    })
  }

  async read<T>(work: (turn: Turn) => T): Promise<T> {
    if (this.#isClosed) throw closed()
    // a group begins and ends within one turn of the event loop, so this never sees what is not committed
    return work(new Turn(this.#desk))
  }

  /** Does what is waiting, then refuses. */
  close(): void {
    while (this.#waiting.length > 0) this.#commit()
    this.#isClosed = true
  }

  #schedule(): void {
    if (this.#isScheduled || this.#waiting.length === 0) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#commit()
      this.#schedule()
    })
  }

  #commit(): void {
    const calls = this.#waiting.splice(0, MAX_GROUP)
    if (calls.length === 0) return
    const turn = new Turn(this.#desk)
    let settle: (() => void)[]
    let isBegun = false
    try {
      this.#database.exec('BEGIN IMMEDIATE')
      isBegun = true
      settle = calls.map((call) => this.#perform(call, turn))
      this.#database.exec('COMMIT')
    } catch (error) {
      if (isBegun) this.#rollBack()
      this.#storage.rolledBack()
      const failure = new StorageError(error)
      for (const { reject } of calls) reject(failure)
      return
    }
    this.#storage.committed()
    turn.settle()
    turn.ring()
    for (const one of settle) one()
  }

  /** SQLite rolls back by itself after some errors (a full disk), and then has nothing to roll back. */
  #rollBack(): void {
    try {
      this.#database.exec('ROLLBACK')
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('no transaction is active'))) throw error
    }
  }

  /** @returns what tells the caller, once all is committed. */
  #perform({ work, resolve, reject }: Call, turn: Turn): () => void {
    const { writes } = this.#storage
    try {
      const value = work(turn)
      return () => resolve(value)
    } catch (error) {
      // half of a call may not be kept: then the others, which may build on it, go with it
      if (this.#storage.writes !== writes) throw error
      return () => reject(error)
    }
  }
}

const closed = (): RunfeedError => new RunfeedError('closed', 'the engine is closed')
