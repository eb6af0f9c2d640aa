// The versions of runs: one row of the log each, and the document whole now and then, because rewriting it per commit wrote 365 MB where
// the log wrote 1 MB. Any version is its last snapshot before with the log's patches on top.
import type { SQLOutputValue } from 'node:sqlite'
import { formatCursor } from '../../protocol/cursor.ts'
import type { LogEntry } from '../../protocol/engine.ts'
import type { Json } from '../../protocol/json.ts'
import { applyPatch, type Patch } from '../../protocol/patch.ts'
import type { Run } from '../../protocol/run.ts'
import type { LogBounds, Portion } from '../log-bounds.ts'
import type { RunState } from '../state.ts'
import type { SizedEntry } from '../storage.ts'
import type { Statements } from './statements.ts'

type Row = Record<string, SQLOutputValue>

/** Where a run's log is: its last snapshot, and the length of the patches after that. */
export interface LogTail {
  readonly snapshot: number
  readonly pending: number
}

/** A run that was rebuilt, without its payload. */
export interface Rebuilt {
  readonly run: Omit<Run, 'payload'>
  readonly tag: string
  readonly tail: LogTail
  /** Length of the snapshot that it began with. */
  readonly length: number
}

export class RunLog {
  readonly #sql: Statements
  readonly #bounds: LogBounds

  constructor(sql: Statements, bounds: LogBounds) {
    this.#sql = sql
    this.#bounds = bounds
  }

  begin(seq: number, state: RunState): LogTail {
    return this.#snapshot(seq, state, 0)
  }

  add(seq: number, state: RunState, entry: LogEntry, patch: string, { snapshot, pending }: LogTail): LogTail {
    const { version } = state.run
    this.#sql.insertEntry.run(seq, version, state.tag, entry.at, entry.by, patch)
    const length = pending + patch.length
    if (!this.#bounds.isSnapshotDue(version - snapshot, length)) return { snapshot, pending: length }
    const tail = this.#snapshot(seq, state, length)
    const from = this.#bounds.cutAt(this.#sql.portions.all(seq).map(portionOf))
    if (from !== undefined) {
      this.#sql.cutLog.run(seq, from)
      this.#sql.cutSnapshots.run(seq, from)
    }
    return tail
  }

  #snapshot(seq: number, { run, tag }: RunState, pending: number): LogTail {
    const { payload: _, ...document } = run
    const text = JSON.stringify(document)
    this.#sql.insertSnapshot.run(seq, run.version, tag, text, pending + text.length)
    return { snapshot: run.version, pending: 0 }
  }

  range(seq: number, after: number, upTo: number): readonly LogEntry[] | undefined {
    if (after < 1 || after > upTo) return undefined
    const rows = this.#sql.entries.all(seq, after, upTo)
    return rows.length === upTo - after ? rows.map(entryOf) : undefined
  }

  *after(seq: number, version: number): Generator<SizedEntry> {
    for (const row of this.#sql.entries.iterate(seq, version, Number.MAX_SAFE_INTEGER)) yield { entry: entryOf(row), bytes: String(row['patch']).length }
  }

  tagOf(seq: number, version: number): string | undefined {
    const row = this.#sql.tagOf.get(seq, version)
    return row && String(row['tag'])
  }

  oldest(seq: number): number {
    return Number(this.#sql.oldest.get(seq)?.['version'])
  }

  /** For a version that it reaches; without one, the last. */
  at(seq: number, version: number = Number.MAX_SAFE_INTEGER): Rebuilt {
    const snapshot = this.#sql.snapshotAt.get(seq, version) as Row
    const entries = this.#sql.entries.all(seq, Number(snapshot['version']), version)
    const text = String(snapshot['document'])
    let document = JSON.parse(text) as Json
    // one set for all of them: what one patch has copied the next one changes in place
    const owned = new Set<object>()
    for (const entry of entries) document = applyPatch(document, JSON.parse(String(entry['patch'])) as Patch, owned)
    const last = entries[entries.length - 1]
    return {
      run: { ...(document as unknown as Run), ...(last && { version: Number(last['version']), updatedAt: Number(last['at']) }) },
      tag: String((last ?? snapshot)['tag']),
      tail: { snapshot: Number(snapshot['version']), pending: entries.reduce((sum, entry) => sum + String(entry['patch']).length, 0) },
      length: text.length,
    }
  }
}

const portionOf = (row: Row): Portion => ({ version: Number(row['version']), size: Number(row['size']) })

const entryOf = (row: Row): LogEntry => ({
  cursor: formatCursor(Number(row['version']), String(row['tag'])),
  at: Number(row['at']),
  by: row['by'] === null ? null : String(row['by']),
  patch: JSON.parse(String(row['patch'])) as Patch,
})
