// One run, for all the sessions that read it: the log is read once, and a frame encoded once.
import type { Cursor } from '../protocol/cursor.ts'
import { parseCursor } from '../protocol/cursor.ts'
import type { LogEntry, RunEngine, StoredRun } from '../protocol/engine.ts'
import { TooLargeError, toRunfeedError } from '../protocol/errors.ts'
import { encodeFrame } from '../protocol/frame.ts'
import { utf8Length } from '../protocol/json.ts'
import { MAX_FRAME_BYTES } from '../protocol/limits.ts'
import { coalescePatch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import { SharedFrame, type View } from './shared-frame.ts'
import { Ticker } from './ticker.ts'

/** Frames as text, and the cursor after them. */
export interface Encoded {
  readonly text: string
  readonly cursor: Cursor
  /** When the first commit in it was made, for one that follows as commits come. */
  readonly at?: number
}
interface Step {
  readonly frame: SharedFrame
  readonly cursor: Cursor
}
interface Link extends Step {
  readonly base: Cursor
  readonly at: number
}

/** The frames of the last seconds, and what they may take as text; who is further behind reads the log. */
const MAX_LINKS = 64
const MAX_LINKS_LENGTH = 256 * 1024
/** Cursors outside of them whose way to the head is kept: after a restart many come back with the same one. */
const MAX_WAYS = 8
/** Missed patches longer than this are weighed against the whole record. */
const WEIGH_FROM = 16 * 1024

const versionOf = (cursor: Cursor): number => parseCursor(cursor)?.number ?? 0

export class RunTopic {
  readonly id: string
  readonly #engine: RunEngine
  readonly #ticker: Ticker
  readonly #unwake: () => void
  readonly #onChange: () => void
  #head: Cursor | undefined
  #links: Link[] = []
  #snapshot: Step | undefined
  readonly #ways = new Map<Cursor, Step>()
  #wasAsked = false
  #revision = 0
  #finished = false
  #end: (Encoded & { readonly settled: boolean }) | undefined
  #missing = false

  constructor(engine: RunEngine, id: string, tick: number, onChange: () => void) {
    this.id = id
    this.#engine = engine
    this.#onChange = onChange
    this.#ticker = new Ticker(() => this.#advance(), tick)
    this.#unwake = engine.wake(topics.run(id), () => this.#ticker.ring())
  }

  /** Whether there is no such run. Known once it is `ready`. */
  get missing(): boolean {
    return this.#missing
  }
  /** Moves when the run's tags may have changed, and with them who may read it. */
  get revision(): number {
    return this.#revision
  }
  /** The run's end, once it has one: sent to who has reached its cursor. */
  get end(): (Encoded & { readonly settled: boolean }) | undefined {
    return this.#end
  }
  /** Resolves when the topic has been read once; wakes keep it current from then on. */
  async ready(): Promise<void> {
    await this.#ticker.first()
  }
  /** Resolves when it has been read anew. */
  async fresh(): Promise<void> {
    await this.#ticker.fresh()
  }
  /** Lets go of frames for which nobody has asked since the last time: who does so later has them from the engine. */
  rest(): void {
    if (!this.#wasAsked) {
      this.#links = []
      this.#snapshot = undefined
      this.#ways.clear()
    }
    this.#wasAsked = false
  }
  close(): void {
    this.#ticker.stop()
    this.#unwake()
  }

  /**
   * What leads from a cursor to what the topic has read, as this reader sees it; `undefined` where there is nothing new.
   * @throws TooLargeError when not even the whole record fits a frame.
   */
  after(cursor: Cursor | undefined, view: View): Encoded | undefined | Promise<Encoded | undefined> {
    const head = this.#head
    if (head === undefined || cursor === head) return undefined
    this.#wasAsked = true
    if (cursor === undefined) return this.#whole(view)
    // most readers are one step behind
    const last = this.#links.at(-1)
    const at = last?.base === cursor ? this.#links.length - 1 : this.#links.findIndex(({ base }) => base === cursor)
    if (at < 0) return this.#fromLog(cursor, head, view)
    let text = ''
    for (let i = at; i < this.#links.length; i++) {
      const part = (this.#links[i] as Link).frame.text(view)
      if (isOversized(part)) return this.#whole(view)
      text += part
    }
    return { text, cursor: head, at: (this.#links[at] as Link).at }
  }

  async #fromLog(cursor: Cursor, head: Cursor, view: View): Promise<Encoded | undefined> {
    const way = await this.#way(cursor, head)
    if (way === 'nothing') return undefined
    const text = way?.frame.text(view)
    if (!way || text === undefined) return await this.#whole(view)
    if (text.length < WEIGH_FROM) {
      this.#keep(cursor, way)
      return { text, cursor: way.cursor }
    }
    const whole = await this.#whole(view)
    return whole && (whole.text.length < text.length || isOversized(text)) ? whole : { text, cursor: way.cursor }
  }

  /** From the log; `undefined` where that does not hold the cursor. */
  async #way(cursor: Cursor, head: Cursor): Promise<Step | 'nothing' | undefined> {
    const known = this.#ways.get(cursor)
    if (known?.cursor === head) return known
    const entries = await this.#since(cursor)
    if (!entries) return undefined
    // a snapshot may be ahead of the topic's last reading
    const missed = entries.filter((entry) => versionOf(entry.cursor) <= versionOf(head))
    if (missed.length === 0) return 'nothing'
    return this.#step(cursor, missed)
  }

  #keep(cursor: Cursor, way: Step): void {
    this.#ways.set(cursor, way)
    const [oldest] = this.#ways.keys()
    if (this.#ways.size > MAX_WAYS && oldest !== undefined) this.#ways.delete(oldest)
  }

  async #whole(view: View): Promise<Encoded | undefined> {
    if (this.#snapshot?.cursor !== this.#head) {
      const stored = await this.#engine.record.read(this.id)
      if (!stored) return undefined
      this.#snapshot = { cursor: stored.cursor, frame: new SharedFrame({ event: 'run', data: { run: stored.run, cursor: stored.cursor } }) }
    }
    const { frame, cursor } = this.#snapshot as Step
    const text = frame.text(view)
    if (isOversized(text)) throw new TooLargeError(`the record of ${this.id}`, utf8Length(text), MAX_FRAME_BYTES)
    return { text, cursor }
  }

  async #advance(): Promise<void> {
    try {
      await this.#readLog()
      if (this.#finished && !this.#end?.settled) await this.#readEnd()
    } catch (thrown) {
      // the next wake tries again; readers keep what they have
      console.error(`runfeed: ${this.id} could not be read:`, thrown)
    }
    this.#onChange()
  }

  async #readLog(): Promise<void> {
    const entries = this.#head === undefined ? undefined : await this.#since(this.#head)
    if (entries && this.#head !== undefined) {
      if (entries.length === 0) return
      const base = this.#head
      this.#links.push({ base, at: (entries[0] as LogEntry).at, ...this.#step(base, entries) })
      while (this.#links.length > 1 && (this.#links.length > MAX_LINKS || lengthOf(this.#links) > MAX_LINKS_LENGTH)) this.#links.shift()
      this.#head = (entries[entries.length - 1] as LogEntry).cursor
      if (this.#snapshot?.cursor !== this.#head) this.#snapshot = undefined
      if (entries.some(({ patch }) => patch.some(({ path }) => path.startsWith('/tags')))) this.#revision++
      if (entries.some(({ patch }) => patch.some(({ path }) => path === '/finishedAt'))) this.#finished = true
      return
    }
    const stored = await this.#engine.record.read(this.id)
    this.#missing = stored === undefined
    this.#links = []
    this.#revision++
    this.#head = stored?.cursor
    this.#finished = stored?.run.finishedAt != null
  }

  /** `undefined` for a run that has been removed, too. */
  async #since(cursor: Cursor): Promise<readonly LogEntry[] | undefined> {
    try {
      return await this.#engine.record.since(this.id, cursor)
    } catch (thrown) {
      if (toRunfeedError(thrown).type === 'not_found') return undefined
      throw thrown
    }
  }

  async #readEnd(): Promise<void> {
    const settled = await this.#engine.record.isSettled(this.id)
    if (this.#end && !settled) return
    const stored = (await this.#engine.record.read(this.id)) as StoredRun
    const lengths = await this.#lengths(stored.run)
    this.#end = {
      settled,
      cursor: this.#head as Cursor,
      text: encodeFrame({ event: 'end', data: { run: this.id, cursor: this.#head as Cursor, lengths, settled } }),
    }
  }

  async #lengths(run: Run): Promise<{ readonly [stream: string]: number }> {
    const keys = Object.keys(run.streams)
    const infos = await Promise.all(keys.map((key) => this.#engine.chunks.info(this.id, key)))
    return Object.fromEntries(keys.map((key, i) => [key, infos[i]?.length ?? 0]))
  }

  #step(base: Cursor, entries: readonly LogEntry[]): Step {
    const last = entries[entries.length - 1] as LogEntry
    const by = entries.every((entry) => entry.by === last.by) ? last.by : null
    const patch = coalescePatch(entries.flatMap((entry) => entry.patch))
    const data = { run: this.id, base: versionOf(base), cursor: last.cursor, at: last.at, patch, by }
    return { cursor: last.cursor, frame: new SharedFrame({ event: 'patch', data }) }
  }
}

const lengthOf = (links: readonly Link[]): number => links.reduce((sum, { frame }) => sum + frame.length, 0)
const isOversized = (text: string): boolean => text.length > MAX_FRAME_BYTES / 3 && utf8Length(text) > MAX_FRAME_BYTES
