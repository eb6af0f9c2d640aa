// One run, for all the sessions that read it: the log is read once, and a frame encoded once.
import type { Cursor } from '../protocol/cursor.ts'
import { parseCursor } from '../protocol/cursor.ts'
import type { LogEntry, RunEngine, StoredRun } from '../protocol/engine.ts'
import { TooLargeError } from '../protocol/errors.ts'
import { encodeFrame } from '../protocol/frame.ts'
import { utf8Length } from '../protocol/json.ts'
import { MAX_FRAME_BYTES } from '../protocol/limits.ts'
import { coalescePatch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import { inlinePatch, inlineRun } from './inline.ts'
import { Ticker } from './ticker.ts'

/** An encoded frame and the cursor after it. */
export interface Encoded {
  readonly text: string
  readonly cursor: Cursor
}
interface Link extends Encoded {
  readonly base: Cursor
}

/** The frames of the last seconds; who is further behind reads the log. */
const MAX_LINKS = 64
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
  #snapshot: Encoded | undefined
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
  /** The run's end, once it has one: sent to who has reached its cursor. */
  get end(): (Encoded & { readonly settled: boolean }) | undefined {
    return this.#end
  }
  /** Resolves when the topic has been read once; wakes keep it current from then on. */
  async ready(): Promise<void> {
    await this.#ticker.first()
  }
  close(): void {
    this.#ticker.stop()
    this.#unwake()
  }

  /** What leads from a cursor to what the topic has read; `undefined` where there is nothing new. */
  async after(cursor: Cursor | undefined): Promise<Encoded | undefined> {
    const head = this.#head
    if (head === undefined || cursor === head) return undefined
    if (cursor === undefined) return await this.#whole()
    const at = this.#links.findIndex(({ base }) => base === cursor)
    if (at >= 0)
      return {
        text: this.#links
          .slice(at)
          .map(({ text }) => text)
          .join(''),
        cursor: head,
      }
    // a snapshot may be ahead of the topic's last reading
    const entries = await this.#engine.record.since(this.id, cursor)
    if (!entries) return await this.#whole()
    const missed = entries.filter((entry) => versionOf(entry.cursor) <= versionOf(head))
    if (missed.length === 0) return undefined
    const frame = this.#encode(cursor, missed)
    if (frame.text.length < WEIGH_FROM) return frame
    const whole = await this.#whole()
    return whole && (whole.text.length < frame.text.length || isOversized(frame.text)) ? whole : frame
  }

  /** @throws TooLargeError when not even that fits a frame. */
  async #whole(): Promise<Encoded | undefined> {
    if (this.#snapshot && this.#snapshot.cursor === this.#head) return this.#snapshot
    const stored = await this.#engine.record.read(this.id)
    if (!stored) return undefined
    const text = encodeFrame({ event: 'run', data: { ...inlineRun(stored.run), cursor: stored.cursor } })
    if (isOversized(text)) throw new TooLargeError(`the record of ${this.id}`, utf8Length(text), MAX_FRAME_BYTES)
    return (this.#snapshot = { text, cursor: stored.cursor })
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
    const entries = this.#head === undefined ? undefined : await this.#engine.record.since(this.id, this.#head)
    if (entries && this.#head !== undefined) {
      if (entries.length === 0) return
      const base = this.#head
      const link = { base, ...this.#encode(base, entries) }
      // readers then find no way on from where they are, and get the whole record
      if (isOversized(link.text)) this.#links = []
      else this.#links.push(link)
      if (this.#links.length > MAX_LINKS) this.#links.shift()
      this.#head = (entries[entries.length - 1] as LogEntry).cursor
      if (entries.some(({ patch }) => patch.some(({ path }) => path === '/finishedAt'))) this.#finished = true
      return
    }
    const stored = await this.#engine.record.read(this.id)
    this.#missing = stored === undefined
    this.#links = []
    this.#head = stored?.cursor
    this.#finished = stored?.run.finishedAt != null
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

  #encode(base: Cursor, entries: readonly LogEntry[]): Encoded {
    const last = entries[entries.length - 1] as LogEntry
    const by = entries.every((entry) => entry.by === last.by) ? last.by : null
    const patch = inlinePatch(coalescePatch(entries.flatMap((entry) => entry.patch)))
    return {
      cursor: last.cursor,
      text: encodeFrame({ event: 'patch', data: { run: this.id, base: versionOf(base), cursor: last.cursor, at: last.at, ...patch, by } }),
    }
  }
}

const isOversized = (text: string): boolean => text.length > MAX_FRAME_BYTES / 3 && utf8Length(text) > MAX_FRAME_BYTES
