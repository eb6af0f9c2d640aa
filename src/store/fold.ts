// What one connection makes of its frames. Each connection folds its own chain, from the documents that it was opened with, and the entries
// take a result only where it is newer: so an old connection and the one that replaces it may overlap.
import type { Cursor } from '../protocol/cursor.ts'
import { DeniedError, ProtocolError } from '../protocol/errors.ts'
import type { Frame, FrameOf } from '../protocol/frame.ts'
import type { Run } from '../protocol/run.ts'
import { topicOf, topics, type Want } from '../protocol/want.ts'
import { Chain } from './chain.ts'
import { completed, omittedBy } from './omitted.ts'
import { numberOf } from './run-entry.ts'
import { shareEqual } from './share.ts'
import type { Store, StreamEntry } from './store.ts'
import { addChunks, describeStream, isStreamOver, leaveGap } from './stream-record.ts'

/** What must be asked for anew: a run by a GET, a stream by a connection that begins after its last good chunk. */
export interface Broken {
  readonly run: string
  readonly stream?: string
  /** Nothing is wrong: the frame of this cursor leaves out what is too large for it. */
  readonly omitted?: Cursor
}

export class Fold {
  readonly #store: Store
  /** By topic, as the streams are. */
  readonly #runs = new Map<string, Chain>()
  /** The index of each stream's next chunk on this connection. */
  readonly #streams = new Map<string, number>()
  /** The connection is gone. The one after it tells what this one was still waiting to apply, and may have told what came later. */
  isOver = false

  constructor(store: Store, wants: readonly Want[]) {
    this.#store = store
    // the documents are another chain's too, which must not change them in place any more
    store.publisher.epoch++
    for (const want of wants) {
      if (want.query !== undefined) continue
      if (want.stream !== undefined) {
        this.#streams.set(topicOf(want), want.index ?? 0)
        continue
      }
      const { run, cursor } = store.run(want.run)?.topic.latest ?? {}
      this.#runs.set(topicOf(want), new Chain(want.cursor === undefined ? undefined : run, cursor))
    }
  }

  /** Whether the connection brings all that is wanted of a topic. A stream may be wanted from an earlier chunk on than when it was opened. */
  covers(topic: string): boolean {
    const position = this.#streams.get(topic)
    return position === undefined ? this.#runs.has(topic) : position <= this.#store.nextIndex(topic)
  }
  /** Ignores the topic from now on. */
  drop(topic: string): void {
    this.#streams.delete(topic)
    this.#runs.delete(topic)
  }

  /**
   * Applies one frame.
   * @returns what it did not fit, once.
   * @throws ProtocolError for a cursor that is none.
   */
  apply(frame: Frame): Broken | undefined {
    switch (frame.event) {
      case 'run':
        return this.#run(frame)
      case 'patch':
        return this.#patch(frame)
      case 'end':
        return this.#end(frame)
      case 'chunks':
        return this.#chunks(frame.data)
      case 'stream':
        return this.#stream(frame.data)
      case 'gap':
        return this.#gap(frame.data)
      case 'denied':
        return this.#denied(frame.data)
      case 'list':
      case 'enter':
      case 'leave':
      case 'open':
      case 'ping':
      case 'bye':
        return undefined
      default:
        frame satisfies never
        return undefined
    }
  }

  /** Whether the run's end was told, and only waits for the answer of a resync. */
  awaitsEnd(run: string): boolean {
    return this.#runs.get(topics.run(run))?.waiting?.some(({ event, data }) => event === 'end' && data.settled) === true
  }

  /**
   * The answer of a resync. What frames left out is taken from it, and nothing else: it may be between two versions that this connection tells, and
   * the next patch would not fit it. Where something did not fit it is the new beginning. It has no cursor, so that a reconnect before the next version
   * asks for the whole record.
   */
  resync(run: Run): Broken | undefined {
    const chain = this.#runs.get(topics.run(run.id))
    const waiting = chain?.waiting
    if (!waiting || this.isOver) return undefined
    chain.waiting = undefined
    if (!omittedBy(waiting[0])) this.#replace(chain, run, undefined)
    let broken: Broken | undefined
    for (const frame of waiting) broken = this.apply(completed(frame, run)) ?? broken
    return broken
  }

