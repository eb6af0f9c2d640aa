// The tables as the first version of runfeed wrote them, word for word: what its files hold is fixed, whatever becomes of schema.ts.
export const SCHEMA_1 = `
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
  PRAGMA user_version = 1;
`
