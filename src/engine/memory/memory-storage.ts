// Runs in maps. Everything is kept but the log, which is bounded so that resuming past it can be tried.

import type { ClaimRequest, LogEntry } from '../../protocol/engine.ts'
import type { RunListRequest } from '../../protocol/rest.ts'
import type { Run } from '../../protocol/run.ts'
import { placeOf } from '../list-place.ts'
import { isLive, type RunState } from '../state.ts'
import { type Answered, type ChunkBatch, type IdPage, type NewBatch, NO_PLACE, type Storage, type StreamPlace } from '../storage.ts'

interface Kept {
  readonly sequence: number
  state: RunState
  /** The version after which the log begins. */
  logFrom: number
  /** The tag of that version. */
  logTag: string
  readonly log: LogEntry[]
  readonly children: string[]
  readonly places: Map<string, StreamPlace>
  readonly batches: Map<string, ChunkBatch[]>
  readonly writers: Map<string, Answered & { readonly at: number }>
}

const tagOf = (entry: LogEntry): string => entry.cursor.slice(entry.cursor.indexOf('.') + 1)

export class MemoryStorage implements Storage {
  readonly #runs = new Map<string, Kept>()
  readonly #order: string[] = []
  readonly #queued = new Set<string>()
  readonly #logLimit: number

  constructor(logLimit: number) {
    this.#logLimit = logLimit
  }

  #get(run: string): Kept {
    return this.#runs.get(run) as Kept
  }

  load(run: string): RunState | undefined {
    return this.#runs.get(run)?.state
  }

  insert(state: RunState): void {
    const { id, parentId } = state.run
    this.#runs.set(id, {
      sequence: this.#order.push(id),
      state,
      logFrom: 1,
      logTag: state.tag,
      log: [],
      children: [],
      places: new Map(),
      batches: new Map(),
      writers: new Map(),
    })
    if (parentId !== null) this.#get(parentId).children.push(id)
    this.#queued.add(id)
  }

  save(state: RunState, entry: LogEntry): void {
    const { id, status } = state.run
    const kept = this.#get(id)
    kept.state = state
    kept.log.push(entry)
    // cut rarely and much: one at a time would move the whole array per commit
    if (kept.log.length > this.#logLimit * 1.25 + 1) {
      const cut = kept.log.splice(0, kept.log.length - this.#logLimit)
      kept.logFrom += cut.length
      kept.logTag = tagOf(cut[cut.length - 1] as LogEntry)
    }
    if (status === 'QUEUED') this.#queued.add(id)
    else this.#queued.delete(id)
  }

  log(run: string, after: number, upTo: number): readonly LogEntry[] | undefined {
    const { log, logFrom, state } = this.#get(run)
    return after < logFrom || after > upTo || upTo > state.run.version ? undefined : log.slice(after - logFrom, upTo - logFrom)
  }

  tagOf(run: string, version: number): string | undefined {
    const { log, logFrom, logTag } = this.#get(run)
    if (version === logFrom) return logTag
    const entry = log[version - logFrom - 1]
    return entry && tagOf(entry)
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

  hasLiveDescendants(run: string): boolean {
    return this.#get(run).children.some((child) => isLive(this.#get(child).state.run) || this.hasLiveDescendants(child))
  }

  list(request: RunListRequest, limit: number): IdPage {
    const after = request.after === undefined ? this.#order.length + 1 : placeOf(request.after)
    const ids: string[] = []
    for (let at = Math.min(after - 1, this.#order.length) - 1; at >= 0; at--) {
      const id = this.#order[at] as string
      if (!matches(this.#get(id).state.run, request)) continue
      // one more than the page holds is there: so there is a next page
      if (ids.length === limit) return { ids, next: String(this.#get(ids[limit - 1] as string).sequence) }
      ids.push(id)
    }
    return { ids }
  }

  queued(tasks: readonly string[], max: number, limits: ClaimRequest['limits'] = {}): readonly string[] {
    const taken = new Map<string, number>()
    return [...this.#queued]
      .sort((a, b) => this.#get(a).sequence - this.#get(b).sequence)
      .filter((id) => {
        const { task } = this.#get(id).state.run
        const count = taken.get(task) ?? 0
        if (!tasks.includes(task) || count >= (limits[task] ? limits[task].limit - (limits[task].executing[''] ?? 0) : max)) return false
        taken.set(task, count + 1)
        return true
      })
      .slice(0, max)
  }

  answered(run: string, writer: string): Answered | undefined {
    return this.#get(run).writers.get(writer)
  }

  remember(run: string, writer: string, said: Answered, at: number): void {
    this.#get(run).writers.set(writer, { ...said, at })
  }

  forget(before: number): void {
    for (const { writers } of this.#runs.values()) for (const [id, { at }] of writers) if (at < before) writers.delete(id)
  }

  place(run: string, stream: string): StreamPlace {
    return this.#get(run).places.get(stream) ?? NO_PLACE
  }

  open(run: string, stream: string, attempt: number): void {
    const place = this.place(run, stream)
    this.#get(run).places.set(stream, { ...place, start: place.length, attempt })
  }

  append(run: string, stream: string, { first, tag, by, chunks, texts }: NewBatch): void {
    const { places, batches } = this.#get(run)
    places.set(stream, { ...this.place(run, stream), length: first + chunks.length, tag })
    const batch: ChunkBatch = { first, count: chunks.length, tag, by, size: texts.reduce((sum, text) => sum + text.length, 0), chunks: () => chunks }
    const kept = batches.get(stream)
    if (kept) kept.push(batch)
    else batches.set(stream, [batch])
  }

  *batches(run: string, stream: string, index: number): Generator<ChunkBatch> {
    const batches = this.#get(run).batches.get(stream) ?? []
    let low = 0
    let high = batches.length
    while (low < high) {
      const middle = (low + high) >> 1
      const batch = batches[middle] as ChunkBatch
      if (batch.first + batch.count <= index) low = middle + 1
      else high = middle
    }
    for (let at = low; at < batches.length; at++) yield batches[at] as ChunkBatch
  }
}

function matches(run: Run, { ids, task, tag, parent, status }: RunListRequest): boolean {
  return (
    (ids === undefined || ids.includes(run.id)) &&
    (task === undefined || run.task === task) &&
    (tag === undefined || run.tags.includes(tag)) &&
    (parent === undefined || run.parentId === parent) &&
    (status === undefined || status.includes(run.status))
  )
}
