// One stream of a run, for all the sessions that read it: chunks are read and encoded once.
import type { Cursor } from '../protocol/cursor.ts'
import type { ChunkRead, RunEngine, StreamInfo } from '../protocol/engine.ts'
import { toRunfeedError } from '../protocol/errors.ts'
import { topics } from '../protocol/want.ts'
import { SharedFrame } from './shared-frame.ts'
import { Ticker } from './ticker.ts'

export interface ChunkStep {
  readonly frame: SharedFrame
  /** The index of the first: later than what was asked for where that is gone. */
  readonly from: number
  readonly next: number
  readonly cursor: Cursor
}

/** Bytes of chunks in one frame. */
const FRAME_BYTES = 64 * 1024
/** Frames that are kept for readers who come to the same index. */
const MAX_CACHED = 64

export class StreamTopic {
  readonly run: string
  readonly stream: string
  readonly #engine: RunEngine
  readonly #ticker: Ticker
  readonly #unwake: () => void
  readonly #onChange: () => void
  readonly #cache = new Map<number, ChunkStep>()
  /** By index, as the cache: a hundred that come at once would each read and encode the same. */
  readonly #reading = new Map<number, Promise<ChunkStep | undefined>>()
  #wasAsked = false
  #info: StreamInfo | undefined
  #missing = false
  #wasOpened = false
  #isOver = false

  constructor(engine: RunEngine, run: string, stream: string, tick: number, onChange: () => void) {
    this.run = run
    this.stream = stream
    this.#engine = engine
    this.#onChange = onChange
    this.#ticker = new Ticker(() => this.#advance(), tick)
    this.#unwake = engine.wake(topics.stream(run, stream), () => this.#ticker.ring())
  }

  get missing(): boolean {
    return this.#missing
  }
  /** The stream as it was last read. */
  get info(): StreamInfo | undefined {
    return this.#info
  }
  get wasOpened(): boolean {
    return this.#wasOpened
  }
  /** Nothing more can come: the stream has ended, or was never opened, and its run has ended. */
  get isOver(): boolean {
    return this.#isOver
  }
  /** Resolves when the topic has been read once; wakes keep it current from then on. */
  async ready(): Promise<void> {
    await this.#ticker.first()
  }
  async holds(cursor: string): Promise<boolean> {
    return await this.#engine.chunks.holds(this.run, this.stream, cursor)
  }
  /** Lets go of frames for which nobody has asked since the last time: a reader that reads nothing keeps none of them. */
  rest(): void {
    if (!this.#wasAsked) this.#cache.clear()
    this.#wasAsked = false
  }
  close(): void {
    this.#ticker.stop()
    this.#unwake()
  }

  /** The chunks from an index, as one frame of about 64 kB at most; `undefined` where there are none. */
  after(index: number): ChunkStep | undefined | Promise<ChunkStep | undefined> {
    if (!this.#info || index >= this.#info.length) return undefined
    this.#wasAsked = true
    const known = this.#cache.get(index) ?? this.#reading.get(index)
    if (known) return known
    const reading = this.#read(index).finally(() => this.#reading.delete(index))
    this.#reading.set(index, reading)
    return reading
  }

  async #read(index: number): Promise<ChunkStep | undefined> {
    const read = await this.#engine.chunks.read(this.run, this.stream, index, FRAME_BYTES)
    if (read.chunks.length === 0) return undefined
    const step = this.#step(read)
    this.#cache.set(index, step)
    const [oldest] = this.#cache.keys()
    if (this.#cache.size > MAX_CACHED && oldest !== undefined) this.#cache.delete(oldest)
    return step
  }

  #step({ index, chunks, cursor, by }: ChunkRead): ChunkStep {
    return {
      from: index,
      next: index + chunks.length,
      cursor,
      frame: new SharedFrame({ event: 'chunks', data: { run: this.run, stream: this.stream, index, cursor, chunks, by } }),
    }
  }

  async #advance(): Promise<void> {
    try {
      const info = await this.#engine.chunks.info(this.run, this.stream)
      this.#wasOpened = info.state !== undefined
      // a stream that has ended may be opened again by a later attempt, as long as its run has not ended
      const isEnded = info.state !== 'open' && (await this.#engine.record.read(this.run))?.run.finishedAt != null
      // read again: chunks may have come between the two readings
      this.#info = isEnded ? await this.#engine.chunks.info(this.run, this.stream) : info
      this.#isOver = isEnded
    } catch (thrown) {
      this.#missing = toRunfeedError(thrown).type === 'not_found'
      if (!this.#missing) console.error(`runfeed: stream ${this.stream} of ${this.run} could not be read:`, thrown)
    }
    this.#onChange()
  }
}
