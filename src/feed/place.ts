// What one session reads under one want: asks whether that may be read, before its first frame and again when the answer may be another,
// and then lets its reader read on.
import type { ErrorBody } from '../protocol/errors.ts'
import { encodeFrame } from '../protocol/frame.ts'
import { queryName, type Want } from '../protocol/want.ts'
import type { FeedAccess } from './feed-access.ts'
import type { Reading } from './run-reader.ts'

interface Reader {
  read(): Promise<Reading>
}

/** What the answer depends on. */
export interface Watched {
  ready(): Promise<void>
  /** Moves when it may be another. */
  readonly revision: number
}

/** Says that it may be read, and why not. */
export class Guard {
  readonly #want: Want
  readonly #access: FeedAccess
  readonly #watched: Watched
  #askedAt: number | undefined

  constructor(want: Want, access: FeedAccess, watched: Watched) {
    this.#want = want
    this.#access = access
    this.#watched = watched
  }

  async denial(): Promise<ErrorBody | undefined> {
    // read before it is asked: what changes between the two is asked again
    await this.#watched.ready()
    if (this.#askedAt === this.#watched.revision) return undefined
    this.#askedAt = this.#watched.revision
    return await this.#access.check(this.#want)
  }
}

export class Place {
  /** `undefined`: a member of a query, which is what may be read. */
  readonly want: Want | undefined
  readonly #reader: Reader
  readonly #guard: Guard | undefined
  readonly #leave: () => void
  #denied: ErrorBody | undefined

  /** @param guard - `undefined`: it may be read. @param leave - called once it is read no more. */
  constructor(want: Want | undefined, reader: Reader, guard: Guard | undefined, leave: () => void) {
    this.want = want
    this.#reader = reader
    this.#guard = guard
    this.#leave = leave
  }

  /** What is read next is why nothing is read any more. */
  deny(error: ErrorBody): void {
    this.#denied ??= error
  }

  async read(): Promise<Reading> {
    if (this.#guard && !this.#denied) this.#denied = await this.#guard.denial()
    return this.#denied ? { text: this.#denial(this.#denied), state: 'done', cursor: undefined } : await this.#reader.read()
  }

  leave(): void {
    this.#leave()
  }

  #denial({ type: code, message }: ErrorBody): string {
    if (!this.want) return ''
    const { run, stream, query } = this.want
    if (query !== undefined) return encodeFrame({ event: 'denied', data: { query: queryName(query), code, message } })
    return encodeFrame({ event: 'denied', data: { run, ...(stream !== undefined && { stream }), code, message } })
  }
}
