// Runs in a SQLite file: what run-log.ts and stream-log.ts do not keep, and what is held in memory of them.
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { ClaimRequest, LogEntry, RunList as RunListRequest } from '../../protocol/engine.ts'
import { type Json, jsonBytes } from '../../protocol/json.ts'
import type { Run } from '../../protocol/run.ts'
import type { LogBounds } from '../log-bounds.ts'
import { dueAt, type RunPlan } from '../plan.ts'
import { Room } from '../room.ts'
import { heldRun, type RunState } from '../state.ts'
import type { Answered, ChunkBatch, Claimed, IdPage, NewBatch, Purged, SizedEntry, Storage, StreamPlace } from '../storage.ts'
import { AnswerCache } from './answer-cache.ts'
import { Removal } from './removal.ts'
import { type CachedRun, RunCache } from './run-cache.ts'
import { RunList } from './run-list.ts'
import { RunLog } from './run-log.ts'
import { prepare, type Statements } from './statements.ts'
import { StreamLog } from './stream-log.ts'

type Row = Record<string, SQLOutputValue>

export class SqliteStorage implements Storage {
  readonly #sql: Statements
  readonly #list: RunList
  readonly #log: RunLog
  readonly #streams: StreamLog
  readonly #removal: Removal
  readonly #cache: RunCache
  #lastSeq: number
  #writes = 0

  constructor(database: DatabaseSync, cacheBytes: number, bounds: LogBounds) {
    this.#sql = prepare(database)
    this.#list = new RunList(database)
    this.#log = new RunLog(this.#sql, bounds)
    this.#streams = new StreamLog(this.#sql)
    this.#removal = new Removal(this.#sql)
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
    const { run, plan } = state
    const { id, namespace, task, status, parentId, rootId } = run
    const { delayUntil, expiresAt, maxAttempts, maxDuration, idempotencyKey, concurrencyKey, isAwaited, remoteWorker } = plan
    const seq = ++this.#lastSeq
    const payload = JSON.stringify(run.payload)
    this.#writing(id)
    const parent = parentId === null ? null : this.#get(parentId).seq
    const root = rootId === id ? seq : this.#get(rootId).seq
    const asked = [delayUntil, expiresAt, maxAttempts, maxDuration, idempotencyKey, concurrencyKey, dueAt(run, plan), isAwaited ? 1 : 0, remoteWorker]
    this.#sql.insertRun.run(seq, id, namespace, task, status, parent, root, state.tag, ...asked)
    this.#sql.insertPayload.run(seq, payload)
    const tail = this.#log.begin(seq, state)
    for (const tag of run.tags) this.#sql.insertTag.run(tag, seq)
    this.#cache.add(id, { seq, state, tail, places: new Map(), answers: new AnswerCache(true), weight: payload.length + state.bytes })
  }

