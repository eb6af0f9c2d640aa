// Runs in maps.
import type { ClaimRequest, LogEntry, RunList } from '../../protocol/engine.ts'
import type { Run } from '../../protocol/run.ts'
import { matchesQuery } from '../../protocol/run-query.ts'
import { placeOf } from '../list-place.ts'
import type { LogBounds } from '../log-bounds.ts'
import { dueAt } from '../plan.ts'
import { Room } from '../room.ts'
import { isLive, type RunHead, type RunState } from '../state.ts'
import type { Answered, ChunkBatch, Claimed, IdPage, Membership, NewBatch, Purged, SizedEntry, Storage, StreamPlace } from '../storage.ts'
import { MemoryLog } from './memory-log.ts'
import { MemoryStreams } from './memory-streams.ts'

interface Kept {
  readonly sequence: number
  state: RunState
  readonly log: MemoryLog
  readonly children: string[]
  readonly streams: MemoryStreams
  readonly writers: Map<string, Answered<unknown> & { readonly at: number }>
}

const keyOf = (namespace: string, task: string, key: string): string => JSON.stringify([namespace, task, key])

export class MemoryStorage implements Storage {
  readonly #runs = new Map<string, Kept>()
  /** By sequence; `undefined` where one was removed. */
  readonly #order: (string | undefined)[] = []
  readonly #queued = new Set<string>()
  readonly #due = new Map<string, number>()
  readonly #keys = new Map<string, string>()
  /** When roots have ended: in the order of time, as they are added when they do. */
  readonly #over = new Map<string, number>()
  readonly #claims = new Map<string, Claimed & { readonly at: number }>()
  readonly #bounds: LogBounds

  constructor(bounds: LogBounds) {
    this.#bounds = bounds
  }

