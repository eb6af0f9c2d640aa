// One connection: a set of places that wakes mark as ready, and a round in which they are read. Nothing is queued here; whoever writes to
// the network asks for the next text when the last one has drained.
import type { Cursor } from '../protocol/cursor.ts'
import { encodeFrame, type FrameOf } from '../protocol/frame.ts'
import { PROTOCOL_VERSION } from '../protocol/limits.ts'
import type { QueryWant } from '../protocol/want.ts'
import type { Moment } from './deadlines.ts'
import type { FeedAccess } from './feed-access.ts'
import { type Member, Members } from './members.ts'
import type { NamedTexts } from './named-texts.ts'
import type { Place, PlaceReader } from './place.ts'
import { Round } from './round.ts'
import type { Reading } from './run-reader.ts'

/** What all sessions have in common. */
export interface SessionHost {
  /** ms between two pings. */
  readonly heartbeat: number
  /** ms within which the network must take something of what was written; who writes looks after it. */
  readonly writeDeadline: number
  readonly named: NamedTexts
  /** What an `open` and a `ping` say. */
  beat(): FrameOf<'ping'>['data']
  /** Makes the place of a member of a query. */
  openMember(session: FeedSession, run: string, cursor: Cursor | undefined): Member
  closed(session: FeedSession): void
  /** A frame is on its way that tells of a commit of this moment, ms since the epoch. */
  told(at: number): void
  /** ms until a client comes back whose connection is too old. */
  returnsIn(): number
}

export interface SessionOptions {
  readonly access: FeedAccess
  /** Whether each text names the place it leads to, as `id:`; for a feed of one resource. */
  readonly ids: boolean
  /** Ends once everything that was there has been told. */
  readonly poll: boolean
  /** How many wants it has. */
  readonly wants: number
  /** Those that are queries: a run may then be read for two reasons. */
  readonly queries: readonly QueryWant[]
  /** When it is too old, ms since the epoch. */
  readonly at: number
}

/** Who is told that there is something. */
interface Waiter {
  wake(): void
}

/** What one turn of the writer gathers. */
const TURN_BYTES = 64 * 1024

export class FeedSession implements Moment, PlaceReader {
  readonly access: FeedAccess
  readonly wants: number
  readonly queries: readonly QueryWant[]
  readonly at: number
  readonly #host: SessionHost
  readonly #ids: boolean
  readonly #poll: boolean
  #places: Place[] = []
  readonly #ready = new Round()
  #control: string
  #isOpened = false
  #isDraining = false
  #isClosed = false
  #waiter: Waiter | undefined
  #members: Members | undefined

  constructor(host: SessionHost, { access, ids, poll, wants, queries, at }: SessionOptions) {
    this.access = access
    this.wants = wants
    this.queries = queries
    this.at = at
    this.#host = host
    this.#ids = ids
    this.#poll = poll
    this.#control = encodeFrame({ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat: host.heartbeat, ...host.beat() } })
  }

  get writeDeadline(): number {
    return this.#host.writeDeadline
  }
  /** The runs of its queries; made for the first one that asks, because most sessions have none. */
  get members(): Members {
    return (this.#members ??= new Members({
      open: (run, cursor) => this.#host.openMember(this, run, cursor),
      close: (place) => this.#forget(place),
      turn: async (place) => await this.#turn(place),
    }))
  }

  /** All that it wants. */
  begin(places: Place[]): void {
    this.#places = places
    for (const [index, place] of places.entries()) {
      place.index = index
      this.#ready.add(place)
    }
  }

  /** The session leaves it when it is done, or when the session closes. */
  add(place: Place): void {
    // a member that entered while the session closed
    if (this.#isClosed) return place.leave()
    place.index = this.#places.push(place) - 1
    this.ring(place)
  }

  /** There may be something to read. */
  ring(place: Place): void {
    if (!place.isOpen) return
    this.#ready.add(place)
    this.#wake()
  }

  /**
   * The next frames to write; `undefined` when there will be none: every run has settled, every stream has ended, or the session is closed.
   * With a waiter '' where there is nothing now: the waiter is woken, once, when there may be.
   */
  // not async: ten thousand that are told the same would each wait for a turn of their own, and leave as many promises behind
  next(waiter?: Waiter): string | undefined | Promise<string | undefined> {
    if (this.#isClosed) return undefined
    const text = this.#control
    this.#control = ''
    if (this.#isDraining) {
      this.close()
      return text
    }
    // the first frame leaves at once, before any reading
    if (!this.#isOpened) {
      this.#isOpened = true
      return text
    }
    return this.#gather(text, waiter)
  }

  #gather(before: string, waiter: Waiter | undefined): string | undefined | Promise<string | undefined> {
    let text = before
    while (text.length < TURN_BYTES) {
      const place = this.#ready.take()
      if (!place) break
      const part = this.#turn(place)
      if (typeof part !== 'string') return part.then((read) => (this.#isClosed ? undefined : this.#gather(text + read, waiter)))
      text += part
    }
    if (text.length > 0) return text
    if (this.#places.length === 0 || (this.#poll && this.#ready.isEmpty)) {
      this.close()
      return undefined
    }
    if (!this.#ready.isEmpty || this.#control !== '' || this.#isDraining) return this.next(waiter)
    if (waiter) {
      this.#waiter = waiter
      return ''
    }
    return new Promise<void>((resolve) => {
      this.#waiter = { wake: resolve }
    }).then(() => this.next())
  }

  /** @param text - the frame, which is the same for all. */
  ping(text: string): void {
    // who has not yet taken the last one is slow, not idle
    if (this.#control !== '') return
    this.#control = text
    this.#wake()
  }

  /** Says that the client comes back after so many ms, and ends. */
  drain(reconnectAfter: number): void {
    if (this.#isDraining) return
    this.#control += encodeFrame({ event: 'bye', data: { reconnectAfter } })
    this.#isDraining = true
    this.#wake()
  }

  /** It is too old. */
  due(): void {
    this.drain(this.#host.returnsIn())
  }

  /** What was allowed until then is denied. @param at - ms since the epoch. */
  expire(at: number): void {
    for (const place of this.#places) {
      if (place.expiresAt !== at) continue
      place.deny({ type: 'token_expired', message: 'the token of this subscription has expired; subscribe again with a new one' })
      this.ring(place)
    }
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#ready.clear()
    const places = this.#places
    this.#places = []
    for (const place of places) this.#leave(place)
    this.#wake()
    this.#host.closed(this)
  }

  #wake(): void {
    const waiter = this.#waiter
    this.#waiter = undefined
    waiter?.wake()
  }

  #leave(place: Place): void {
    place.index = -1
    place.leave()
  }

  #turn(place: Place): string | Promise<string> {
    // one that was left while it waited for its turn
    if (!place.isOpen) return ''
    const reading = place.read()
    return reading instanceof Promise ? reading.then((read) => this.#take(place, read)) : this.#take(place, reading)
  }

  #take(place: Place, { text, state, cursor, at }: Reading): string {
    if (at !== undefined) this.#host.told(at)
    if (state === 'more' && place.isOpen) this.#ready.add(place)
    if (state === 'done') this.#forget(place)
    return this.#ids && cursor !== undefined && text !== '' ? this.#host.named.of(text, cursor) : text
  }

  #forget(place: Place): void {
    // a query that is left while the session closes leaves its members, each of which comes to its turn
    if (!place.isOpen || this.#isClosed) return
    const last = this.#places.pop() as Place
    if (last !== place) {
      this.#places[place.index] = last
      last.index = place.index
    }
    this.#leave(place)
    this.#members?.over(place)
  }
}
