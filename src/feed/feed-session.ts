// One connection: a set of readers that wakes mark as ready, and a writer that goes round them. Nothing is queued here; whoever writes to
// the network asks for the next text when the last one has drained.
import { encodeFrame } from '../protocol/frame.ts'
import { PROTOCOL_VERSION } from '../protocol/limits.ts'
import type { Reading } from './run-reader.ts'

interface Reader {
  read(): Promise<Reading>
}
interface Place {
  readonly reader: Reader
  readonly leave: () => void
}

/** What one turn of the writer gathers. */
const TURN_BYTES = 64 * 1024

export class FeedSession {
  readonly #heartbeat: number
  readonly #onClose: () => void
  readonly #places = new Set<Place>()
  // insertion order is the round: one that was read goes to the end
  readonly #ready = new Set<Place>()
  #control = ''
  #draining = false
  #closed = false
  #wake = (): void => {}

  constructor(heartbeat: number, onClose: () => void) {
    this.#heartbeat = heartbeat
    this.#onClose = onClose
    this.#control = encodeFrame({ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat, time: Date.now() } })
  }

  get heartbeat(): number {
    return this.#heartbeat
  }

  /** @param leave - called when the reader is done, or the session closes. @returns marks the reader as ready. */
  add(reader: Reader, leave: () => void): () => void {
    const place = { reader, leave }
    this.#places.add(place)
    this.#ready.add(place)
    return () => {
      if (!this.#places.has(place)) return
      this.#ready.add(place)
      this.#wake()
    }
  }

  /** The next frames to write; `undefined` when there will be none: every run has settled, every stream has ended, or the session is closed. */
  async next(): Promise<string | undefined> {
    for (;;) {
      if (this.#closed) return undefined
      let text = this.#control
      this.#control = ''
      if (this.#draining) {
        this.close()
        return text
      }
      // the first frame leaves at once, before any reading
      for (const place of this.#ready) {
        if (text.length > 0 && (text.length >= TURN_BYTES || text.startsWith('event: open'))) break
        this.#ready.delete(place)
        text += await this.#turn(place)
        if (this.#closed) return undefined
      }
      if (text.length > 0) return text
      if (this.#places.size === 0) {
        this.close()
        return undefined
      }
      if (this.#ready.size === 0 && this.#control === '' && !this.#draining) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }

  ping(): void {
    // who has not yet taken the last one is slow, not idle
    if (this.#control !== '') return
    this.#control = encodeFrame({ event: 'ping', data: { time: Date.now() } })
    this.#wake()
  }
  drain(reconnectAfter: number): void {
    this.#control += encodeFrame({ event: 'bye', data: { reconnectAfter } })
    this.#draining = true
    this.#wake()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const { leave } of this.#places) leave()
    this.#places.clear()
    this.#ready.clear()
    this.#wake()
    this.#onClose()
  }

  async #turn(place: Place): Promise<string> {
    const { text, state } = await place.reader.read()
    if (state === 'more') this.#ready.add(place)
    if (state === 'done' && this.#places.delete(place)) {
      this.#ready.delete(place)
      place.leave()
    }
    return text
  }
}
