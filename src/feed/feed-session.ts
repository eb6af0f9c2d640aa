// One connection: a set of readers that wakes mark as ready, and a writer that goes round them. Nothing is queued here; whoever writes to
// the network asks for the next text when the last one has drained.
import type { Cursor } from '../protocol/cursor.ts'
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
  readonly #onClose: () => void
  readonly #ids: boolean
  readonly #places = new Set<Place>()
  // insertion order is the round: one that was read goes to the end
  readonly #ready = new Set<Place>()
  #control = ''
  #draining = false
  #closed = false
  #wake = (): void => {}

  /** @param ids - whether each text names the place it leads to, as `id:`; for a feed of one resource. */
  constructor(heartbeat: number, ids: boolean, onClose: () => void) {
    this.#ids = ids
    this.#onClose = onClose
    this.#control = encodeFrame({ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat, time: Date.now() } })
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
    const { text, state, cursor } = await place.reader.read()
    if (state === 'more') this.#ready.add(place)
    if (state === 'done' && this.#places.delete(place)) {
      this.#ready.delete(place)
      place.leave()
    }
    return this.#ids && cursor !== undefined ? withId(text, cursor) : text
  }
}

/** Names the cursor in the last event of the text. JSON has no line breaks, so nothing else begins like an event. */
function withId(text: string, cursor: Cursor): string {
  const at = text.lastIndexOf('\n\nevent: ')
  const last = at < 0 ? 0 : at + 2
  return text === '' ? text : `${text.slice(0, last)}id: ${cursor}\n${text.slice(last)}`
}
