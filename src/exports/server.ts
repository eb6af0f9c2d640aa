// `runfeed/server`: the reference server and its engines.
export { memoryEngine } from '../engine/memory/memory-engine.ts'
export { sqliteEngine } from '../engine/sqlite/sqlite-engine.ts'
export type { ChunkLog, Commit, CommitAnswer, RunEngine, RunQueue, RunRecord } from '../protocol/engine.ts'
export { createRunServer } from '../server/create-run-server.ts'
export type { ListenOptions, RunServer, RunServerOptions } from '../server/create-run-server.ts'
