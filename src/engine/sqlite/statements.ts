// Every statement that is not a list, prepared once.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

const SQL = {
  lastSeq: 'SELECT max(seq) AS seq FROM (SELECT max(seq) AS seq FROM runs UNION ALL SELECT max(run) FROM removed)',
  findRun: 'SELECT seq, delayed, expires, attempts, duration, idempotency, concurrency, executed, awaited, holder FROM runs WHERE id = ?',
  insertRun: `INSERT INTO runs (seq, id, namespace, task, status, parent, root, tag, delayed, expires, attempts, duration, idempotency, concurrency, wake, awaited, holder)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  insertPayload: 'INSERT INTO payloads (run, payload) VALUES (?, ?)',
  payload: 'SELECT payload FROM payloads WHERE run = ?',
  insertTag: 'INSERT INTO tags (tag, run) VALUES (?, ?)',
  setStatus: 'UPDATE runs SET status = ?, finished = ?, delayed = ?, attempts = ?, wake = ?, holder = ?, executed = ? WHERE seq = ?',
  setAwaited: 'UPDATE runs SET awaited = 1 WHERE seq = ?',
  held: `SELECT id FROM runs WHERE status IN ('EXECUTING', 'WAITING', 'DEQUEUED') ORDER BY seq DESC`,
  queued: `SELECT seq, id, concurrency FROM runs WHERE status = 'QUEUED' AND task = ? AND namespace = ? ORDER BY seq LIMIT ?`,
  queuedOfKey: `SELECT seq, id, concurrency FROM runs WHERE status = 'QUEUED' AND task = ? AND namespace = ? AND concurrency = ? ORDER BY seq LIMIT ?`,
  // from one value to the next by the index, whatever is queued of each
  queuedNamespaces: `WITH RECURSIVE names (name) AS (
    SELECT min(namespace) FROM runs WHERE status = 'QUEUED' AND task = ?1
    UNION ALL SELECT (SELECT min(namespace) FROM runs WHERE status = 'QUEUED' AND task = ?1 AND namespace > name) FROM names WHERE name IS NOT NULL)
    SELECT name FROM names WHERE name IS NOT NULL`,
  queuedKeys: `WITH RECURSIVE keys (key) AS (
    SELECT min(concurrency) FROM runs WHERE status = 'QUEUED' AND task = ?1 AND namespace = ?2
    UNION ALL SELECT (SELECT min(concurrency) FROM runs WHERE status = 'QUEUED' AND task = ?1 AND namespace = ?2 AND concurrency > key)
      FROM keys WHERE key IS NOT NULL)
    SELECT key FROM keys WHERE key IS NOT NULL`,
  counts: 'SELECT status, count(*) AS count FROM runs GROUP BY status',
  byKey: 'SELECT id FROM runs WHERE namespace = ? AND task = ? AND idempotency = ?',
  due: 'SELECT id FROM runs WHERE wake <= ? ORDER BY wake LIMIT ?',
  nextDue: 'SELECT min(wake) AS wake FROM runs WHERE wake IS NOT NULL',

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

  awaitedBelow: `WITH RECURSIVE below (seq) AS (
    SELECT seq FROM runs WHERE parent = ? AND finished IS NULL AND awaited = 1
    UNION ALL SELECT runs.seq FROM runs JOIN below ON runs.parent = below.seq WHERE runs.finished IS NULL AND runs.awaited = 1)
    SELECT id FROM below JOIN runs USING (seq) ORDER BY below.seq`,

  insertSnapshot: 'INSERT INTO snapshots (run, version, tag, document, size) VALUES (?, ?, ?, ?, ?)',
  snapshotAt: 'SELECT version, tag, document FROM snapshots WHERE run = ? AND version <= ? ORDER BY version DESC LIMIT 1',
  portions: 'SELECT version, size FROM snapshots WHERE run = ? ORDER BY version DESC',
  oldest: 'SELECT min(version) AS version FROM snapshots WHERE run = ?',
  insertEntry: 'INSERT INTO log (run, version, tag, at, by, patch) VALUES (?, ?, ?, ?, ?, ?)',
  entries: 'SELECT version, tag, at, by, patch FROM log WHERE run = ? AND version > ? AND version <= ? ORDER BY version',
  tagOf: 'SELECT tag FROM log WHERE run = ?1 AND version = ?2 UNION ALL SELECT tag FROM snapshots WHERE run = ?1 AND version = ?2 LIMIT 1',
  cutLog: 'DELETE FROM log WHERE run = ? AND version <= ?',
  cutSnapshots: 'DELETE FROM snapshots WHERE run = ? AND version < ?',

  firstEnd: 'SELECT min(finished) AS finished FROM runs WHERE parent IS NULL AND finished IS NOT NULL',
  // what lives is found by its own index, and what ended late among the newest: a tree may be large, and it is asked again and again
  oldRoots: `SELECT seq FROM runs AS old WHERE parent IS NULL AND finished IS NOT NULL AND finished <= ?1
    AND NOT EXISTS (SELECT 1 FROM runs WHERE root = old.seq AND finished IS NULL)
    AND NOT EXISTS (SELECT 1 FROM runs WHERE root = old.seq AND finished > ?1 ORDER BY seq DESC LIMIT 1) ORDER BY finished LIMIT ?2`,
  tree: `SELECT runs.seq AS seq, runs.id AS id, runs.namespace AS namespace, runs.task AS task, above.id AS parent
    FROM runs LEFT JOIN runs AS above ON above.seq = runs.parent WHERE runs.root = ? ORDER BY runs.seq DESC LIMIT ?`,
  removeRun: 'DELETE FROM runs WHERE seq = ?',
  removeTag: 'DELETE FROM tags WHERE tag = ? AND run = ?',
  removeTags: 'DELETE FROM tags WHERE run = ? RETURNING tag',
  insertRemoved: 'INSERT INTO removed (run) VALUES (?)',
  firstRemoved: 'SELECT run FROM removed LIMIT 1',
  emptyChunks: 'DELETE FROM chunks WHERE (run, stream, first) IN (SELECT run, stream, first FROM chunks WHERE run = ? LIMIT ?)',
  emptyLog: 'DELETE FROM log WHERE (run, version) IN (SELECT run, version FROM log WHERE run = ? LIMIT ?)',
  emptySnapshots: 'DELETE FROM snapshots WHERE run = ?',
  emptyStreams: 'DELETE FROM streams WHERE run = ?',
  emptyWriters: 'DELETE FROM writers WHERE run = ?',
  emptyPayload: 'DELETE FROM payloads WHERE run = ?',
  forgetRemoved: 'DELETE FROM removed WHERE run = ?',

  answered: 'SELECT sequence, answer FROM writers WHERE run = ? AND writer = ?',
  remember: 'INSERT OR REPLACE INTO writers (run, writer, sequence, answer, at) VALUES (?, ?, ?, ?, ?)',
  forget: 'DELETE FROM writers WHERE row IN (SELECT row FROM writers ORDER BY row LIMIT 1000) AND at < ?',

  claimed: 'SELECT sequence, taken FROM claims WHERE worker = ?',
  rememberClaim: 'INSERT OR REPLACE INTO claims (worker, sequence, taken, at) VALUES (?, ?, ?, ?)',
  forgetClaims: 'DELETE FROM claims WHERE at < ?',

  stream: 'SELECT start, attempt, first, cut FROM streams WHERE run = ? AND stream = ?',
  openStream: `INSERT INTO streams (run, stream, start, attempt) VALUES (?, ?, ?, ?)
    ON CONFLICT (run, stream) DO UPDATE SET start = excluded.start, attempt = excluded.attempt`,
  lastBatch: 'SELECT first + count AS length, tag, total FROM chunks WHERE run = ? AND stream = ? ORDER BY first DESC LIMIT 1',
  insertBatch: 'INSERT INTO chunks (run, stream, first, count, tag, by, data, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  batches: `SELECT first, count, tag, by, data, total FROM chunks WHERE run = ?1 AND stream = ?2
    AND first >= (SELECT max(first) FROM chunks WHERE run = ?1 AND stream = ?2 AND first <= ?3) ORDER BY first`,
  cutChunks: 'DELETE FROM chunks WHERE run = ? AND stream = ? AND first < ?',
  cutStream: 'UPDATE streams SET first = ?, cut = ? WHERE run = ? AND stream = ?',
} as const

export type Statements = { readonly [K in keyof typeof SQL]: StatementSync }

export function prepare(database: DatabaseSync): Statements {
  return Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, database.prepare(sql)])) as Statements
}
