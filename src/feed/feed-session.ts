// One connection: a set of places that wakes mark as ready, and a writer that goes round them. Nothing is queued here; whoever writes to
// the network asks for the next text when the last one has drained.
import type { Cursor } from '../protocol/cursor.ts'
import { encodeFrame } from '../protocol/frame.ts'
import { PROTOCOL_VERSION } from '../protocol/limits.ts'
import { Members } from './members.ts'
import type { Place } from './place.ts'
import type { Reading } from './run-reader.ts'

export interface SessionOptions {
  /** ms between two pings. */
  readonly heartbeat: number
  /** ms since the epoch. */
  readonly time: number
  /** Whether each text names the place it leads to, as `id:`; for a feed of one resource. */
  readonly ids: boolean
  /** Ends once everything that was there has been told. */
  readonly poll: boolean
  /** Whether one of its wants is a query: a run may then be read for two reasons. */
  readonly hasQueries: boolean
  /** ms within which the network must take something of what was written; who writes looks after it. */
  readonly writeDeadline: number
  /** Makes the place of a member of a query. */
  openMember(session: FeedSession, run: string, cursor: Cursor | undefined): Place
  closed(session: FeedSession): void
  /** A frame is on its way that tells of a commit of this moment, ms since the epoch. */
  told(at: number): void
}

const NOTHING = (): void => {}
/** What one turn of the writer gathers. */
const TURN_BYTES = 64 * 1024

export class FeedSession {
  readonly writeDeadline: number
  readonly #options: SessionOptions
  readonly #places = new Set<Place>()
  // insertion order is the round: one that was read goes to the end
  readonly #ready = new Set<Place>()
  #control: string
  #isOpened = false
  #isDraining = false
  #isClosed = false
  #wake = NOTHING
  #members: Members | undefined

  constructor(options: SessionOptions) {
    this.#options = options
    this.writeDeadline = options.writeDeadline
    this.#control = encodeFrame({ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat: options.heartbeat, time: options.time } })
  }

  get hasQueries(): boolean {
    return this.#options.hasQueries
  }
  /** The runs of its queries; made for the first one that asks, because most sessions have none. */
  get members(): Members {
    return (this.#members ??= new Members({
      open: (run, cursor) => this.#options.openMember(this, run, cursor),
      close: (place) => this.#forget(place),
      turn: async (place) => await this.#turn(place),
    }))
  }

  /** How many are read, members of queries included. */
  get size(): number {
    return this.#places.size
  }

  /** The session leaves it when it is done, or when the session closes. */
  add(place: Place): void {
    // a member that entered while the session closed
    if (this.#isClosed) return place.leave()
    this.#places.add(place)
    this.ring(place)
  }

  /** There may be something to read. */
  ring(place: Place): void {
    if (!this.#places.has(place)) return
    this.#ready.add(place)
    this.#wake()
  }

  /** The next frames to write; `undefined` when there will be none: every run has settled, every stream has ended, or the session is closed. */
  // not async: ten thousand that are told the same would each wait for a turn of their own, and leave as many promises behind
  next(): string | undefined | Promise<string | undefined> {
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
    return this.#gather(text)
  }

  #gather(before: string): string | undefined | Promise<string | undefined> {
    let text = before
    for (const place of this.#ready) {
      if (text.length >= TURN_BYTES) break
      const part = this.#turn(place)
      if (typeof part !== 'string') return part.then((read) => (this.#isClosed ? undefined : this.#gather(text + read)))
      text += part
    }
    if (text.length > 0) return text
    if (this.#places.size === 0 || (this.#options.poll && this.#ready.size === 0)) {
      this.close()
      return undefined
    }
    if (this.#ready.size > 0 || this.#control !== '' || this.#isDraining) return this.next()
    return new Promise<void>((resolve) => {
      this.#wake = resolve
    }).then(() => this.next())
  }

  /** @param time - ms since the epoch. */
  ping(time: number): void {
    // who has not yet taken the last one is slow, not idle
    if (this.#control !== '') return
    this.#control = encodeFrame({ event: 'ping', data: { time } })
    this.#wake()
  }

  /** Says that the client comes back after so many ms, and ends. */
  drain(reconnectAfter: number): void {
    if (this.#isDraining) return
    this.#control += encodeFrame({ event: 'bye', data: { reconnectAfter } })
    this.#isDraining = true
    this.#wake()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const places = [...this.#places]
    this.#places.clear()
    this.#ready.clear()
    for (const place of places) place.leave()
    this.#wake()
    this.#options.closed(this)
  }

  #turn(place: Place): string | Promise<string> {
    this.#ready.delete(place)
    const reading = place.read()
    return reading instanceof Promise ? reading.then((read) => this.#take(place, read)) : this.#take(place, reading)
  }

  #take(place: Place, { text, state, cursor, at }: Reading): string {
    if (at !== undefined) this.#options.told(at)
    if (state === 'more' && this.#places.has(place)) this.#ready.add(place)
    if (state === 'done') this.#forget(place)
    return this.#options.ids && cursor !== undefined ? withId(text, cursor) : text
  }

  #forget(place: Place): void {
    if (!this.#places.delete(place)) return
    this.#ready.delete(place)
    place.leave()
    this.#members?.over(place)
  }
}

/** Names the cursor in the last event of the text. JSON has no line breaks, so nothing else begins like an event. */
function withId(text: string, cursor: Cursor): string {
  const at = text.lastIndexOf('\n\nevent: ')
  const last = at < 0 ? 0 : at + 2
  return text === '' ? text : `${text.slice(0, last)}id: ${cursor}\n${text.slice(last)}`
}
