// The runs of a session's queries: each is read once, however many of them have it, and not at all where it is wanted as a run, because
// that says more.
import type { Cursor } from '../protocol/cursor.ts'
import type { Place } from './place.ts'
import type { MemberHost } from './query-reader.ts'
import type { RunReader } from './run-reader.ts'

export interface Member {
  readonly place: Place
  readonly reader: RunReader
}

/** The session, as it reads its places. */
export interface PlaceHost {
  /** Reads a member from a cursor on, from the next turn. */
  open(run: string, cursor: Cursor | undefined): Member
  close(place: Place): void
  /** What is there of it. */
  turn(place: Place): Promise<string>
}

export class Members implements MemberHost {
  readonly #host: PlaceHost
  readonly #holds = new Map<string, number>()
  readonly #members = new Map<string, Member>()
  readonly #wanted = new Map<string, Member>()

  /** How far runs were told whose own want is over: as a member such a one begins there, for the client has it in full. */
  readonly #told = new Map<string, Cursor>()

  constructor(host: PlaceHost) {
    this.#host = host
  }

  /** The session wants the run itself. */
  want(run: string, place: Place, reader: RunReader): void {
    this.#wanted.set(run, { place, reader })
  }

  /** That want is over, or was denied: the run may be a member all the same. */
  over(place: Place): void {
    const run = place.want?.run
    if (run === undefined || this.#wanted.get(run)?.place !== place) return
    const cursor = this.#wanted.get(run)?.reader.cursor
    this.#wanted.delete(run)
    if (cursor !== undefined) this.#told.set(run, cursor)
    if (this.#holds.has(run)) this.#members.set(run, this.#host.open(run, cursor))
  }

  hold(run: string, cursor: Cursor | undefined): void {
    const holds = this.#holds.get(run) ?? 0
    this.#holds.set(run, holds + 1)
    if (holds === 0 && !this.#wanted.has(run)) this.#members.set(run, this.#host.open(run, this.#told.get(run) ?? cursor))
  }

  release(run: string): void {
    const holds = (this.#holds.get(run) ?? 0) - 1
    if (holds > 0) {
      this.#holds.set(run, holds)
      return
    }
    this.#holds.delete(run)
    const member = this.#members.get(run)
    this.#members.delete(run)
    if (!member) return
    const { cursor } = member.reader
    // it may come again
    if (this.#told.has(run) && cursor !== undefined) this.#told.set(run, cursor)
    this.#host.close(member.place)
  }

  async catchUp(run: string): Promise<string> {
    const place = (this.#wanted.get(run) ?? this.#members.get(run))?.place
    return place ? await this.#host.turn(place) : ''
  }
}
