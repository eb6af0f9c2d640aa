// One session's place in one query: what of its membership it has told. The members themselves are places of their own in the session.
import type { Cursor } from '../protocol/cursor.ts'
import { encodeFrame, type Member } from '../protocol/frame.ts'
import type { Membership, QueryTopic } from './query-topic.ts'
import type { Reading } from './run-reader.ts'

/** Who reads the members of a session's queries. */
export interface MemberHost {
  /** Reads a run from a cursor on, until as many have released it as hold it. */
  hold(run: string, cursor: Cursor | undefined): void
  release(run: string): void
  /** What is there of a run that is held and has not been told. */
  catchUp(run: string): Promise<string>
}

export class QueryReader {
  readonly #topic: QueryTopic
  readonly #name: string
  readonly #cursors: { readonly [run: string]: Cursor }
  readonly #host: MemberHost
  #told: Membership | undefined

  /** @param name - the query's, in frames. @param cursors - of members that are known. */
  constructor(topic: QueryTopic, name: string, cursors: { readonly [run: string]: Cursor }, host: MemberHost) {
    this.#topic = topic
    this.#name = name
    this.#cursors = cursors
    this.#host = host
  }

  async read(): Promise<Reading> {
    await this.#topic.ready()
    const { membership } = this.#topic
    const told = this.#told
    if (!membership || membership === told) return { text: '', state: 'idle', cursor: undefined }
    this.#told = membership
    const text = told ? await this.#change(told, membership) : this.#list(membership, membership.runs)
    return { text, state: 'idle', cursor: undefined }
  }

  /** The members are read no more. */
  leave(): void {
    for (const { id } of this.#told?.runs ?? []) this.#host.release(id)
    this.#told = undefined
  }

  async #change(before: Membership, now: Membership): Promise<string> {
    const known = new Set(before.runs.map(({ id }) => id))
    const there = new Set(now.runs.map(({ id }) => id))
    const left = before.runs.filter(({ id }) => !there.has(id))
    const entered = now.runs.filter(({ id }) => !known.has(id))
    // small changes of long lists are told one by one, all else as a whole; only that says whether there is more
    const isWhole = before.hasMore !== now.hasMore || left.length + entered.length > now.runs.length / 2 + 1
    let text = ''
    for (const { id } of left) {
      // the version that made it leave, before it does
      text += await this.#host.catchUp(id)
      this.#host.release(id)
      if (!isWhole) text += encodeFrame({ event: 'leave', data: { query: this.#name, run: id } })
    }
    if (isWhole) return text + this.#list(now, entered)
    // from the end on, so that the one that it is placed before is there
    for (let at = now.runs.length - 1; at >= 0; at--) {
      const run = now.runs[at]
      if (!run || known.has(run.id)) continue
      text += encodeFrame({ event: 'enter', data: { query: this.#name, run, before: now.runs[at + 1]?.id ?? null } })
      this.#host.hold(run.id, undefined)
    }
    return text
  }

  #list({ runs, hasMore }: Membership, entered: readonly Member[]): string {
    for (const { id } of entered) this.#host.hold(id, this.#cursors[id])
    return encodeFrame({ event: 'list', data: { query: this.#name, runs, hasMore } })
  }
}
