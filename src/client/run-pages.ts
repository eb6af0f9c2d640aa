// The newest runs of a query, however many: those that a live list holds, which a server bounds, and behind them the older ones.
// What is shown grows by a page when it is asked to, and by nothing else: a list that stays open all day does not.
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { RunQuery } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import { hasSame } from '../protocol/same.ts'
import { MAX_QUERY_LIMIT } from '../protocol/want.ts'
import type { RunListSnapshot, Source } from '../store/snapshot.ts'
import { guarded } from '../store/topic.ts'
import { OlderRuns, type Part } from './older-runs.ts'
import type { RunClient } from './run-client.ts'

export interface RunPagesSnapshot extends RunListSnapshot {
  readonly isLoadingMore: boolean
}

export class RunPages implements Source<RunPagesSnapshot> {
  readonly #client: RunClient
  readonly #query: RunQuery
  readonly #token: string | undefined
  readonly #step: number
  readonly #older: OlderRuns
  readonly #listeners = new Set<() => void>()
  /** So many are shown at most. */
  #count: number
  /** The live list, and its limit. */
  #head: Part
  #limit: number
  /** The same with a higher limit, until it is here. */
  #longer: Part | undefined
  /** Why it could not be had. */
  #refused: RunfeedError | undefined
  /** All that is known, in order. */
  #rows: readonly Run[] = []
  /** Nothing that was known is in the live list any more: what is between the two is not known. */
  #isTorn = false
  #isLoading = false
  #reading: AbortController | undefined
  #error: RunfeedError | undefined
  #read: readonly unknown[] = []
  #snapshot: RunPagesSnapshot = { runs: undefined, hasMore: false, error: undefined, isLoadingMore: false }
  #told: RunPagesSnapshot | undefined

  /** @param step - runs on a page: 1 to 200. @param token - to be asked with before the client's own. */
  constructor(client: RunClient, query: RunQuery, step: number, token?: string) {
    this.#client = client
    this.#query = query
    this.#token = token
    this.#step = step
    this.#count = this.#limit = step
    this.#head = this.#open({}, step)
    this.#older = new OlderRuns(client, query, step, (ids) => this.#open(ids, MAX_QUERY_LIMIT), token)
  }

  readonly getSnapshot = (): RunPagesSnapshot => {
    const head = this.#head.list.getSnapshot()
    const lists = this.#older.parts.map(({ list }) => list.getSnapshot())
    const read = [head, this.#count, this.#isLoading, this.#older.isAtEnd, this.#error, ...lists]
    if (read.length === this.#read.length && hasSame(this.#read, read)) return this.#snapshot
    this.#read = read
    if (head.runs) this.#rows = this.#merge(head.runs, head.hasMore)
    const shown = this.#rows.length > this.#count ? this.#rows.slice(0, this.#count) : this.#rows
    const { runs } = this.#snapshot
    const next = {
      runs: head.runs && (runs?.length === shown.length && hasSame(runs, shown) ? runs : shown),
      hasMore: head.hasMore && (!this.#older.isAtEnd || this.#rows.length > shown.length),
      error: head.error ?? lists.find(({ error }) => error)?.error ?? this.#error,
      isLoadingMore: this.#isLoading,
    }
    if (!hasSame(this.#snapshot, next)) this.#snapshot = next
    return this.#snapshot
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    // a function of its own, so that one listener may subscribe twice
    const call = (): void => listener()
    const isFirst = this.#listeners.size === 0
    this.#listeners.add(call)
    if (isFirst) {
      for (const part of this.#parts()) part.leave = part.list.subscribe(this.#changed)
      this.#told = this.getSnapshot()
      this.#changed()
    }
    return () => {
      if (!this.#listeners.delete(call) || this.#listeners.size > 0) return
      this.#reading?.abort()
      this.#reading = undefined
      for (const part of this.#parts()) part.leave()
    }
  }

  /** Shows one page more. What is shown stays meanwhile; a failure is in `error`, and the next call tries again. */
  readonly loadMore = (): void => {
    if (this.#isLoading || this.#listeners.size === 0 || !this.getSnapshot().hasMore) return
    // of the older ones, some may have left
    this.#count = (this.#count > MAX_QUERY_LIMIT ? Math.min(this.#rows.length, this.#count) : this.#count) + this.#step
    this.#isLoading = true
    this.#error = undefined
    this.#changed()
  }

  #parts(): readonly Part[] {
    return [this.#head, ...(this.#longer ? [this.#longer] : []), ...this.#older.parts]
  }
  #open(more: RunQuery, limit: number): Part {
    const list = this.#client.runList({ ...this.#query, ...more, limit }, this.#token)
    return { list, leave: this.#listeners.size > 0 ? list.subscribe(this.#changed) : () => {} }
  }

  readonly #changed = (): void => {
    this.getSnapshot()
    this.#lengthen()
    if (!this.#longer) this.#tend()
    if (this.getSnapshot() === this.#told) return
    this.#told = this.#snapshot
    for (const call of this.#listeners) guarded(call)
  }

  #merge(runs: readonly Run[], hasMore: boolean): readonly Run[] {
    // all that matches is in the live list, or all that is asked for
    if (!this.#isPaged(hasMore)) return runs
    const there = new Set(runs.map(({ id }) => id))
    this.#isTorn ||= this.#rows.length > 0 && !this.#rows.some(({ id }) => there.has(id))
    return this.#isTorn ? runs : this.#older.behind(runs)
  }
  #isPaged(hasMore: boolean): boolean {
    return hasMore && this.#count > this.#limit
  }

  /** A live list cannot grow: another one takes its place, once it is here. */
  #lengthen(): void {
    const limit = Math.min(this.#count, MAX_QUERY_LIMIT)
    if (limit > this.#limit) this.#longer ??= this.#open({}, limit)
    const { runs, error } = this.#longer?.list.getSnapshot() ?? {}
    // an error from an earlier try is still there when it is tried again
    if (!this.#longer || (!runs && (!error || error === this.#refused))) return
    const [kept, left] = runs ? [this.#longer, this.#head] : [this.#head, this.#longer]
    left.leave()
    this.#head = kept
    this.#longer = undefined
    this.#error = this.#refused = error
    if (runs) this.#limit = limit
    else this.#count = this.#limit
    this.getSnapshot()
  }

  /** Has what is behind the live list in step with it. */
  #tend(): void {
    const { runs, hasMore } = this.#head.list.getSnapshot()
    if (!runs) return
    if (this.#isTorn || !hasMore) {
      this.#isLoading = this.#isTorn
      this.#isTorn = false
      this.#older.clear()
      this.#read = []
      this.getSnapshot()
    }
    const isPaged = this.#isPaged(hasMore)
    if (isPaged) {
      this.#older.guard(this.#rows, runs.length)
      this.#older.trim(this.#rows, this.#count)
      this.getSnapshot()
    }
    if (isPaged && this.#isLoading && !this.#older.isAtEnd && this.#rows.length < this.#count) void (this.#reading ?? this.#readOn())
    else this.#isLoading = false
  }

  async #readOn(): Promise<void> {
    const reading = new AbortController()
    this.#reading = reading
    let error: RunfeedError | undefined
    let isCut = false
    try {
      isCut = await this.#older.read(() => this.#rows, this.#count, reading.signal)
    } catch (thrown) {
      error = toRunfeedError(thrown)
    }
    if (this.#reading !== reading) return
    this.#reading = undefined
    this.#error = error
    this.#isLoading = isCut
    this.#changed()
  }
}
