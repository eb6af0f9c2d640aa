// Everything that is followed, as topics. What nobody follows any more is taken out of it: frames no longer reach that, and it stays as it is.
import type { RunfeedError } from '../protocol/errors.ts'
import { runTopic } from '../protocol/want.ts'
import type { Entry } from './entry.ts'
import type { RunEntry } from './run-entry.ts'
import type { Scheduler } from './scheduler.ts'
import { StreamEntry } from './stream-entry.ts'
import { endStream, isStreamOver } from './stream-record.ts'
import { Publisher } from './topic.ts'

export class Store {
  readonly publisher: Publisher
  /** By topic. */
  readonly followed: Map<string, Entry> = new Map()
  /** Called when a run or a stream has ended for good, or has failed. */
  onOver: () => void = () => {}

  constructor(scheduler: Scheduler) {
    this.publisher = new Publisher(scheduler)
  }

  /** From now on frames reach this entry. */
  hold(entry: Entry): void {
    this.followed.set(entry.name, entry)
    if (!(entry instanceof StreamEntry)) return
    // a stream that a settled run never opened needs no request
    const run = this.run(entry.run)
    const record = run?.topic.latest.run
    if (run?.isOver && record && !ownOf(record.streams, entry.key)) entry.topic.latest = endStream(entry.topic.latest, 0, undefined)
  }
  run(id: string): RunEntry | undefined {
    return this.followed.get(runTopic(id)) as RunEntry | undefined
  }
  /** @param topic - made once per frame: it is looked up twice. */
  stream(topic: string): StreamEntry | undefined {
    return this.followed.get(topic) as StreamEntry | undefined
  }

  fail(topic: string, error: RunfeedError): void {
    const entry = this.followed.get(topic)
    entry?.fail(error)
    // whoever waits for this stream before its run may end waits no longer
    if (entry instanceof StreamEntry) this.settle(entry.run)
    this.onOver()
  }

  /** The server said that the run ended: its streams end with it, each once its chunks are here, and then the run does. */
  settle(id: string): void {
    const entry = this.run(id)
    if (!entry?.ending) return
    const { lengths } = entry.ending
    for (const stream of this.#streamsOf(id)) {
      const { latest } = stream.topic
      if (!latest.error && (!isStreamOver(latest) || latest.log.length < (ownOf(lengths, stream.key) ?? 0))) return
    }
    if (entry.reachEnd()) this.onOver()
  }

  endStreams(id: string, lengths: { readonly [stream: string]: number }): void {
    const record = this.run(id)?.topic.latest.run
    for (const { key, topic } of this.#streamsOf(id)) topic.latest = endStream(topic.latest, ownOf(lengths, key) ?? 0, ownOf(record?.streams, key))
    this.onOver()
  }

  *#streamsOf(id: string): Iterable<StreamEntry> {
    for (const entry of this.followed.values()) if (entry instanceof StreamEntry && entry.run === id) yield entry
  }
}

/** A stream may be called as what every object inherits. */
const ownOf = <T>(record: { readonly [key: string]: T } | undefined, key: string): T | undefined =>
  Object.hasOwn(record ?? {}, key) ? record?.[key] : undefined
