// One session's place in one run.
import type { Cursor } from '../protocol/cursor.ts'
import { parseCursor } from '../protocol/cursor.ts'
import { NotFoundError, type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { encodeFrame } from '../protocol/frame.ts'
import type { FeedAccess } from './feed-access.ts'
import type { Encoded, RunTopic } from './run-topic.ts'
import type { View } from './shared-frame.ts'

/** What a reader gives: text to write, and whether it has nothing more ever, or nothing more now. */
export interface Reading {
  readonly text: string
  readonly state: 'more' | 'idle' | 'done'
  /** Where the reader is after the text: what a feed of one resource gives as `id:`. */
  readonly cursor: Cursor | undefined
  /** When the first commit in the text was made, ms since the epoch; absent for what the reader had missed before it came. */
  readonly at?: number
}

const numberOf = (cursor: Cursor | undefined): number => (cursor === undefined ? 0 : (parseCursor(cursor)?.number ?? 0))

export class RunReader implements View {
  /** A member of a query: that it is missing or has ended is said by its membership and by its record. */
  readonly isBrief: boolean
  readonly #topic: RunTopic
  readonly #access: FeedAccess
  #cursor: Cursor | undefined
  #fresh = true
  #endSent: 'none' | 'ended' | 'settled' = 'none'

  constructor(topic: RunTopic, cursor: Cursor | undefined, access: FeedAccess, isBrief: boolean) {
    this.#topic = topic
    this.#cursor = cursor
    this.#access = access
    this.isBrief = isBrief
  }

  shows(by: string): boolean {
    return this.#access.shows(by, this.#topic.id)
  }

  get id(): string {
    return this.#topic.id
  }
  get cursor(): Cursor | undefined {
    return this.#cursor
  }

  // only what is not at hand is waited for: most readings are one frame that all readers are told
  read(): Reading | Promise<Reading> {
    if (this.#fresh) return this.#first()
    const step = this.#topic.after(this.#cursor, this)
    return step instanceof Promise ? this.#later(step, false) : this.#take(step, false)
  }

  async #first(): Promise<Reading> {
    this.#fresh = false
    await this.#topic.ready()
    if (this.#topic.missing && !this.isBrief) return denied(this.#topic.id, new NotFoundError(this.#topic.id))
    return await this.#later(this.#topic.after(this.#cursor, this), true)
  }

  async #later(reading: Encoded | undefined | Promise<Encoded | undefined>, isFirst: boolean): Promise<Reading> {
    try {
      return this.#take(await reading, isFirst)
    } catch (thrown) {
      const error = toRunfeedError(thrown)
      if (error.type !== 'too_large') throw thrown
      // this one cannot be sent; the others of the connection can
      return denied(this.#topic.id, error)
    }
  }

  #take(step: Encoded | undefined, isFirst: boolean): Reading {
    let text = ''
    if (step) {
      text = step.text
      this.#cursor = step.cursor
    }
    const at = isFirst || step?.at === undefined ? {} : { at: step.at }
    const { end } = this.#topic
    if (end && !this.isBrief && numberOf(this.#cursor) >= numberOf(end.cursor)) {
      const state = end.settled ? 'settled' : 'ended'
      if (this.#endSent !== state && this.#endSent !== 'settled') {
        this.#endSent = state
        text += end.text
      }
      if (end.settled) return { text, state: 'done', cursor: this.#cursor, ...at }
    }
    return { text, state: 'idle', cursor: this.#cursor, ...at }
  }
}

const denied = (run: string, { type, message }: RunfeedError): Reading => ({
  text: encodeFrame({ event: 'denied', data: { run, code: type, message } }),
  state: 'done',
  cursor: undefined,
})
