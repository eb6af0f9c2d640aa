// Where accepted rows go: a SQLite table of the demo's own, keyed by (import, line), so that writing a row again changes nothing.
import { DatabaseSync } from 'node:sqlite'

export interface RowTable {
  /** Durable when it returns, as far as the end of this process is concerned. */
  write(importId: string, line: number, fields: readonly string[]): void
  close(): void
}

/** @throws Error, one sentence that names the file */
export function openRowTable(file: string): RowTable {
  const database = new DatabaseSync(file)
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000')
    database.exec(
      'CREATE TABLE IF NOT EXISTS rows (import TEXT NOT NULL, line INTEGER NOT NULL, fields TEXT NOT NULL, PRIMARY KEY (import, line)) WITHOUT ROWID',
    )
  } catch (thrown) {
    database.close()
    throw new Error(`${file} cannot be used for rows: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { cause: thrown })
  }
  const insert = database.prepare('INSERT INTO rows (import, line, fields) VALUES (?, ?, ?) ON CONFLICT (import, line) DO UPDATE SET fields = excluded.fields')
  return {
    write: (importId, line, fields) => void insert.run(importId, line, JSON.stringify(fields)),
    close: () => database.close(),
  }
}
