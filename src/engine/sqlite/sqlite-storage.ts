// Runs in a SQLite file. A version is one row of the log; the document is written whole every SNAPSHOT_EVERY versions, because rewriting
// it per commit wrote 365 MB where the log wrote 1 MB. A cold run is its last snapshot with the log's patches on top.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { formatCursor } from '../../protocol/cursor.ts'
import type { ClaimRequest, LogEntry } from '../../protocol/engine.ts'
import { type Json, jsonBytes } from '../../protocol/json.ts'
import { SNAPSHOT_EVERY } from '../../protocol/limits.ts'
import { applyPatch, type Patch } from '../../protocol/patch.ts'
import type { RunListRequest } from '../../protocol/rest.ts'
import type { Run } from '../../protocol/run.ts'
import type { RunState } from '../state.ts'
import { type Answered, type ChunkBatch, type IdPage, type NewBatch, NO_PLACE, type Storage, type StreamPlace } from '../storage.ts'
import { type CachedRun, RunCache } from './run-cache.ts'
import { RunList } from './run-list.ts'
import { prepare, type Statements } from './statements.ts'

type Row = Record<string, SQLOutputValue>

export class SqliteStorage implements Storage {
  readonly #sql: Statements
  readonly #list: RunList
  readonly #cache: RunCache
  #lastSeq: number
  #writes = 0

  constructor(database: DatabaseSync, cacheBytes: number) {
    this.#sql = prepare(database)
    this.#list = new RunList(database)
    this.#cache = new RunCache(cacheBytes)
    this.#lastSeq = Number(this.#sql.lastSeq.get()?.['seq'] ?? 0)
  }

  /** Counts what was written, so that a call which fails before it writes can fail alone. */
  get writes(): number {
    return this.#writes
  }
  committed(): void {
    this.#cache.committed()
  }
  rolledBack(): void {
    this.#cache.rolledBack()
  }

  /** What was executing when the file was last in use. */
  held(): readonly string[] {
    return this.#sql.held.all().map((row) => String(row['id']))
  }

  load(run: string): RunState | undefined {
    return this.#find(run)?.state
  }

  insert(state: RunState): void {
    const { payload, ...document } = state.run
    const { id, task, status, tags, parentId, rootId, version } = document
    const seq = ++this.#lastSeq
    const text = JSON.stringify(payload)
    this.#writing(id)
    const root = rootId === id ? seq : this.#get(rootId).seq
    this.#sql.insertRun.run(seq, id, task, status, parentId === null ? null : this.#get(parentId).seq, root, state.tag)
    this.#sql.insertPayload.run(seq, text)
    this.#sql.insertSnapshot.run(seq, version, state.tag, JSON.stringify(document))
    for (const tag of tags) this.#sql.insertTag.run(tag, seq)
    this.#cache.add(id, { seq, state, places: new Map(), weight: text.length + state.bytes })
  }

  save(state: RunState, entry: LogEntry): void {
    const { run } = state
    const cached = this.#get(run.id)
    const before = cached.state
    const patch = JSON.stringify(entry.patch)
    this.#writing(run.id)
    this.#sql.insertEntry.run(cached.seq, run.version, state.tag, entry.at, entry.by, patch)
    if (run.status !== before.run.status) this.#sql.setStatus.run(run.status, run.finishedAt, cached.seq)
    if (run.version % SNAPSHOT_EVERY === 0) {
      const { payload: _, ...document } = run
      this.#sql.insertSnapshot.run(cached.seq, run.version, state.tag, JSON.stringify(document))
    }
    cached.state = state
    // the output is in the patch, and nothing else of size is outside of the metadata
    this.#cache.grow(cached, state.bytes - before.bytes + (run.output === before.run.output ? 0 : patch.length))
  }

  log(run: string, after: number, upTo: number): readonly LogEntry[] | undefined {
    if (after < 1 || after > upTo) return undefined
    const rows = this.#sql.entries.all(this.#get(run).seq, after, upTo)
    return rows.length === upTo - after ? rows.map(entryOf) : undefined
  }

  tagOf(run: string, version: number): string | undefined {
    const row = version === 1 ? this.#sql.findRun.get(run) : this.#sql.entryTag.get(this.#get(run).seq, version)
    return row && String(row['tag'])
  }

  liveDescendants(run: string): readonly string[] {
    return this.#sql.liveBelow.all(this.#get(run).seq).map((row) => String(row['id']))
  }