  save(state: RunState, entry: LogEntry): void {
    const { run, plan } = state
    const cached = this.#get(run.id)
    const before = cached.state
    const patch = JSON.stringify(entry.patch)
    this.#writing(run.id)
    cached.tail = this.#log.add(cached.seq, state, entry, patch, cached.tail)
    // a plan changes with the status only, but for what saveAwaited says
    if (run.status !== before.run.status)
      this.#sql.setStatus.run(
        run.status,
        run.finishedAt,
        plan.delayUntil,
        plan.maxAttempts,
        dueAt(run, plan),
        plan.remoteWorker,
        plan.hasExecuted ? 1 : 0,
        cached.seq,
      )
    if (run.tags !== before.run.tags) this.#setTags(cached.seq, before.run.tags, run.tags)
    cached.state = state
    // the output is in the patch, and nothing else of size is outside of the metadata
    this.#cache.grow(cached, state.bytes - before.bytes + (run.output === before.run.output ? 0 : patch.length))
  }

  saveAwaited(state: RunState): void {
    const cached = this.#get(state.run.id)
    this.#writing(state.run.id)
    this.#sql.setAwaited.run(cached.seq)
    cached.state = state
  }

  #setTags(seq: number, before: readonly string[], after: readonly string[]): void {
    for (const tag of before) if (!after.includes(tag)) this.#sql.removeTag.run(tag, seq)
    for (const tag of after) if (!before.includes(tag)) this.#sql.insertTag.run(tag, seq)
  }

  log(run: string, after: number, upTo: number): readonly LogEntry[] | undefined {
    return this.#log.range(this.#get(run).seq, after, upTo)
  }
  tagOf(run: string, version: number): string | undefined {
    return this.#log.tagOf(this.#get(run).seq, version)
  }
  oldest(run: string): number {
    return this.#log.oldest(this.#get(run).seq)
  }
  entries(run: string, after: number): Iterable<SizedEntry> {
    return this.#log.after(this.#get(run).seq, after)
  }
  at(run: string, version: number): Run {
    const { seq, state } = this.#get(run)
    return { ...this.#log.at(seq, version).run, payload: state.run.payload }
  }

  liveDescendants(run: string): readonly string[] {
    return this.#sql.liveBelow.all(this.#get(run).seq).map((row) => String(row['id']))
  }

  awaitedDescendants(run: string): readonly string[] {
    return this.#sql.awaitedBelow.all(this.#get(run).seq).map(idOf)
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

  counts(): { readonly [status: string]: number } {
    return Object.fromEntries(this.#sql.counts.all().map((row) => [String(row['status']), Number(row['count'])]))
  }

  queued(tasks: readonly string[], max: number, limits?: ClaimRequest['limits'], namespace?: string): readonly string[] {
    const room = new Room(limits)
    const found: (Row & { readonly task: string })[] = []
    // per task, namespace and key, as the indexes have it; then the oldest of all
    for (const task of new Set(tasks)) {
      const names = namespace === undefined ? this.#sql.queuedNamespaces.all(task).map((row) => String(row['name'])) : [namespace]
      for (const name of names)
        for (const row of room.isLimited(task) ? this.#queuedByKey(task, name, max, room) : this.#sql.queued.all(task, name, max)) found.push({ ...row, task })
    }
    return found
      .sort((a, b) => Number(a['seq']) - Number(b['seq']))
      .filter((row) => room.take(row.task, String(row['concurrency'])))
      .slice(0, max)
      .map(idOf)
  }

  #queuedByKey(task: string, namespace: string, max: number, room: Room): readonly Row[] {
    return this.#sql.queuedKeys.all(task, namespace).flatMap((row) => {
      const key = String(row['key'])
      const left = Math.min(max, room.left(task, key))
      return left > 0 ? this.#sql.queuedOfKey.all(task, namespace, key, left) : []
    })
  }

  byKey(namespace: string, task: string, key: string): string | undefined {
    const row = this.#sql.byKey.get(namespace, task, key)
    return row && idOf(row)
  }
  due(now: number, max: number): readonly string[] {
    return this.#sql.due.all(now, max).map(idOf)
  }
  nextDue(): number | undefined {
    return numberOf(this.#sql.nextDue.get()?.['wake'])
  }
  firstEnd(): number | undefined {
    return numberOf(this.#sql.firstEnd.get()?.['finished'])
  }

  purge(before: number, max: number): Purged {
    this.#writes++
    const purged = this.#removal.purge(before, max)
    for (const { id } of purged.gone) this.#cache.drop(id)
    return purged
  }

  answered<T>(run: string, writer: string): Answered<T> | undefined {
    const { seq, answers } = this.#get(run)
    if (answers.knows(writer)) return answers.get(writer) as Answered<T> | undefined
    const row = this.#sql.answered.get(seq, writer)
    return row && { sequence: Number(row['sequence']), answer: JSON.parse(String(row['answer'])) as T }
  }

  remember(run: string, writer: string, said: Answered<unknown>, at: number): void {
    const { seq, answers } = this.#get(run)
    this.#writing(run)
    this.#sql.remember.run(seq, writer, said.sequence, JSON.stringify(said.answer), at)
    answers.set(writer, said)
  }

  claimed(worker: string): Claimed | undefined {
    const row = this.#sql.claimed.get(worker)
    return row && { sequence: Number(row['sequence']), taken: JSON.parse(String(row['taken'])) as Claimed['taken'] }
  }

  rememberClaim(worker: string, { sequence, taken }: Claimed, at: number): void {
    this.#writes++
    this.#sql.rememberClaim.run(worker, sequence, JSON.stringify(taken), at)
  }

  forget(before: number): void {
    this.#writes++
    this.#sql.forget.run(before)
    this.#sql.forgetClaims.run(before)
  }

  place(run: string, stream: string): StreamPlace {
    return this.#streams.place(this.#get(run), stream)
  }
  open(run: string, stream: string, attempt: number): void {
    this.#writing(run)
    this.#streams.open(this.#get(run), stream, attempt)
  }
  append(run: string, stream: string, batch: NewBatch): void {
    this.#writing(run)
    this.#streams.append(this.#get(run), stream, batch)
  }
  cut(run: string, stream: string, first: number, cut: number): void {
    this.#writing(run)
    this.#streams.cut(this.#get(run), stream, first, cut)
  }
  batches(run: string, stream: string, index: number): Generator<ChunkBatch> {
    return this.#streams.batches(this.#get(run), stream, index)
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
    const { run: rest, tag, tail, length } = this.#log.at(seq)
    const run: Run = { ...rest, payload: JSON.parse(payload) as Json }
    const bytes = jsonBytes(run.metadata)
    const state: RunState = { ...heldRun(run), tag, bytes, plan: planOf(row) }
    return this.#cache.add(id, { seq, state, tail, places: new Map(), answers: new AnswerCache(false), weight: payload.length + Math.max(length, bytes) })
  }
}

const idOf = (row: Row): string => String(row['id'])
const numberOf = (value: SQLOutputValue | undefined): number | undefined => (value === null || value === undefined ? undefined : Number(value))

const planOf = (row: Row): RunPlan => ({
  delayUntil: numberOf(row['delayed']) ?? null,
  expiresAt: numberOf(row['expires']) ?? null,
  maxAttempts: Number(row['attempts']),
  maxDuration: numberOf(row['duration']) ?? null,
  idempotencyKey: row['idempotency'] === null ? null : String(row['idempotency']),
  concurrencyKey: String(row['concurrency']),
  hasExecuted: Number(row['executed']) === 1,
  isAwaited: Number(row['awaited']) === 1,
  remoteWorker: row['holder'] === null ? null : String(row['holder']),
})