  #run(frame: FrameOf<'run'>): Broken | undefined {
    const { run, cursor } = frame.data
    const chain = this.#runs.get(topics.run(run.id))
    if (!chain) return undefined
    if (omittedBy(frame)) return chain.wait(frame, { run: run.id, omitted: cursor })
    const { waiting = [] } = chain
    chain.waiting = undefined
    this.#replace(chain, run, cursor)
    // its end is the one thing that a record does not say
    for (const before of waiting) if (before.event === 'end') this.#end(before)
    return undefined
  }

  #replace(chain: Chain, run: Run, cursor: Cursor | undefined): void {
    const known = this.#store.run(run.id)
    chain.run = shareEqual(known?.topic.latest.run, run)
    chain.cursor = cursor
    // parts of the known document are part of this one now
    this.#store.publisher.epoch++
    this.#took(run.id, chain)
  }

  #patch(frame: FrameOf<'patch'>): Broken | undefined {
    const { run, cursor } = frame.data
    const chain = this.#runs.get(topics.run(run))
    if (!chain) return undefined
    if (chain.waiting) return chain.wait(frame, { run })
    if (omittedBy(frame) && !chain.has(cursor)) return chain.wait(frame, { run, omitted: cursor })
    let fits = false
    try {
      fits = chain.follow(frame.data, this.#store.publisher.epoch)
    } catch (thrown) {
      if (thrown instanceof ProtocolError) throw thrown
      // half of it may have been done in what others read next
      this.#store.run(run)?.restore()
    }
    if (fits) return this.#took(run, chain)
    return chain.wait(frame, { run })
  }

  #took(id: string, { run, cursor }: Chain, force = false): undefined {
    const entry = this.#store.run(id)
    if (!entry || !run) return
    entry.take(run, cursor, force)
    this.#store.settle(id)
  }

  #end(frame: FrameOf<'end'>): undefined {
    const { run: id, cursor, lengths } = frame.data
    const chain = this.#runs.get(topics.run(id))
    if (chain?.waiting) return chain.wait(frame, undefined)
    const entry = chain && this.#store.run(id)
    if (entry) {
      entry.ending = frame.data
      // the server may have forgotten a later version that it told us before it crashed
      if (chain.run?.version === numberOf(cursor)) entry.take(chain.run, chain.cursor, true)
    }
    this.#store.endStreams(id, lengths)
    this.#store.settle(id)
  }

  #chunks(data: FrameOf<'chunks'>['data']): Broken | undefined {
    const { run, stream, index, chunks } = data
    const topic = topicOf(data)
    const position = this.#streams.get(topic)
    const entry = this.#store.stream(topic)
    if (position === undefined || !entry) return undefined
    if (index > position) {
      this.#streams.delete(topic)
      return { run, stream }
    }
    this.#streams.set(topic, Math.max(position, index + chunks.length))
    const { latest } = entry.topic
    entry.topic.latest = addChunks(latest, data)
    if (latest.ending || latest.refill) this.#mayBeOver(entry)
    return undefined
  }

  #stream(data: FrameOf<'stream'>['data']): undefined {
    const topic = topicOf(data)
    const entry = this.#store.stream(topic)
    if (!entry || !this.#streams.has(topic)) return
    entry.topic.latest = describeStream(entry.topic.latest, data)
    this.#mayBeOver(entry)
  }

  #mayBeOver({ run, topic }: StreamEntry): void {
    if (!isStreamOver(topic.latest)) return
    this.#store.settle(run)
    this.#store.onOver()
  }

  #gap(data: FrameOf<'gap'>['data']): undefined {
    const topic = topicOf(data)
    const position = this.#streams.get(topic)
    const entry = this.#store.stream(topic)
    if (position === undefined || !entry) return
    this.#streams.set(topic, data.to)
    entry.topic.latest = leaveGap(entry.topic.latest, data, position)
  }

  #denied(data: FrameOf<'denied'>['data']): undefined {
    const topic = topicOf(data)
    if (!this.#runs.has(topic) && !this.#streams.has(topic)) return
    this.drop(topic)
    this.#store.fail(topic, new DeniedError(data.code, data.message))
  }
}
