// The newest runs of a query, for all the sessions that read it. It is read again when something woke it, at most once in a tick; that a
// member changes in other ways is its run topic's business.
import type { RunEngine } from '../protocol/engine.ts'
import type { Member } from '../protocol/frame.ts'
import type { Run } from '../protocol/run.ts'
import { matchesQuery } from '../protocol/run-query.ts'
import { DEFAULT_QUERY_LIMIT, type FeedQuery, topics } from '../protocol/want.ts'
import { Ticker } from './ticker.ts'

export interface Membership {
  /** Newest first. */
  readonly runs: readonly Member[]
  readonly hasMore: boolean
}

export interface QueryHost {
  readonly engine: RunEngine
  readonly tick: number
  /** Reads on in a run that is being read, so that the version that made it leave is there. */
  catchUp(run: string): Promise<void>
  changed(): void
}

/** Whether a query says enough to be read: what is woken is named by a run, a tag, a task or a parent. */
export const isBounded = ({ ids, tag, task, parent }: FeedQuery): boolean => [ids, tag, task, parent].some((field) => field !== undefined)

export class QueryTopic {
  readonly #query: FeedQuery
  readonly #namespace: string | undefined
  readonly #host: QueryHost
  readonly #ticker: Ticker
  readonly #unwake: readonly (() => void)[]
  /** Of a query by ids: those that were woken. */
  readonly #woken = new Set<string>()
  #membership: Membership | undefined
  #revision = 0

  /** @param query - one that is bounded. @param namespace - `undefined`: every one. */
  constructor(query: FeedQuery, namespace: string | undefined, host: QueryHost) {
    this.#query = query
    this.#namespace = namespace
    this.#host = host
    this.#ticker = new Ticker(() => this.#advance(), host.tick)
    const { ids, parent, tag, task } = query
    const wake = (topic: string, id?: string): (() => void) =>
      host.engine.wake(topic, () => {
        if (id !== undefined) this.#woken.add(id)
        this.#ticker.ring()
      })
    // one topic is enough, and the narrowest wakes least
    if (ids !== undefined) this.#unwake = ids.map((id) => wake(topics.run(id), id))
    else if (parent !== undefined) this.#unwake = [wake(topics.members('parent', parent))]
    else if (tag !== undefined) this.#unwake = [wake(topics.members('tag', tag))]
    else this.#unwake = [wake(topics.members('task', task as string))]
  }

  /** As it was last read; `undefined` before. */
  get membership(): Membership | undefined {
    return this.#membership
  }
  /** Moves with the membership. */
  get revision(): number {
    return this.#revision
  }
  async ready(): Promise<void> {
    await this.#ticker.first()
  }
  close(): void {
    this.#ticker.stop()
    for (const end of this.#unwake) end()
  }

  async #advance(): Promise<void> {
    try {
      if (!(await this.#mayHaveChanged())) return
      await this.#read()
    } catch (thrown) {
      // the next wake tries again; readers keep what they have
      console.error('runfeed: a query could not be read:', thrown)
    }
    this.#host.changed()
  }

  /** Every version wakes a query by ids, and few of them change who is in it: the records that changed say so, without a list. */
  async #mayHaveChanged(): Promise<boolean> {
    const { ids } = this.#query
    if (!ids || !this.#membership) return true
    const woken = [...this.#woken]
    this.#woken.clear()
    const { runs } = this.#membership
    for (const id of woken) {
      const stored = await this.#host.engine.record.read(id)
      if ((stored !== undefined && this.#matches(stored.run)) !== runs.some((member) => member.id === id)) return true
    }
    return false
  }

  #matches(run: Run): boolean {
    const isElsewhere = this.#namespace !== undefined && this.#namespace !== run.namespace
    return !isElsewhere && matchesQuery(this.#query, run)
  }

  async #read(): Promise<void> {
    const { limit = DEFAULT_QUERY_LIMIT } = this.#query
    const { runs, next } = await this.#host.engine.record.list({ ...this.#query, limit, ...(this.#namespace !== undefined && { namespace: this.#namespace }) })
    const members = runs.map(({ id, version }) => ({ id, version }))
    const before = this.#membership
    const now = new Set(members.map(({ id }) => id))
    await Promise.all((before?.runs ?? []).map(async ({ id }) => now.has(id) || (await this.#host.catchUp(id))))
    const hasMore = next !== undefined
    const isSame = before?.hasMore === hasMore && before.runs.length === members.length && before.runs.every(({ id }, i) => id === members[i]?.id)
    if (isSame) return
    this.#membership = { runs: members, hasMore }
    this.#revision++
  }
}
