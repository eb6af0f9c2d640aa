// One request for every answer that the OpenAPI document names. The document decides what there must be; what is here and not there fails too.
import type { Run } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import type { Ask } from './raw-request.ts'

/** What the requests are about. */
export interface World {
  /** Executed elsewhere, at attempt 1, with an open stream `log`. */
  readonly running: string
  readonly ended: string
  /** Has more versions than its log keeps. */
  readonly long: string
  /** Executing, and to be canceled. */
  readonly canceling: string
  readonly etag: string
  readonly lastCursor: string
  readonly lastChunk: string
}

export type Engine = ReturnType<typeof memoryEngine>

export async function makeWorld(): Promise<{ readonly engine: Engine; readonly world: World }> {
  let now = Date.now()
  const engine = memoryEngine({ logVersions: 4, lateWritesMs: 1000, now: () => now })
  const begin = async (task: string): Promise<Run> => (await engine.queue.begin({ task, payload: null }, { worker: 'w', isRemote: true })).run
  const [running, ended, long, canceling] = [await begin('import'), await begin('import'), await begin('import'), await begin('import')].map(({ id }) => id)
  const ids = { running: running as string, ended: ended as string, long: long as string, canceling: canceling as string }
  const { record, chunks } = engine
  for (const run of [ids.running, ids.ended]) {
    await record.commit({ run, attempt: 1, streams: { log: { state: 'open' } } })
    await chunks.append(run, 'log', ['a', 'b'], { by: run, attempt: 1 })
  }
  await record.commit({ run: ids.ended, attempt: 1, end: { status: 'COMPLETED', output: 1 } })
  for (let n = 0; n < 20; n++) await record.commit({ run: ids.long, operations: [{ op: 'increment', key: 'n', by: 1 }] })
  await record.cancel(ids.canceling)
  // after the time of late writes
  now += 2000
  const [stored, last] = [await record.read(ids.running), await record.read(ids.ended)]
  const { cursor } = await chunks.read(ids.ended, 'log', 0, 1000)
  return { engine, world: { ...ids, etag: `"${stored?.cursor}"`, lastCursor: last?.cursor ?? '', lastChunk: cursor } }
}

type Case = (world: World) => Ask

const forbiddenName = { constructor: 1 }
const large = { x: 'x'.repeat(300_000) }
const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
const get = (path: string, headers: Ask['headers'] = {}): Ask => ({ method: 'GET', path, headers })
const post = (path: string, body?: unknown): Ask => ({ method: 'POST', path, body })
const create = (run: object): Ask => post('/v1/runs', { runs: [{ task: 'import', ...run }] })
const begin = (run: object): Ask => post('/v1/runs/begin', { worker: 'w', run: { task: 'import', ...run } })
const commit = (run: string, body: object): Ask => post(`/v1/runs/${run}/commits`, body)
const append = (run: string, body: object): Ask => post(`/v1/runs/${run}/chunks/log`, { by: run, chunks: [1], ...body })
const update = (run: string, operations: readonly object[]): Ask => ({ method: 'PATCH', path: `/v1/runs/${run}/metadata`, body: { operations } })
const replace = (run: string, metadata: object): Ask => ({ method: 'PUT', path: `/v1/runs/${run}/metadata`, body: { metadata } })

/** Requests that work, by `operationId`: every common error is one of these, asked in a wrong way. */
export const works: { readonly [operation: string]: Case } = {
  isAlive: () => get('/healthz'),
  isReady: () => get('/readyz'),
  readMetrics: () => get('/metrics'),
  readOpenApi: () => get('/v1/openapi.json'),
  trigger: () => post('/v1/tasks/echo/trigger', { payload: { a: 1 }, options: { tags: ['a'] } }),
  createRuns: ({ running }) => create({ payload: 1, parentId: running }),
  listRuns: () => get('/v1/runs?task=import&status=EXECUTING,COMPLETED&limit=1'),
  readRun: ({ ended }) => get(`/v1/runs/${ended}`),
  isSettled: ({ running }) => get(`/v1/runs/${running}/settled`),
  cancelRun: ({ running }) => post(`/v1/runs/${running}/cancel`),
  replayRun: ({ ended }) => post(`/v1/runs/${ended}/replay`),
  readHistory: ({ running }) => get(`/v1/runs/${running}/history?after=0&limit=10`),
  readVersion: ({ running }) => get(`/v1/runs/${running}/history/1`),
  commit: ({ running }) =>
    commit(running, {
      attempt: 1,
      operations: [
        { op: 'set', key: 'a', value: 1 },
        { op: 'set', key: '$.a.b', value: 1 },
      ],
      base: 1,
    }),
  updateMetadata: ({ running }) =>
    update(running, [
      { op: 'set', key: 'a', value: 1 },
      { op: 'set', key: '$.a.b', value: 1 },
    ]),
  replaceMetadata: ({ running }) => replace(running, { a: 1 }),
  changeTags: ({ running }) => post(`/v1/runs/${running}/tags`, { add: ['a'] }),
  readChunks: ({ running, lastChunk }) => get(`/v1/runs/${running}/chunks/log?index=0&maxBytes=100&cursor=${lastChunk}`),
  appendChunks: ({ running }) => append(running, { attempt: 1, writer: { id: 'w_1', sequence: 1 } }),
  beginRun: () => begin({ payload: 1, metadata: { a: 1 } }),
  claimRuns: () => post('/v1/queue/claim', { worker: 'w', tasks: ['import'], max: 1, sequence: 1, limits: { import: { limit: 2, executing: { '': 1 } } } }),
  renewLeases: ({ running }) => post('/v1/queue/renew', { worker: 'w', runs: [running] }),
  releaseRun: ({ running }) => post('/v1/queue/release', { worker: 'w', run: running }),
  openWakes: ({ running }) => post('/v1/wakes', { topics: ['queue', `run:${running}`] }),
  createToken: ({ running }) => post('/v1/tokens', { scopes: [`read:runs:${running}`], expiresIn: '5m', subject: 'user_1', trigger: { tags: ['a'] } }),
  openFeed: ({ running }) => post('/v1/feed', { wants: [{ run: running }, { query: { task: 'import' } }] }),
  followRun: ({ running }) => get(`/v1/runs/${running}/events`, { 'last-event-id': '1.none' }),
  followStream: ({ running }) => get(`/v1/runs/${running}/streams/log?index=0`, { 'last-event-id': '1.none' }),
}