  #get(run: string): Kept {
    return this.#runs.get(run) as Kept
  }

  load(run: string): RunState | undefined {
    return this.#runs.get(run)?.state
  }

  insert(state: RunState): void {
    const { id, parentId, namespace, task } = state.run
    const { idempotencyKey } = state.plan
    this.#runs.set(id, {
      sequence: this.#order.push(id),
      state,
      log: new MemoryLog(state, this.#bounds),
      children: [],
      streams: new MemoryStreams(),
      writers: new Map(),
    })
    if (parentId !== null) this.#get(parentId).children.push(id)
    if (idempotencyKey !== null) this.#keys.set(keyOf(namespace, task, idempotencyKey), id)
    this.#index(state)
  }

  save(state: RunState, entry: LogEntry): void {
    const { id, status } = state.run
    const kept = this.#get(id)
    const before = kept.state.run.status
    kept.state = state
    kept.log.add(state, entry)
    if (status !== before) this.#index(state)
  }

  saveAwaited(state: RunState): void {
    this.#get(state.run.id).state = state
  }

  #index({ run, plan }: RunState): void {
    const { id, status, parentId, finishedAt } = run
    if (status === 'QUEUED') this.#queued.add(id)
    else this.#queued.delete(id)
    const due = dueAt(run, plan)
    if (due !== null) this.#due.set(id, due)
    else this.#due.delete(id)
    if (finishedAt !== null && parentId === null) this.#over.set(id, finishedAt)
  }

  log(run: string, after: number, upTo: number): readonly LogEntry[] | undefined {
    return this.#get(run).log.range(after, upTo)
  }
  tagOf(run: string, version: number): string | undefined {
    return this.#get(run).log.tagOf(version)
  }
  oldest(run: string): number {
    return this.#get(run).log.oldest
  }
  entries(run: string, after: number): Iterable<SizedEntry> {
    return this.#get(run).log.after(after)
  }
  at(run: string, version: number): Run {
    return this.#get(run).log.at(version)
  }

  liveDescendants(run: string): readonly string[] {
    const live: string[] = []
    const visit = (id: string): void => {
      for (const child of this.#get(id).children) {
        if (isLive(this.#get(child).state.run)) live.push(child)
        visit(child)
      }
    }
    visit(run)
    return live
  }

  awaitedDescendants(run: string): readonly string[] {
    return this.#get(run).children.flatMap((child) => {
      const { state } = this.#get(child)
      return isLive(state.run) && state.plan.isAwaited ? [child, ...this.awaitedDescendants(child)] : []
    })
  }

  hasLiveDescendants(run: string): boolean {
    return this.#get(run).children.some((child) => isLive(this.#get(child).state.run) || this.hasLiveDescendants(child))
  }

  list(request: RunList, limit: number): IdPage {
    const after = request.after === undefined ? this.#order.length + 1 : placeOf(request.after)
    const ids: string[] = []
    for (let at = Math.min(after - 1, this.#order.length) - 1; at >= 0; at--) {
      const id = this.#order[at]
      if (id === undefined || !isListed(this.#get(id).state.run, request)) continue
      // one more than the page holds is there: so there is a next page
      if (ids.length === limit) return { ids, next: String(this.#get(ids[limit - 1] as string).sequence) }
      ids.push(id)
    }
    return { ids }
  }

  counts(): { readonly [status: string]: number } {
    const counts: Record<string, number> = {}
    for (const id of this.#order) {
      if (id === undefined) continue
      const { status } = this.#get(id).state.run
      counts[status] = (counts[status] ?? 0) + 1
    }
    return counts
  }

  queued(tasks: readonly string[], max: number, limits?: ClaimRequest['limits'], namespace?: string): readonly string[] {
    const room = new Room(limits)
    return [...this.#queued]
      .sort((a, b) => this.#get(a).sequence - this.#get(b).sequence)
      .filter((id) => {
        const { run, plan } = this.#get(id).state
        return tasks.includes(run.task) && (namespace === undefined || run.namespace === namespace) && room.take(run.task, plan.concurrencyKey)
      })
      .slice(0, max)
  }

  byKey(namespace: string, task: string, key: string): string | undefined {
    return this.#keys.get(keyOf(namespace, task, key))
  }

  due(now: number, max: number): readonly string[] {
    return [...this.#due]
      .filter(([, at]) => at <= now)
      .sort((a, b) => a[1] - b[1])
      .slice(0, max)
      .map(([id]) => id)
  }

  nextDue(): number | undefined {
    let next: number | undefined
    for (const at of this.#due.values()) if (next === undefined || at < next) next = at
    return next
  }

  firstEnd(): number | undefined {
    const [first] = this.#over.values()
    return first
  }

  purge(before: number, max: number): Purged {
    const gone: Membership[] = []
    for (const [root, ended] of this.#over) {
      if (ended > before || gone.length >= max) break
      const tree = this.#tree(root)
      if (!tree.every((id) => (this.#get(id).state.run.finishedAt ?? Number.POSITIVE_INFINITY) <= before)) continue
      // children first: what is left of a tree is one
      for (const id of tree.reverse()) if (gone.length < max) gone.push(this.#remove(id))
    }
    return { gone, hasMore: gone.length > 0 }
  }

  /** Parents before children. */
  #tree(root: string): string[] {
    const tree = [root]
    for (const id of tree) for (const child of this.#get(id).children) tree.push(child)
    return tree
  }

  #remove(id: string): Membership {
    const { sequence, state } = this.#get(id)
    const { parentId, namespace, task } = state.run
    const siblings = parentId === null ? undefined : this.#runs.get(parentId)?.children
    siblings?.splice(siblings.lastIndexOf(id), 1)
    this.#runs.delete(id)
    this.#order[sequence - 1] = undefined
    this.#over.delete(id)
    if (state.plan.idempotencyKey !== null) this.#keys.delete(keyOf(namespace, task, state.plan.idempotencyKey))
    return state.run
  }

  answered<T>(run: string, writer: string): Answered<T> | undefined {
    return this.#get(run).writers.get(writer) as Answered<T> | undefined
  }

  remember(run: string, writer: string, said: Answered<unknown>, at: number): void {
    this.#get(run).writers.set(writer, { ...said, at })
  }

  claimed(worker: string): Claimed | undefined {
    return this.#claims.get(worker)
  }

  rememberClaim(worker: string, claimed: Claimed, at: number): void {
    this.#claims.set(worker, { ...claimed, at })
  }

  forget(before: number): void {
    for (const { writers } of this.#runs.values()) for (const [id, { at }] of writers) if (at < before) writers.delete(id)
    for (const [worker, { at }] of this.#claims) if (at < before) this.#claims.delete(worker)
  }

  place(run: string, stream: string): StreamPlace {
    return this.#get(run).streams.place(stream)
  }
  open(run: string, stream: string, attempt: number): void {
    this.#get(run).streams.open(stream, attempt)
  }
  append(run: string, stream: string, batch: NewBatch): void {
    this.#get(run).streams.append(stream, batch)
  }
  cut(run: string, stream: string, first: number, cut: number): void {
    this.#get(run).streams.cut(stream, first, cut)
  }
  batches(run: string, stream: string, index: number): Generator<ChunkBatch> {
    return this.#get(run).streams.batches(stream, index)
  }
}

const isListed = (run: RunHead, list: RunList): boolean => (list.namespace === undefined || run.namespace === list.namespace) && matchesQuery(list, run)
