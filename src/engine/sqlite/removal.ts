// Removes old runs. A run is gone with its row; its log and its chunks, which may be many, follow in portions.
import type { Statements } from './statements.ts'

/** Rows of one table in one portion. */
const MAX_ROWS = 1000

export class Removal {
  readonly #sql: Statements

  constructor(sql: Statements) {
    this.#sql = sql
  }

  /** @param before - see `Storage.purge`. @returns the runs that are gone, and whether there is more to do. */
  purge(before: number, max: number): { readonly gone: readonly string[]; readonly hasMore: boolean } {
    const removed = this.#sql.firstRemoved.get()
    if (removed) {
      this.#empty(Number(removed['run']))
      return { gone: [], hasMore: true }
    }
    const gone: string[] = []
    for (const root of this.#sql.oldRoots.all(before, max)) {
      // children first: what is left of a tree is one
      for (const row of this.#sql.tree.all(Number(root['seq']), max - gone.length)) {
        this.#remove(Number(row['seq']))
        gone.push(String(row['id']))
      }
      if (gone.length >= max) break
    }
    return { gone, hasMore: gone.length > 0 }
  }

  #remove(seq: number): void {
    this.#sql.removeTags.run(seq)
    this.#sql.removeRun.run(seq)
    this.#sql.insertRemoved.run(seq)
  }

  #empty(seq: number): void {
    if (Number(this.#sql.emptyChunks.run(seq, MAX_ROWS).changes) >= MAX_ROWS) return
    if (Number(this.#sql.emptyLog.run(seq, MAX_ROWS).changes) >= MAX_ROWS) return
    for (const empty of [this.#sql.emptySnapshots, this.#sql.emptyStreams, this.#sql.emptyWriters, this.#sql.emptyPayload]) empty.run(seq)
    this.#sql.forgetRemoved.run(seq)
  }
}
