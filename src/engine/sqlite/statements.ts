// Every statement that is not a list, prepared once.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

const SQL = {
  lastSeq: 'SELECT max(seq) AS seq FROM runs',
  findRun: 'SELECT seq, tag FROM runs WHERE id = ?',
  insertRun: 'INSERT INTO runs (seq, id, task, status, parent, root, tag) VALUES (?, ?, ?, ?, ?, ?, ?)',
  insertPayload: 'INSERT INTO payloads (run, payload) VALUES (?, ?)',
  payload: 'SELECT payload FROM payloads WHERE run = ?',
  insertTag: 'INSERT INTO tags (tag, run) VALUES (?, ?)',
  setStatus: 'UPDATE runs SET status = ?, finished = ? WHERE seq = ?',
  held: `SELECT id FROM runs WHERE status IN ('EXECUTING', 'WAITING', 'DEQUEUED') ORDER BY seq`,
  queued: `SELECT seq, id FROM runs WHERE status = 'QUEUED' AND task = ? ORDER BY seq LIMIT ?`,

  liveInTree: 'SELECT 1 FROM runs WHERE root = ? AND finished IS NULL LIMIT 1',
  hasLiveBelow: `WITH RECURSIVE below (seq, finished) AS (
    SELECT seq, finished FROM runs WHERE parent = ?
    UNION ALL SELECT runs.seq, runs.finished FROM runs JOIN below ON runs.parent = below.seq)
    SELECT 1 FROM below WHERE finished IS NULL LIMIT 1`,
  // a parent is older than its children
  liveBelow: `WITH RECURSIVE below (seq, finished) AS (
    SELECT seq, finished FROM runs WHERE parent = ?
    UNION ALL SELECT runs.seq, runs.finished FROM runs JOIN below ON runs.parent = below.seq)
    SELECT id FROM below JOIN runs USING (seq) WHERE below.finished IS NULL ORDER BY below.seq`,

  insertSnapshot: 'INSERT INTO snapshots (run, version, tag, document) VALUES (?, ?, ?, ?)',
  lastSnapshot: 'SELECT version, tag, document FROM snapshots WHERE run = ? ORDER BY version DESC LIMIT 1',
  insertEntry: 'INSERT INTO log (run, version, tag, at, by, patch) VALUES (?, ?, ?, ?, ?, ?)',
  entries: 'SELECT version, tag, at, by, patch FROM log WHERE run = ? AND version > ? AND version <= ? ORDER BY version',
  entryTag: 'SELECT tag FROM log WHERE run = ? AND version = ?',

  answered: 'SELECT sequence, answer FROM writers WHERE run = ? AND writer = ?',
  remember: 'INSERT OR REPLACE INTO writers (run, writer, sequence, answer, at) VALUES (?, ?, ?, ?, ?)',
  forget: 'DELETE FROM writers WHERE row IN (SELECT row FROM writers ORDER BY row LIMIT 1000) AND at < ?',

  stream: 'SELECT start, attempt FROM streams WHERE run = ? AND stream = ?',
  openStream: 'INSERT OR REPLACE INTO streams (run, stream, start, attempt) VALUES (?, ?, ?, ?)',
  lastBatch: 'SELECT first + count AS length, tag FROM chunks WHERE run = ? AND stream = ? ORDER BY first DESC LIMIT 1',
  insertBatch: 'INSERT INTO chunks (run, stream, first, count, tag, by, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
  batches: `SELECT first, count, tag, by, data FROM chunks WHERE run = ?1 AND stream = ?2
    AND first >= (SELECT max(first) FROM chunks WHERE run = ?1 AND stream = ?2 AND first <= ?3) ORDER BY first`,
} as const

export type Statements = { readonly [K in keyof typeof SQL]: StatementSync }

export function prepare(database: DatabaseSync): Statements {
  return Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])) as Statements
}
