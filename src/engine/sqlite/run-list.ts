// Lists of runs: a conjunction of equalities, newest first. A page's `next` is the number of its last run, so a page neither repeats nor
// loses a run when others come or end meanwhile.

import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { RunList as RunListRequest } from '../../protocol/engine.ts'
import { placeOf } from '../list-place.ts'
import type { IdPage } from '../storage.ts'

export class RunList {
  readonly #database: DatabaseSync
  /** By their text: there are as many as there are combinations of fields. */
  readonly #statements = new Map<string, StatementSync>()

  constructor(database: DatabaseSync) {
    this.#database = database
  }

  page(request: RunListRequest, limit: number): IdPage {
    const { sql, values } = query(request, limit + 1)
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    const rows = statement.all(...values)
    const ids = rows.slice(0, limit).map((row) => String(row['id']))
    // one more than the page holds was found: so there is a next page
    return rows.length > limit ? { ids, next: String(rows[limit - 1]?.['seq']) } : { ids }
  }
}

function query({ ids, task, tag, parent, status, namespace, after }: RunListRequest, limit: number): { sql: string; values: (string | number)[] } {
  const conditions: string[] = []
  const values: (string | number)[] = []
  const where = (condition: string, value: string | number): void => {
    conditions.push(condition)
    values.push(value)
  }
  // by a tag, its own table has the order already
  const seq = tag === undefined ? 'runs.seq' : 'tags.run'
  if (tag !== undefined) where('tags.tag = ?', tag)
  if (task !== undefined) where('task = ?', task)
  if (parent !== undefined) where('parent = (SELECT seq FROM runs WHERE id = ?)', parent)
  if (ids !== undefined) where('id IN (SELECT value FROM json_each(?))', JSON.stringify(ids))
  if (status?.length === 1) where('status = ?', String(status[0]))
  else if (status !== undefined) where('status IN (SELECT value FROM json_each(?))', JSON.stringify(status))
  // a `+` keeps it from choosing the index: whatever else is asked for finds fewer runs
  if (namespace !== undefined) where(conditions.length > 0 ? '+namespace = ?' : 'namespace = ?', namespace)
  if (after !== undefined) where(`${seq} < ?`, placeOf(after))
  const from = tag === undefined ? 'runs' : 'tags CROSS JOIN runs ON runs.seq = tags.run'
  const all = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')} ` : ''
  values.push(limit)
  return { sql: `SELECT runs.seq AS seq, id FROM ${from} ${all}ORDER BY ${seq} DESC LIMIT ?`, values }
}
