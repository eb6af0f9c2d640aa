// A session written over a Node response: it asks for the next text only when the network has taken the last one, so that a slow reader
// costs the server nothing but a cursor, and one that takes nothing at all is cut off. One object per connection and nothing per update:
// neither a promise nor a copy of the text.
import { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type EventSession, type Waiter, WRITE_DEADLINE_MS } from './event-session.ts'
import { chunkOf, SharedBytes } from './shared-bytes.ts'

const plain = new SharedBytes((text) => Buffer.from(text))
const chunks = new SharedBytes(chunkOf)

/** Those that write at the end of this turn: what rings meanwhile goes with it, and all who are told the same are told one after the other. */
let woken: EventWriter[] = []
/** Those that have had their share, and have more. */
let waiting: EventWriter[] = []

/** Characters, about, that one of them writes before it is the others' turn, and that of what the network brings. */
const SHARE = 64 * 1024

function writeAll(): void {
  const writers = woken
  woken = []
  for (const writer of writers) writer.proceed()
  if (waiting.length > 0) return
  plain.clear()
  chunks.clear()
}

function writeMore(): void {
  woken.push(...waiting)
  waiting = []
  writeAll()
}

export class EventWriter implements Waiter {
  readonly #session: EventSession
  readonly #response: ServerResponse
  /** Where chunks are written without Node making them of the same text anew for each reader. */
  readonly #socket: Socket | undefined
  #isOver = false

  /** Sends the headers at once. */
  constructor(session: EventSession, response: ServerResponse, headers: { readonly [name: string]: string }) {
    this.#session = session
    this.#response = response
    response.on('close', () => this.#over())
    response.on('error', ignore)
    response.writeHead(200, headers)
    response.flushHeaders()
    this.#socket = chunkSocketOf(response)
    if (response.req.httpVersionMajor === 1) response.socket?.setNoDelay(true)
  }

  /** The session has something. */
  wake(): void {
    if (woken.push(this) === 1) queueMicrotask(writeAll)
  }

  /** Writes what there is, as long as the network takes it, up to its share of a turn. */
  proceed(): void {
    if (this.#response.destroyed) this.#over()
    let written = 0
    try {
      while (!this.#isOver) {
        if (written >= SHARE) return this.#pause()
        const text = this.#session.next(this)
        if (text instanceof Promise) {
          text.then((later) => this.#takeLater(later)).catch((thrown: unknown) => this.#fail(thrown))
          return
        }
        if (!this.#take(text)) return
        written += text?.length ?? 0
      }
    } catch (thrown) {
      this.#fail(thrown)
    }
  }

  #takeLater(text: string | undefined): void {
    if (this.#isOver || !this.#take(text)) return
    if (text !== undefined && text.length >= SHARE) this.#pause()
    else this.proceed()
  }

  /** Goes on beside all others that have more: who is told the same as they writes the same bytes. */
  #pause(): void {
    if (waiting.push(this) === 1) setImmediate(writeMore)
  }

  /** @returns whether to go on: else the session wakes it, the network does, or it is over. */
  #take(text: string | undefined): boolean {
    if (text === undefined) {
      this.#end()
      return false
    }
    if (text === '') return false
    const isTaken = this.#socket ? this.#socket.write(chunks.of(text)) : this.#response.write(plain.of(text))
    if (isTaken) return true
    this.#listen()
    return false
  }

  /** Waits until the network has taken what was written. */
  #listen(): void {
    const response = this.#response
    response.on('timeout', cut)
    response.setTimeout(this.#deadline)
    // a socket says so to Node's own response only when that one has written
    const drained: ServerResponse | Socket = this.#socket ?? response
    drained.once('drain', () => {
      response.setTimeout(0)
      response.off('timeout', cut)
      this.proceed()
    })
  }

  /** The last of it must be taken too. */
  #end(): void {
    const response = this.#response
    this.#over()
    response.on('timeout', cut)
    response.setTimeout(this.#deadline)
    response.end(() => response.setTimeout(0))
  }

  #over(): void {
    this.#isOver = true
    this.#session.close()
  }

  /** The headers are out: what is left is to cut, which the client takes as a disconnect. */
  #fail(thrown: unknown): void {
    console.error('runfeed: a feed failed:', thrown)
    this.#over()
    this.#response.destroy()
  }

  get #deadline(): number {
    return this.#session.writeDeadline ?? WRITE_DEADLINE_MS
  }
}

/** Not where somebody else has a hand in what is written (a compressing middleware), and not while an answer before this one is being sent. */
function chunkSocketOf(response: ServerResponse): Socket | undefined {
  const { socket, chunkedEncoding } = response
  return socket && chunkedEncoding && isUntouched(response, ServerResponse.prototype) ? socket : undefined
}

const isUntouched = (response: { readonly write: unknown }, own: { readonly write: unknown }): boolean => response.write === own.write

/** Node takes what the network accepts of a write as a sign of life, so that only who takes nothing is cut off. */
function cut(this: ServerResponse): void {
  this.destroy()
}
/** The client went away: `close` follows. */
const ignore = (): void => {}
