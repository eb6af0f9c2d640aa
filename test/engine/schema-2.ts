// What the second version of runfeed changed of the first one's tables, word for word.
export const SCHEMA_2 = `
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
  ALTER TABLE snapshots ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE removed (run INTEGER PRIMARY KEY) STRICT;
  PRAGMA user_version = 2;
`
