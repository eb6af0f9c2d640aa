// What one session reads under one want: asks whether that may be read, before its first frame and again when the answer may be another,
// and then lets its reader read on.
import type { ErrorBody } from '../protocol/errors.ts'
import { encodeFrame } from '../protocol/frame.ts'
import { queryName, type Want } from '../protocol/want.ts'
import type { FeedAccess } from './feed-access.ts'
import type { Reading } from './run-reader.ts'

interface Reader {
  read(): Reading | Promise<Reading>
}

/** What a place holds while it is read. */
export interface Hold {
  leave(): void
}

/** What the answer depends on. */
export interface Watched {
  ready(): Promise<void>
  /** Moves when it may be another. */
  readonly revision: number
}

/** Says that it may be read, and why not. */
export class Guard {
  /** A member may be read by any of the tokens that ask for lists. */
  readonly #wants: readonly Want[]
  readonly #access: FeedAccess
  readonly #watched: Watched
  #askedAt: number | undefined

  constructor(wants: readonly Want[], access: FeedAccess, watched: Watched) {
    this.#wants = wants
    this.#access = access
    this.#watched = watched
  }

  get isDue(): boolean {
    return this.#askedAt !== this.#watched.revision
  }

  async denial(): Promise<ErrorBody | undefined> {
    // read before it is asked: what changes between the two is asked again
    await this.#watched.ready()
    this.#askedAt = this.#watched.revision
    let denial: ErrorBody | undefined
    for (const want of this.#wants) {
      denial = await this.#access.check(want)
      if (!denial) return undefined
    }
    return denial
  }
}

export class Place {
  /** Kept here and not in sets of its session: there are as many sessions as readers. */
  isOpen = false
  isReady = false
  /** `undefined`: a member of a query, which is what was asked for. */
  readonly want: Want | undefined
  readonly #reader: Reader
  readonly #guard: Guard | undefined
  readonly #holds: readonly Hold[]
  #denied: ErrorBody | undefined
  #isHidden = false

  /** @param guard - `undefined`: it may be read. @param holds - let go of once it is read no more. */
  constructor(want: Want | undefined, reader: Reader, guard: Guard | undefined, holds: readonly Hold[]) {
    this.want = want
    this.#reader = reader
    this.#guard = guard
    this.#holds = holds
  }

  /** What is read next is why nothing is read any more. */
  deny(error: ErrorBody): void {
    this.#denied ??= error
  }

  read(): Reading | Promise<Reading> {
    if (this.#denied) return { text: this.#denial(this.#denied), state: 'done', cursor: undefined }
    if (this.#guard?.isDue) return this.#ask(this.#guard)
    return this.#isHidden ? { text: '', state: 'idle', cursor: undefined } : this.#reader.read()
  }

  leave(): void {
    for (const hold of this.#holds) hold.leave()
  }

  async #ask(guard: Guard): Promise<Reading> {
    const denial = await guard.denial()
    // a member that may not be read just now says nothing: that it leaves is said by its list
    if (!this.want) this.#isHidden = denial !== undefined
    else if (denial) this.#denied ??= denial
    return await this.read()
  }

  #denial({ type: code, message }: ErrorBody): string {
    if (!this.want) return ''
    const { run, stream, query } = this.want
    if (query !== undefined) return encodeFrame({ event: 'denied', data: { query: queryName(query), code, message } })
    return encodeFrame({ event: 'denied', data: { run, ...(stream !== undefined && { stream }), code, message } })
  }
}
