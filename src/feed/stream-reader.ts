// One session's place in one stream.
import type { Cursor } from '../protocol/cursor.ts'
import { parseCursor } from '../protocol/cursor.ts'
import type { StreamInfo } from '../protocol/engine.ts'
import { encodeFrame, type Frame } from '../protocol/frame.ts'
import type { FeedAccess } from './feed-access.ts'
import type { Reading } from './run-reader.ts'
import type { View } from './shared-frame.ts'
import type { ChunkStep, StreamTopic } from './stream-topic.ts'

export class StreamReader implements View {
  /** There is no brief way to show chunks. */
  readonly isBrief = false
  readonly #topic: StreamTopic
  readonly #access: FeedAccess
  readonly #wanted: { readonly index: number | undefined; readonly cursor: Cursor | undefined }
  #index: number | undefined
  /** The state that was last told, with its start: a stream that reopens is told again. */
  #told = ''
  #cursor: Cursor | undefined

  constructor(topic: StreamTopic, index: number | undefined, cursor: Cursor | undefined, access: FeedAccess) {
    this.#topic = topic
    this.#access = access
    this.#wanted = { index, cursor }
  }

  shows(by: string): boolean {
    return this.#access.shows(by, this.#topic.run)
  }

  // only what is not at hand is waited for: most readings are one frame that all readers are told
  read(): Reading | Promise<Reading> {
    if (this.#index === undefined) return this.#first()
    return this.#on('', this.#index)
  }

  async #first(): Promise<Reading> {
    await this.#topic.ready()
    if (this.#topic.missing)
      return { text: this.#frame('denied', { code: 'not_found', message: `${this.#topic.run} does not exist` }), state: 'done', cursor: this.#cursor }
    if (!this.#topic.info) return { text: '', state: 'idle', cursor: this.#cursor }
    const text = await this.#begin(this.#topic.info)
    return await this.#on(text, this.#index as number)
  }

  #on(before: string, index: number): Reading | Promise<Reading> {
    const { wasOpened } = this.#topic
    const { start, length } = this.#topic.info as StreamInfo
    const text = before + (wasOpened && !this.#told.endsWith(` ${start}`) ? this.#tell({ state: 'open', start, length }) : '')
    const step = this.#topic.after(index)
    return step instanceof Promise ? step.then((later) => this.#take(text, index, later)) : this.#take(text, index, step)
  }

  #take(before: string, from: number, step: ChunkStep | undefined): Reading {
    let text = before
    let index = from
    if (step) {
      // cut while it was read: what this reader had not come to is gone
      if (step.from > index) text += this.#frame('gap', { from: index, to: step.from })
      text += step.frame.text(this)
      index = this.#index = step.next
      this.#cursor = step.cursor
    }
    // as it is now: it may have grown, or ended, while the chunks were read
    const { wasOpened, isOver } = this.#topic
    const info = this.#topic.info as StreamInfo
    if (index < info.length) return { text, state: 'more', cursor: this.#cursor }
    // one that was never opened is closed, and empty, once its run has ended
    if (wasOpened || isOver) text += this.#tell(wasOpened ? info : { ...info, state: 'closed' })
    return { text, state: isOver ? 'done' : 'idle', cursor: this.#cursor }
  }

  /** Finds where to begin, and says what is gone. */
  async #begin(info: StreamInfo): Promise<string> {
    const { index: wanted, cursor } = this.#wanted
    const number = cursor === undefined ? undefined : parseCursor(cursor)?.number
    if (cursor !== undefined && number !== undefined && (await this.#topic.holds(cursor))) {
      this.#index = number
      this.#cursor = cursor
      return ''
    }
    // a cursor of another history: its chunks are not ours, and are sent again from where readers start
    const from = number ?? (wanted === undefined ? info.start : wanted < 0 ? Math.max(info.start, info.length + wanted) : wanted)
    const to = number === undefined ? Math.max(from, info.first) : Math.max(info.start, info.first)
    this.#index = to
    return number !== undefined || to > from ? this.#frame('gap', { from, to }) : ''
  }

  #tell({ state, start, length, error }: Pick<StreamInfo, 'state' | 'start' | 'length' | 'error'>): string {
    const told = `${state} ${start}`
    if (state === undefined || this.#told === told) return ''
    this.#told = told
    return this.#frame('stream', { state, start, length, ...(error === undefined ? {} : { error }) })
  }

  #frame(event: 'gap' | 'stream' | 'denied', data: object): string {
    return encodeFrame({ event, data: { run: this.#topic.run, stream: this.#topic.stream, ...data } } as Frame)
  }
}