  hasLiveDescendants(run: string): boolean {
    const { seq, state } = this.#get(run)
    // most trees end as one: asking the whole tree first spares the walk
    if (!this.#sql.liveInTree.get(this.#get(state.run.rootId).seq)) return false
    return this.#sql.hasLiveBelow.get(seq) !== undefined
  }

  list(request: RunListRequest, limit: number): IdPage {
    return this.#list.page(request, limit)
  }

  queued(tasks: readonly string[], max: number, limits: ClaimRequest['limits'] = {}): readonly string[] {
    // per task, as the index has it; then the oldest of all
    return [...new Set(tasks)]
      .flatMap((task) => this.#sql.queued.all(task, Math.min(max, roomOf(limits[task]) ?? max)))
      .sort((a, b) => Number(a['seq']) - Number(b['seq']))
      .slice(0, max)
      .map((row) => String(row['id']))
  }

  answered(run: string, writer: string): Answered | undefined {
    const row = this.#sql.answered.get(this.#get(run).seq, writer)
    return row && { sequence: Number(row['sequence']), answer: JSON.parse(String(row['answer'])) as Answered['answer'] }
  }

  remember(run: string, writer: string, { sequence, answer }: Answered, at: number): void {
    this.#writing(run)
    this.#sql.remember.run(this.#get(run).seq, writer, sequence, JSON.stringify(answer), at)
  }

  forget(before: number): void {
    this.#writes++
    this.#sql.forget.run(before)
  }

  place(run: string, stream: string): StreamPlace {
    const { seq, places } = this.#get(run)
    let place = places.get(stream)
    if (place) return place
    const opened = this.#sql.stream.get(seq, stream)
    const last = this.#sql.lastBatch.get(seq, stream)
    place = {
      ...NO_PLACE,
      ...(opened && { start: Number(opened['start']), attempt: Number(opened['attempt']) }),
      ...(last && { length: Number(last['length']), tag: String(last['tag']) }),
    }
    // readers may ask for any name: only what is there is kept
    if (opened) places.set(stream, place)
    return place
  }

  open(run: string, stream: string, attempt: number): void {
    const place = { ...this.place(run, stream), attempt }
    const { seq, places } = this.#get(run)
    this.#writing(run)
    this.#sql.openStream.run(seq, stream, place.length, attempt)
    places.set(stream, { ...place, start: place.length })
  }

  append(run: string, stream: string, { first, tag, by, texts }: NewBatch): void {
    const place = this.place(run, stream)
    const { seq, places } = this.#get(run)
    this.#writing(run)
    this.#sql.insertBatch.run(seq, stream, first, texts.length, tag, by, `[${texts.join()}]`)
    places.set(stream, { ...place, length: first + texts.length, tag })
  }

  *batches(run: string, stream: string, index: number): Generator<ChunkBatch> {
    for (const row of this.#sql.batches.iterate(this.#get(run).seq, stream, index)) yield batchOf(row)
  }

  #writing(run: string): void {
    this.#writes++
    this.#cache.touch(run)
  }

  /** For a run that is known to be there. */
  #get(run: string): CachedRun {
    return this.#find(run) as CachedRun
  }

  #find(id: string): CachedRun | undefined {
    const cached = this.#cache.get(id)
    if (cached) return cached
    const row = this.#sql.findRun.get(id)
    if (!row) return undefined
    const seq = Number(row['seq'])
    const payload = String(this.#sql.payload.get(seq)?.['payload'])
    const snapshot = this.#sql.lastSnapshot.get(seq) as Row
    const version = Number(snapshot['version'])
    const entries = this.#sql.entries.all(seq, version, Number.MAX_SAFE_INTEGER)
    const text = String(snapshot['document'])
    let document = JSON.parse(text) as Json
    // one set for all of them: what one patch has copied the next one changes in place
    const owned = new Set<object>()
    for (const entry of entries) document = applyPatch(document, JSON.parse(String(entry['patch'])) as Patch, owned)
    const last = entries[entries.length - 1]
    const run = {
      ...(document as unknown as Run),
      payload: JSON.parse(payload) as Json,
      ...(last && { version: Number(last['version']), updatedAt: Number(last['at']) }),
    }
    const bytes = jsonBytes(run.metadata)
    const state: RunState = { run, tag: String((last ?? snapshot)['tag']), bytes }
    return this.#cache.add(id, { seq, state, places: new Map(), weight: payload.length + Math.max(text.length, bytes) })
  }
}

const roomOf = (limit: NonNullable<ClaimRequest['limits']>[string] | undefined): number | undefined =>
  limit && Math.max(0, limit.limit - (limit.executing[''] ?? 0))

const entryOf = (row: Row): LogEntry => ({
  cursor: formatCursor(Number(row['version']), String(row['tag'])),
  at: Number(row['at']),
  by: row['by'] === null ? null : String(row['by']),
  patch: JSON.parse(String(row['patch'])) as Patch,
})

const batchOf = (row: Row): ChunkBatch => {
  const data = String(row['data'])
  const count = Number(row['count'])
  return {
    first: Number(row['first']),
    count,
    tag: String(row['tag']),
    by: String(row['by']),
    // without the brackets and the commas
    size: data.length - count - 1,
    chunks: () => JSON.parse(data) as readonly Json[],
  }
}
