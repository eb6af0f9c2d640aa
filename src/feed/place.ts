// What one session reads under one want: asks whether that may be read, before its first frame and again when the answer may be another,
// and then lets its reader read on.
import type { ErrorBody } from '../protocol/errors.ts'
import { encodeFrame } from '../protocol/frame.ts'
import { queryName, type Want } from '../protocol/want.ts'
import type { FeedAccess } from './feed-access.ts'
import type { Reading } from './run-reader.ts'
import type { Listener, Shared } from './topics.ts'

interface Reader {
  read(): Reading | Promise<Reading>
  /** It is read no more. */
  leave?(): void
}

/** Who reads places, and is told when one of them may have something. */
export interface PlaceReader {
  ring(place: Place): void
}

export interface PlaceOptions {
  /** `undefined`: a member of a query, which is what was asked for. */
  readonly want: Want | undefined
  readonly reader: Reader
  /** `undefined`: it may be read. */
  readonly guard?: Guard | undefined
  /** What the reader reads. */
  readonly shared?: Shared | undefined
  /** What else the guard looks at. */
  readonly watched?: Shared | undefined
  /** When it is read no more, ms since the epoch. @defaultValue never */
  readonly expiresAt?: number | undefined
  /** Why nothing is read of it at all. */
  readonly denied?: ErrorBody | undefined
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
  /** Whether it need not be asked again. */
  get isOver(): boolean {
    return this.#watched === UNCHANGING && !this.isDue
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

/** Watched where the answer is always the same. */
export const UNCHANGING: Watched = { ready: async () => {}, revision: 0 }

export class Place implements Listener {
  // kept here and not in lists of its session: there are as many of those as readers
  /** Where it is among the session's places; -1: it is read no more, or not yet. */
  index = -1
  isReady = false
  /** The one that is read after it. */
  following: Place | undefined
  readonly want: Want | undefined
  readonly expiresAt: number | undefined
  readonly #session: PlaceReader
  readonly #reader: Reader
  readonly #shared: Shared | undefined
  readonly #watched: Shared | undefined
  #guard: Guard | undefined
  #denied: ErrorBody | undefined
  #isHidden = false

  constructor(session: PlaceReader, { want, reader, guard, shared, watched, expiresAt, denied }: PlaceOptions) {
    this.want = want
    this.expiresAt = expiresAt
    this.#session = session
    this.#reader = reader
    this.#guard = guard
    this.#shared = shared
    this.#watched = watched
    this.#denied = denied
    shared?.enter(this)
    watched?.enter(this)
  }

  get isOpen(): boolean {
    return this.index >= 0
  }

  ring(): void {
    this.#session.ring(this)
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
    this.#shared?.leave(this)
    this.#watched?.leave(this)
    this.#reader.leave?.()
  }

  async #ask(guard: Guard): Promise<Reading> {
    const denial = await guard.denial()
    if (guard.isOver) this.#guard = undefined
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