/** What only a server with keys does. */
export const NEEDS_KEYS: ReadonlySet<string> = new Set(['createToken'])
export const SECRET = 'secret-key-of-the-tests-of-the-openapi-document'

/** What a route answers in other cases, by its `operationId` and the status or the error's type. */
export const others: { readonly [answer: string]: Case } = {
  'readRun 304': ({ running, etag }) => get(`/v1/runs/${running}`, { 'if-none-match': etag }),
  'followRun 204': ({ ended, lastCursor }) => get(`/v1/runs/${ended}/events`, { 'last-event-id': lastCursor }),
  'followStream 204': ({ ended, lastChunk }) => get(`/v1/runs/${ended}/streams/log`, { 'last-event-id': lastChunk }),

  'trigger not_found': () => post('/v1/tasks/nobody/trigger', {}),
  'createRuns not_found': () => create({ parentId: 'run_none' }),
  'readRun not_found': () => get('/v1/runs/run_none'),
  'isSettled not_found': () => get('/v1/runs/run_none/settled'),
  'cancelRun not_found': () => post('/v1/runs/run_none/cancel'),
  'replayRun not_found': () => post('/v1/runs/run_none/replay'),
  'readHistory not_found': () => get('/v1/runs/run_none/history'),
  'readVersion not_found': ({ running }) => get(`/v1/runs/${running}/history/999`),
  'commit not_found': () => commit('run_none', { operations: [] }),
  'updateMetadata not_found': () => update('run_none', []),
  'replaceMetadata not_found': () => replace('run_none', {}),
  'changeTags not_found': () => post('/v1/runs/run_none/tags', { add: ['a'] }),
  'readChunks not_found': () => get('/v1/runs/run_none/chunks/log'),
  'appendChunks not_found': () => append('run_none', {}),
  'beginRun not_found': () => begin({ parentId: 'run_none' }),
  'releaseRun not_found': () => post('/v1/queue/release', { worker: 'w', run: 'run_none' }),

  'createRuns run_ended': ({ ended }) => create({ parentId: ended }),
  'beginRun run_ended': ({ ended }) => begin({ parentId: ended }),
  'commit run_ended': ({ ended }) => commit(ended, { attempt: 1, operations: [] }),
  'updateMetadata run_ended': ({ ended }) => update(ended, [{ op: 'set', key: 'a', value: 1 }]),
  'replaceMetadata run_ended': ({ ended }) => replace(ended, {}),
  'changeTags run_ended': ({ ended }) => post(`/v1/runs/${ended}/tags`, { add: ['a'] }),
  'appendChunks run_ended': ({ ended }) => append(ended, { attempt: 1 }),
  'createRuns canceled': ({ canceling }) => create({ parentId: canceling }),
  'beginRun canceled': ({ canceling }) => begin({ parentId: canceling }),
  'commit stale_attempt': ({ running }) => commit(running, { attempt: 7, operations: [] }),
  'appendChunks stale_attempt': ({ running }) => append(running, { attempt: 7 }),
  'readVersion version_gone': ({ long }) => get(`/v1/runs/${long}/history/1`),

  'trigger invalid_value': () => post('/v1/tasks/echo/trigger', { payload: forbiddenName }),
  'createRuns invalid_value': () => ({ method: 'POST', path: '/v1/runs', raw: `{"runs":[{"task":"a","payload":${deep}}]}` }),
  'beginRun invalid_value': () => begin({ metadata: forbiddenName }),
  'commit invalid_value': ({ running }) => commit(running, { attempt: 1, end: { status: 'COMPLETED', output: forbiddenName } }),
  'updateMetadata invalid_value': ({ running }) => update(running, [{ op: 'append', key: 'a', value: [forbiddenName] }]),
  'replaceMetadata invalid_value': ({ running }) => replace(running, forbiddenName),
  'appendChunks invalid_value': ({ running }) => append(running, { chunks: ['a', forbiddenName] }),

  'createToken invalid_value': () => post('/v1/tokens', { scopes: ['trigger:tasks:echo'], trigger: { metadata: forbiddenName } }),

  'trigger metadata_too_large': () => post('/v1/tasks/echo/trigger', { options: { metadata: large } }),
  'createRuns metadata_too_large': () => create({ metadata: large }),
  'beginRun metadata_too_large': () => begin({ metadata: large }),
  'openFeed unsupported_protocol': () => post('/v1/feed', { protocol: 2, wants: [{ run: 'run_x' }] }),
}
