// One connection: a set of places that wakes mark as ready, and a writer that goes round them. Nothing is queued here; whoever writes to
// the network asks for the next text when the last one has drained.
import type { Cursor } from '../protocol/cursor.ts'
import { encodeFrame, type FrameOf } from '../protocol/frame.ts'
import { PROTOCOL_VERSION } from '../protocol/limits.ts'
import type { QueryWant } from '../protocol/want.ts'
import type { FeedAccess } from './feed-access.ts'
import { type Member, Members } from './members.ts'
import type { Place } from './place.ts'
import type { Reading } from './run-reader.ts'

/** What all sessions have in common. */
export interface SessionHost {
  /** ms between two pings. */
  readonly heartbeat: number
  /** ms within which the network must take something of what was written; who writes looks after it. */
  readonly writeDeadline: number
  /** What an `open` and a `ping` say. */
  beat(): FrameOf<'ping'>['data']
  /** Makes the place of a member of a query. */
  openMember(session: FeedSession, run: string, cursor: Cursor | undefined): Member
  closed(session: FeedSession): void
  /** A frame is on its way that tells of a commit of this moment, ms since the epoch. */
  told(at: number): void
}

export interface SessionOptions {
  readonly access: FeedAccess
  /** Whether each text names the place it leads to, as `id:`; for a feed of one resource. */
  readonly ids: boolean
  /** Ends once everything that was there has been told. */
  readonly poll: boolean
  /** Those of its wants that are queries: a run may then be read for two reasons. */
  readonly queries: readonly QueryWant[]
}

const NOTHING = (): void => {}
/** What one turn of the writer gathers. */
const TURN_BYTES = 64 * 1024

export class FeedSession {
  readonly #host: SessionHost
  readonly #options: SessionOptions
  readonly #places: Place[] = []
  // the round: one that was read goes to the end
  readonly #ready: Place[] = []
  #control: string
  #isOpened = false
  #isDraining = false
  #isClosed = false
  #wake = NOTHING
  #members: Members | undefined

  constructor(host: SessionHost, options: SessionOptions) {
    this.#host = host
    this.#options = options
    this.#control = encodeFrame({ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat: host.heartbeat, ...host.beat() } })
  }

  get access(): FeedAccess {
    return this.#options.access
  }
  get writeDeadline(): number {
    return this.#host.writeDeadline
  }

  get queries(): readonly QueryWant[] {
    return this.#options.queries
  }
  /** The runs of its queries; made for the first one that asks, because most sessions have none. */
  get members(): Members {
    return (this.#members ??= new Members({
      open: (run, cursor) => this.#host.openMember(this, run, cursor),
      close: (place) => this.#forget(place),
      turn: async (place) => await this.#turn(place),
    }))
  }

  /** How many are read, members of queries included. */
  get size(): number {
    return this.#places.length
  }

  /** The session leaves it when it is done, or when the session closes. */
  add(place: Place): void {
    // a member that entered while the session closed
    if (this.#isClosed) return place.leave()
    place.isOpen = true
    this.#places.push(place)
    this.ring(place)
  }

  /** There may be something to read. */
  ring(place: Place): void {
    if (!place.isOpen) return
    this.#queue(place)
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
    while (text.length < TURN_BYTES) {
      const place = this.#ready.shift()
      if (!place) break
      const part = this.#turn(place)
      if (typeof part !== 'string') return part.then((read) => (this.#isClosed ? undefined : this.#gather(text + read)))
      text += part
    }
    if (text.length > 0) return text
    if (this.#places.length === 0 || (this.#options.poll && this.#ready.length === 0)) {
      this.close()
      return undefined
    }
    if (this.#ready.length > 0 || this.#control !== '' || this.#isDraining) return this.next()
    return new Promise<void>((resolve) => {
      this.#wake = resolve
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

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#ready.length = 0
    for (const place of this.#places.splice(0)) this.#leave(place)
    this.#wake()
    this.#host.closed(this)
  }

  #queue(place: Place): void {
    if (place.isReady) return
    place.isReady = true
    this.#ready.push(place)
  }

  #leave(place: Place): void {
    place.isOpen = false
    place.leave()
  }

  #turn(place: Place): string | Promise<string> {
    // one that was left while it waited for its turn
    if (!place.isOpen) return ''
    place.isReady = false
    const reading = place.read()
    return reading instanceof Promise ? reading.then((read) => this.#take(place, read)) : this.#take(place, reading)
  }

  #take(place: Place, { text, state, cursor, at }: Reading): string {
    if (at !== undefined) this.#host.told(at)
    if (state === 'more' && place.isOpen) this.#queue(place)
    if (state === 'done') this.#forget(place)
    return this.#options.ids && cursor !== undefined ? withId(text, cursor) : text
  }

  #forget(place: Place): void {
    if (!place.isOpen) return
    this.#places.splice(this.#places.indexOf(place), 1)
    this.#leave(place)
    this.#members?.over(place)
  }
}

/** Names the cursor in the last event of the text. JSON has no line breaks, so nothing else begins like an event. */
function withId(text: string, cursor: Cursor): string {
  const at = text.lastIndexOf('\n\nevent: ')
  const last = at < 0 ? 0 : at + 2
  return text === '' ? text : `${text.slice(0, last)}id: ${cursor}\n${text.slice(last)}`
}
