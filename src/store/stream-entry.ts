// What is known of one stream of a run.
import type { FrameOf } from '../protocol/frame.ts'
import { streamTopic, type Want } from '../protocol/want.ts'
import { Entry } from './entry.ts'
import { after } from './run-entry.ts'
import type { Store } from './store.ts'
import { addChunks, emptyStream, isStreamOver, keepLast, nextIndex, type StreamRecord } from './stream-record.ts'

export class StreamEntry extends Entry<StreamRecord> {
  readonly run: string
  readonly key: string
  /** How many chunks anybody keeps; the others are let go of. */
  keep: number = Number.POSITIVE_INFINITY
  readonly #store: Store

  constructor(run: string, key: string, from: number, store: Store) {
    super(streamTopic(run, key), store.publisher, emptyStream(from))
    this.run = run
    this.key = key
    this.#store = store
  }

  want(): Want {
    return { run: this.run, stream: this.key, index: nextIndex(this.topic.latest), ...after(this.topic.latest.cursor) }
  }
  /** Takes chunks, and keeps what somebody wants of them. */
  add(chunks: FrameOf<'chunks'>['data']): void {
    const next = addChunks(this.topic.latest, chunks)
    if (next === this.topic.latest) return
    this.topic.latest = this.keep === Number.POSITIVE_INFINITY ? next : keepLast(next, this.keep)
  }

  /** An ended stream may be opened again by a later attempt, while its run is followed and has not ended. */
  get isOver(): boolean {
    const run = this.#store.run(this.run)?.topic.latest
    return isStreamOver(this.topic.latest) && (run === undefined || run.end !== undefined || run.error !== undefined)
  }
}
