// The tables of a data file. A change here is a new entry of MIGRATIONS, never an edit of one: files of all earlier versions must open.
// Runs are known by a number inside the file: it is their order of creation, and it keeps keys short.

/** `MIGRATIONS[n]` brings a file from version n to n + 1; the version is the file's `user_version`. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    task TEXT NOT NULL,
    status TEXT NOT NULL,
    parent INTEGER,
    root INTEGER NOT NULL,
    finished INTEGER,
    tag TEXT NOT NULL
  ) STRICT;
  CREATE INDEX runs_task ON runs (task);
  CREATE INDEX runs_status ON runs (status);
  CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;
  CREATE INDEX runs_queued ON runs (task) WHERE status = 'QUEUED';
  CREATE INDEX runs_live ON runs (root) WHERE finished IS NULL;

  -- beside the runs, whose rows are rewritten with each status, and beside the snapshots: a payload never changes and may be 10 MB
  CREATE TABLE payloads (run INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT;

  CREATE TABLE tags (tag TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (tag, run)) STRICT, WITHOUT ROWID;

  CREATE TABLE snapshots (
    run INTEGER NOT NULL,
    version INTEGER NOT NULL,
    tag TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, version)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE log (
    run INTEGER NOT NULL,
    version INTEGER NOT NULL,
    tag TEXT NOT NULL,
    at INTEGER NOT NULL,
    by TEXT,
    patch TEXT NOT NULL,
    PRIMARY KEY (run, version)
  ) STRICT, WITHOUT ROWID;

  -- written with INSERT OR REPLACE, so that the order of rows is the order of time and the oldest are found without an index
  CREATE TABLE writers (
    row INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    writer TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL,
    UNIQUE (run, writer)
  ) STRICT;

  CREATE TABLE streams (
    run INTEGER NOT NULL,
    stream TEXT NOT NULL,
    start INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (run, stream)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chunks (
    run INTEGER NOT NULL,
    stream TEXT NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL,
    tag TEXT NOT NULL,
    by TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, stream, first)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  -- what was asked for the run beside its record; wake is when the engine must look at it by itself
  ALTER TABLE runs ADD COLUMN namespace TEXT NOT NULL DEFAULT 'default';
  ALTER TABLE runs ADD COLUMN delayed INTEGER;
  ALTER TABLE runs ADD COLUMN expires INTEGER;
  ALTER TABLE runs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE runs ADD COLUMN duration INTEGER;
  ALTER TABLE runs ADD COLUMN idempotency TEXT;
  ALTER TABLE runs ADD COLUMN concurrency TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN wake INTEGER;
  CREATE UNIQUE INDEX runs_idempotency ON runs (namespace, task, idempotency) WHERE idempotency IS NOT NULL;
  CREATE INDEX runs_concurrency ON runs (task, concurrency) WHERE status = 'QUEUED';
  CREATE INDEX runs_wake ON runs (wake) WHERE wake IS NOT NULL;
  CREATE INDEX runs_root ON runs (root);
  CREATE INDEX runs_over ON runs (finished) WHERE parent IS NULL AND finished IS NOT NULL;

  -- bytes from the snapshot before to this one: the patches, and its own document; not counted in version 1
  ALTER TABLE snapshots ADD COLUMN size INTEGER NOT NULL DEFAULT 0;

  -- runs whose row is gone and whose log and chunks are being removed, in portions
  CREATE TABLE removed (run INTEGER PRIMARY KEY) STRICT;
  `,
  `
  -- tags change: whoever removes a run finds them by it
  CREATE INDEX tags_run ON tags (run);
  `,
  `
  -- who executes a run, where that outlives the process that has the file
  ALTER TABLE runs ADD COLUMN holder TEXT;
  ALTER TABLE runs ADD COLUMN awaited INTEGER NOT NULL DEFAULT 0;
  -- by namespace: one that has much in the queue does not make the others' claims slow
  DROP INDEX runs_queued;
  DROP INDEX runs_concurrency;
  CREATE INDEX runs_queued ON runs (task, namespace) WHERE status = 'QUEUED';
  CREATE INDEX runs_concurrency ON runs (task, namespace, concurrency) WHERE status = 'QUEUED';
  CREATE INDEX runs_namespace ON runs (namespace);

  -- the last claim of each worker that counts them
  CREATE TABLE claims (worker TEXT PRIMARY KEY, sequence INTEGER NOT NULL, taken TEXT NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  -- the first chunk that is kept, and the size of those before it; not counted before this version
  ALTER TABLE streams ADD COLUMN first INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE streams ADD COLUMN cut INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chunks ADD COLUMN total INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- an attempt of the run was executed and is over; until now told by the last attempt's number, which is in the documents and the log
  ALTER TABLE runs ADD COLUMN executed INTEGER NOT NULL DEFAULT 0;
  UPDATE runs SET executed = 1 WHERE finished IS NULL AND (SELECT max(attempt) FROM (
    SELECT json_extract(document, '$.attempt') AS attempt FROM snapshots WHERE run = runs.seq
    UNION ALL
    SELECT json_extract(change.value, '$.value') FROM log, json_each(log.patch) AS change
      WHERE log.run = runs.seq AND json_extract(change.value, '$.path') = '/attempt'
  )) > (status IN ('EXECUTING', 'WAITING', 'DEQUEUED'));
  `,
]
