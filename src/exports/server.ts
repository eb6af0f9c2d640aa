// `runfeed/server`: the reference server and its engines.
export type { EmbeddedEngine } from '../engine/embedded.ts'
export { type MemoryEngineOptions, memoryEngine } from '../engine/memory/memory-engine.ts'
export type { EngineOptions } from '../engine/settings.ts'
export { DataFileError, NoSqliteError, StorageError } from '../engine/sqlite/errors.ts'
export { type SqliteEngineOptions, sqliteEngine } from '../engine/sqlite/sqlite-engine.ts'
export type { ChunkLog, Commit, CommitAnswer, RunEngine, RunHistory, RunQueue, RunRecord } from '../protocol/engine.ts'
export type { ListenOptions, RunServer, RunServerOptions } from '../server/create-run-server.ts'
export { createRunServer } from '../server/create-run-server.ts'
