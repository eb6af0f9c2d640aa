// The runs of a query: which they are, in order, and their records. A membership is shown once every record that belongs to it is here.
import type { Cursor } from '../protocol/cursor.ts'
import type { FrameOf, Member } from '../protocol/frame.ts'
import type { Run } from '../protocol/run.ts'
import { hasSame } from '../protocol/same.ts'
import { type FeedQuery, topicOf, type Want } from '../protocol/want.ts'
import { Entry } from './entry.ts'
import { isNews } from './run-entry.ts'
import type { RunListSnapshot } from './snapshot.ts'
import type { Publisher } from './topic.ts'

/** A run of a list, as it is known. */
export interface KnownMember {
  readonly run: Run
  readonly cursor: Cursor | undefined
}

const EMPTY_LIST: RunListSnapshot = Object.freeze({ runs: undefined, hasMore: false, error: undefined })

export class ListEntry extends Entry<RunListSnapshot> {
  readonly query: FeedQuery
  #members: readonly Member[] | undefined
  #hasMore = false
  readonly #known = new Map<string, KnownMember>()

  constructor(query: FeedQuery, publisher: Publisher) {
    super(topicOf({ query }), publisher, EMPTY_LIST)
    this.query = query
    this.topic.refresh = () => this.#snapshot()
  }

  want(): Want {
    const cursors: { [run: string]: Cursor } = {}
    for (const [id, { cursor }] of this.#known) if (cursor !== undefined) cursors[id] = cursor
    return { query: this.query, cursors }
  }
  get isOver(): boolean {
    return false
  }
  known(id: string): KnownMember | undefined {
    return this.#known.get(id)
  }
  has(id: string): boolean {
    return this.#members?.some((member) => member.id === id) === true
  }
  get ids(): Iterable<string> {
    return this.#known.keys()
  }

  list({ runs, hasMore }: FrameOf<'list'>['data']): void {
    this.#hasMore = hasMore
    this.#set(runs)
  }
  enter({ run, before }: FrameOf<'enter'>['data']): void {
    const members = this.#without(run.id)
    const place = members.findIndex(({ id }) => id === before)
    members.splice(place < 0 ? members.length : place, 0, run)
    this.#set(members)
  }
  leave({ run }: FrameOf<'leave'>['data']): void {
    this.#set(this.#without(run))
  }
  #without(run: string): Member[] {
    return (this.#members ?? []).filter(({ id }) => id !== run)
  }

  /** Takes a member's record that is news. */
  take(run: Run, cursor: Cursor | undefined, force = false): void {
    if (!this.has(run.id) || !isNews(run, cursor, this.#known.get(run.id), force)) return
    this.#known.set(run.id, { run, cursor })
    this.#touch()
  }

  /** The record of a run broke; what is shown stays until it comes whole. */
  forget(id: string): void {
    this.#known.delete(id)
  }

  #set(members: readonly Member[]): void {
    this.#members = members
    for (const id of this.#known.keys()) if (!this.has(id)) this.#known.delete(id)
    this.#touch()
  }
  #touch(): void {
    // the array is made once per publication, not once per frame
    this.topic.touch()
    this.fail(undefined)
  }

  #snapshot(): RunListSnapshot {
    const { latest } = this.topic
    const runs: Run[] = []
    for (const { id, version } of this.#members ?? []) {
      const run = this.#known.get(id)?.run
      if (!run || run.version < version) return latest
      runs.push(run)
    }
    if (!this.#members) return latest
    const next = { runs: latest.runs?.length === runs.length && hasSame(latest.runs, runs) ? latest.runs : runs, hasMore: this.#hasMore }
    return hasSame(latest, next) ? latest : { ...latest, ...next }
  }
}
