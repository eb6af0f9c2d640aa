// Removes old runs. A run is gone with its row; its log and its chunks, which may be many, follow in portions.
import type { Membership } from '../storage.ts'
import type { Statements } from './statements.ts'

/** Rows in one portion, about. */
const MAX_ROWS = 1000

export class Removal {
  readonly #sql: Statements

  constructor(sql: Statements) {
    this.#sql = sql
  }

  /** @param before - see `Storage.purge`. @returns the runs that are gone, and whether there is more to do. */
  purge(before: number, max: number): { readonly gone: readonly Membership[]; readonly hasMore: boolean } {
    let left = MAX_ROWS
    for (let removed = this.#sql.firstRemoved.get(); removed; removed = this.#sql.firstRemoved.get()) {
      left -= this.#empty(Number(removed['run']), left)
      if (left <= 0) return { gone: [], hasMore: true }
    }
    const gone: Membership[] = []
    for (const root of this.#sql.oldRoots.all(before, max)) {
      // children first: what is left of a tree is one
      for (const row of this.#sql.tree.all(Number(root['seq']), max - gone.length)) {
        const parentId = row['parent'] === null ? null : String(row['parent'])
        const [namespace, task] = [String(row['namespace']), String(row['task'])]
        gone.push({ id: String(row['id']), namespace, task, parentId, tags: this.#remove(Number(row['seq'])) })
      }
      if (gone.length >= max) break
    }
    return { gone, hasMore: gone.length > 0 }
  }

  /** @returns the tags that it had. */
  #remove(seq: number): readonly string[] {
    const tags = this.#sql.removeTags.all(seq).map((row) => String(row['tag']))
    this.#sql.removeRun.run(seq)
    this.#sql.insertRemoved.run(seq)
    return tags
  }

  /** @returns the rows that it removed; the run is done when that is less than `max`. */
  #empty(seq: number, max: number): number {
    let rows = Number(this.#sql.emptyChunks.run(seq, max).changes)
    if (rows < max) rows += Number(this.#sql.emptyLog.run(seq, max - rows).changes)
    if (rows >= max) return rows
    for (const rest of [this.#sql.emptySnapshots, this.#sql.emptyStreams, this.#sql.emptyWriters, this.#sql.emptyPayload]) rows += Number(rest.run(seq).changes)
    this.#sql.forgetRemoved.run(seq)
    return rows
  }
}
