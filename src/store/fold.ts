// What one connection makes of its frames. Each connection folds its own chain, from the documents that it was opened with, and the entries
// take a result only where it is newer: so an old connection and the one that replaces it may overlap.
import type { Cursor } from '../protocol/cursor.ts'
import { DeniedError, ProtocolError } from '../protocol/errors.ts'
import type { Frame, FrameOf } from '../protocol/frame.ts'
import type { Run } from '../protocol/run.ts'
import { runTopic, topicOf, type Want } from '../protocol/want.ts'
import { Chain } from './chain.ts'
import { completed, omittedBy } from './omitted.ts'
import { ListEntry } from './list-entry.ts'
import { numberOf } from './run-entry.ts'
import { shareEqual } from './share.ts'
import type { Store } from './store.ts'
import { describeStream, isStreamOver, leaveGap, nextIndex } from './stream-record.ts'

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
  readonly #lists = new Map<string, ListEntry>()
  /** The index of each stream's next chunk on this connection. */
  readonly #streams = new Map<string, number>()
  /** The connection is gone. The one after it tells what this one was still waiting to apply, and may have told what came later. */
  isOver = false
  /** Answers that its frames wait for. */
  reads: Promise<unknown> | undefined

  constructor(store: Store, wants: readonly Want[]) {
    this.#store = store
    // the documents are another chain's too, which must not change them in place any more
    store.publisher.epoch++
    for (const want of wants) {
      const topic = topicOf(want)
      const entry = store.followed.get(topic)
      if (want.stream !== undefined) this.#streams.set(topic, want.index ?? 0)
      else if (want.run !== undefined) {
        const { run, cursor } = store.run(want.run)?.topic.latest ?? {}
        this.#runs.set(topic, new Chain(run, cursor))
      } else if (entry instanceof ListEntry) this.#lists.set(topic, entry)
    }
    // members that are wanted for themselves have their chain by now
    for (const list of this.#lists.values()) for (const id of list.ids) this.#member(id, list)
  }

  /** Whether the connection brings all that is wanted of a topic. A stream may be wanted from an earlier chunk on than when it was opened. */
  covers(topic: string): boolean {
    const position = this.#streams.get(topic)
    if (position === undefined) return this.#lists.has(topic) || this.#runs.get(topic)?.isMember === false
    const entry = this.#store.stream(topic)
    return !entry || position <= nextIndex(entry.topic.latest)
  }
  /** Ignores the topic from now on. */
  forget(topic: string): void {
    this.#streams.delete(topic)
    this.#runs.delete(topic)
    this.#lists.delete(topic)
  }
  isListed(run: string): boolean {
    for (const list of this.#lists.values()) if (list.has(run)) return true
    return false
  }
  /** Ignores what does not fit again and again, and the lists that have it. @returns their topics. */
  giveUp(run: string, topic: string): readonly string[] {
    const given = [topic]
    if (topic === runTopic(run)) for (const [name, list] of this.#lists) if (list.has(run)) given.push(name)
    for (const name of given) this.forget(name)
    return given
  }
  /** Nobody wants the topic for itself any more. A run may be a member of a list, now or later, and is told as what was wanted goes on to be. */
  drop(topic: string): void {
    const chain = this.#runs.get(topic)
    if (!chain || this.#lists.size === 0) return this.forget(topic)
    // one that was denied is let go of later, too
    if (chain.isMember) return
    chain.isMember = true
    // a list does without what is left out
    if (!omittedBy(chain.waiting?.[0])) return
    const { waiting = [] } = chain
    chain.waiting = undefined
    for (const frame of waiting) this.apply(frame)
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
      case 'stream':
      case 'gap':
        return this.#stream(frame)
      case 'denied':
        return this.#denied(frame.data)
      case 'list':
      case 'enter':
      case 'leave':
        return this.#membership(frame)
      case 'open':
      case 'ping':
      case 'bye':
        return undefined
      default:
        frame satisfies never
        return undefined
    }
  }

  /** Whether frames of the run wait for the answer of a resync. */
  isWaiting(run: string): boolean {
    return this.#runs.get(runTopic(run))?.waiting !== undefined
  }
  /** Whether the run's end was told, and only waits for the answer of a resync. */
  awaitsEnd(run: string): boolean {
    return this.#runs.get(runTopic(run))?.waiting?.some(({ event, data }) => event === 'end' && data.settled) === true
  }

  /**
   * The answer of a resync. What frames left out is taken from it, and nothing else: it may be between two versions that this connection tells, and
   * the next patch would not fit it. Where something did not fit it is the new beginning. It has no cursor, so that a reconnect before the next version
   * asks for the whole record.
   */
  resync(run: Run): Broken | undefined {
    const chain = this.#runs.get(runTopic(run.id))
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
    // a member's record may come before the frame that names it
    const chain = this.#runs.get(runTopic(run.id)) ?? (this.#lists.size > 0 ? this.#member(run.id) : undefined)
    if (!chain) return undefined
    if (omittedBy(frame) && !chain.isMember) return chain.wait(frame, { run: run.id, omitted: cursor })
    const { waiting = [] } = chain
    chain.waiting = undefined
    this.#replace(chain, run, cursor)
    // its end is the one thing that a record does not say
    for (const before of waiting) if (before.event === 'end') this.#end(before)
    return undefined
  }

  #replace(chain: Chain, run: Run, cursor: Cursor | undefined): void {
    // what this connection went on from, or told, its server knows no more (an older copy of its data was put back): what it knows now counts
    const isForgotten = chain.run !== undefined && run.version < chain.run.version
    chain.run = shareEqual(chain.isMember ? this.#listOf(run.id)?.known(run.id)?.run : this.#store.run(run.id)?.topic.latest.run, run)
    chain.cursor = cursor
    // parts of the known document are part of this one now
    this.#store.publisher.epoch++
    this.#took(run.id, chain, isForgotten)
  }

  #patch(frame: FrameOf<'patch'>): Broken | undefined {
    const { run, cursor } = frame.data
    const chain = this.#runs.get(runTopic(run))
    if (!chain) return undefined
    if (chain.waiting) return chain.wait(frame, { run })
    if (omittedBy(frame) && !chain.isMember && !chain.has(cursor)) return chain.wait(frame, { run, omitted: cursor })
    let fits = false
    try {
      fits = chain.follow(frame.data, this.#store.publisher.epoch)
    } catch (thrown) {
      if (thrown instanceof ProtocolError) throw thrown
      // half of it may have been done in what others read next
      this.#store.run(run)?.restore()
      for (const list of this.#lists.values()) list.forget(run)
    }
    if (fits) return this.#took(run, chain)
    return chain.wait(frame, { run })
  }

  #took(id: string, { run, cursor, isMember }: Chain, force?: boolean): undefined {
    if (!run) return
    for (const list of this.#lists.values()) list.take(run, cursor, force)
    const entry = isMember ? undefined : this.#store.run(id)
    if (!entry) return
    entry.take(run, cursor, force)
    if (entry.ending) this.#store.settle(id)
  }

  /** The chain of a run that a list brings, begun where an earlier connection had got to. */
  #member(id: string, list?: ListEntry): Chain {
    const topic = runTopic(id)
    const known = list?.known(id)
    const chain = this.#runs.get(topic) ?? new Chain(known?.run, known?.cursor, true)
    this.#runs.set(topic, chain)
    return chain
  }
  /** The first list that has the run. */
  #listOf(run: string): ListEntry | undefined {
    for (const list of this.#lists.values()) if (list.has(run)) return list
    return undefined
  }

  #membership({ event, data }: FrameOf<'list'> | FrameOf<'enter'> | FrameOf<'leave'>): undefined {
    const list = this.#lists.get(topicOf({ query: data.query }))
    if (!list) return
    list[event](data as never)
    for (const [topic, { run, cursor, isMember, wasWanted }] of this.#runs) {
      if (!run) continue
      list.take(run, cursor)
      // what no list brings any more may come again whole
      if (isMember && !wasWanted && event === 'leave' && data.run === run.id && !this.#listOf(run.id)) this.#runs.delete(topic)
    }
  }

  #end(frame: FrameOf<'end'>): undefined {
    const { run: id, cursor, lengths } = frame.data
    const chain = this.#runs.get(runTopic(id))
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

  #stream({ event, data }: FrameOf<'chunks'> | FrameOf<'stream'> | FrameOf<'gap'>): Broken | undefined {
    const topic = topicOf(data)
    const position = this.#streams.get(topic)
    const entry = this.#store.stream(topic)
    if (position === undefined || !entry) return undefined
    const { latest } = entry.topic
    if (event === 'gap') {
      this.#streams.set(topic, data.to)
      entry.topic.latest = leaveGap(latest, data, position)
      return undefined
    }
    if (event === 'stream') entry.topic.latest = describeStream(latest, data)
    else {
      const { run, stream, index, chunks } = data
      if (index > position) {
        this.#streams.delete(topic)
        return { run, stream }
      }
      this.#streams.set(topic, Math.max(position, index + chunks.length))
      entry.add(data)
    }
    if (isStreamOver(entry.topic.latest)) {
      this.#store.settle(entry.run)
      this.#store.onOver()
    }
    return undefined
  }

  #denied(data: FrameOf<'denied'>['data']): undefined {
    const topic = topicOf(data)
    if (!this.#runs.has(topic) && !this.#streams.has(topic) && !this.#lists.has(topic)) return
    this.drop(topic)
    this.#store.fail(topic, new DeniedError(data.code, data.message))
  }
}
