// The runs of a session's queries: each is read once, however many of them have it, and not at all where it is wanted as a run, because
// that says more.
import type { Cursor } from '../protocol/cursor.ts'
import type { Place } from './place.ts'
import type { MemberHost } from './query-reader.ts'
import type { RunReader } from './run-reader.ts'

/** The session, as it reads its places. */
export interface PlaceHost {
  /** Reads a member from a cursor on, from the next turn. */
  open(run: string, cursor: Cursor | undefined): Place
  close(place: Place): void
  /** What is there of it. */
  turn(place: Place): Promise<string>
}

export class Members implements MemberHost {
  readonly #host: PlaceHost
  readonly #holds = new Map<string, number>()
  readonly #members = new Map<string, Place>()
  readonly #wanted = new Map<string, { readonly place: Place; readonly reader: RunReader }>()

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
    if (this.#holds.has(run)) this.#members.set(run, this.#host.open(run, cursor))
  }

  hold(run: string, cursor: Cursor | undefined): void {
    const holds = this.#holds.get(run) ?? 0
    this.#holds.set(run, holds + 1)
    if (holds === 0 && !this.#wanted.has(run)) this.#members.set(run, this.#host.open(run, cursor))
  }

  release(run: string): void {
    const holds = (this.#holds.get(run) ?? 0) - 1
    if (holds > 0) {
      this.#holds.set(run, holds)
      return
    }
    this.#holds.delete(run)
    const place = this.#members.get(run)
    this.#members.delete(run)
    if (place) this.#host.close(place)
  }

  async catchUp(run: string): Promise<string> {
    const place = this.#wanted.get(run)?.place ?? this.#members.get(run)
    return place ? await this.#host.turn(place) : ''
  }
}
