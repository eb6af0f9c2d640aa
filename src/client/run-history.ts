// What a run was, in pages over REST: a feed gathers versions into one frame, and only the log has each of them. That there are new ones is known from
// following the run; they are read as they come, until the pages that were asked for are full.
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { RunVersion } from '../protocol/rest.ts'
import { hasSame } from '../protocol/same.ts'
import type { RunSnapshot, Source } from '../store/snapshot.ts'
import { guarded } from '../store/topic.ts'
import { Backoff } from '../transport/backoff.ts'
import type { RunClient, RunRef } from './run-client.ts'

export interface RunHistorySnapshot {
  /** Oldest first; `undefined` until the first page is here. */
  readonly versions: readonly RunVersion[] | undefined
  readonly oldest: number | undefined
  readonly hasMore: boolean
  readonly isLoadingMore: boolean
  readonly error: RunfeedError | undefined
}

const newBackoff = (): Backoff => new Backoff({ random: Math.random, now: () => performance.now() })

/** New versions are read at most once in this time. */
const FOLLOW_MS = 250

export class RunHistory implements Source<RunHistorySnapshot> {
  readonly #client: RunClient
  readonly #ref: RunRef
  readonly #limit: number
  /** A token may be for the history alone: that the run itself cannot be followed is no error. */
  readonly #run: Source<RunSnapshot>
  readonly #listeners = new Set<() => void>()
  #leave: () => void = () => {}
  #snapshot: RunHistorySnapshot = { versions: undefined, oldest: undefined, hasMore: false, isLoadingMore: false, error: undefined }
  /** So many versions are shown at most. */
  #bound: number
  #reading: AbortController | undefined
  /** What the newest version was when it was last read, and when that was. */
  #readTo = 0
  #readAt = Number.NEGATIVE_INFINITY
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Of reads in a row that may work later. */
  #backoff = newBackoff()

  /** @param limit - versions on a page. */
  constructor(client: RunClient, ref: RunRef, limit: number) {
    this.#client = client
    this.#ref = ref
    this.#limit = this.#bound = limit
    this.#run = client.run(ref)
  }

  readonly getSnapshot = (): RunHistorySnapshot => this.#snapshot

  readonly subscribe = (listener: () => void): (() => void) => {
    // a function of its own, so that one listener may subscribe twice
    const call = (): void => listener()
    this.#listeners.add(call)
    if (this.#listeners.size === 1) {
      this.#leave = this.#run.subscribe(this.#look)
      const { versions, isLoadingMore } = this.#snapshot
      if (!versions || isLoadingMore) void this.#read()
      else this.#look()
    }
    return () => {
      if (!this.#listeners.delete(call) || this.#listeners.size > 0) return
      this.#leave()
      this.#stop()
    }
  }

  /** Shows one page more; where the first one failed, that one. */
  readonly loadMore = (): void => {
    const { versions, isLoadingMore } = this.#snapshot
    if (isLoadingMore || this.#listeners.size === 0) return
    this.#bound = (versions?.length ?? 0) + this.#limit
    this.#show({ isLoadingMore: versions !== undefined })
    void this.#read()
  }

  get #newest(): number {
    return this.#run.getSnapshot().run?.version ?? 0
  }
  #stop(): void {
    this.#reading?.abort()
    this.#reading = undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
  #show(change: Partial<RunHistorySnapshot>): void {
    if (hasSame(this.#snapshot, change)) return
    this.#snapshot = { ...this.#snapshot, ...change }
    for (const call of this.#listeners) guarded(call)
  }

  readonly #look = (): void => {
    const { versions } = this.#snapshot
    const newest = this.#newest
    if (this.#reading || this.#timer !== undefined || !versions || newest <= Math.max(this.#readTo, versions.at(-1)?.version ?? 0)) return
    if (versions.length >= this.#bound) return this.#show({ hasMore: true })
    const wait = this.#readAt + FOLLOW_MS - performance.now()
    if (wait > 0) this.#timer = setTimeout(() => void this.#read(), wait)
    else void this.#read()
  }

  async #read(): Promise<void> {
    this.#stop()
    const reading = new AbortController()
    this.#reading = reading
    const readTo = this.#newest
    const { versions = [] } = this.#snapshot
    let change: Partial<RunHistorySnapshot>
    let wait: number | undefined
    try {
      const { added, oldest } = await this.#gather(versions.at(-1)?.version ?? 0, this.#bound - versions.length, reading.signal)
      const all = added.length > 0 ? [...versions, ...added] : versions
      // a full page may be the last one
      const hasMore = all.length >= this.#bound && (this.#newest === 0 || this.#newest > (all.at(-1)?.version ?? 0))
      change = { versions: all, oldest, hasMore, error: undefined }
      this.#backoff = newBackoff()
    } catch (thrown) {
      const error = toRunfeedError(thrown)
      const { error: last } = this.#snapshot
      // the same failure again is nothing new to tell
      change = { error: last?.message === error.message ? last : error }
      if (error.retryable) wait = this.#backoff.next(error)
    }
    if (this.#reading !== reading) return
    this.#reading = undefined
    this.#readAt = performance.now()
    // a run that has ended meanwhile brings no news that would have it read again
    if (wait === undefined) this.#readTo = readTo
    else this.#timer = setTimeout(() => void this.#read(), wait)
    this.#show({ ...change, isLoadingMore: false })
    this.#look()
  }

  /** A server answers fewer than it was asked for where versions are large: only an empty answer is the end. */
  async #gather(from: number, count: number, signal: AbortSignal): Promise<{ readonly added: readonly RunVersion[]; readonly oldest: number }> {
    const added: RunVersion[] = []
    for (let after = from; ; ) {
      const page = await this.#client.runs.history(this.#ref, { after, limit: count - added.length }, signal)
      added.push(...page.versions)
      const last = page.versions.at(-1)
      if (!last || added.length >= count) return { added, oldest: page.oldest }
      after = last.version
    }
  }
}
