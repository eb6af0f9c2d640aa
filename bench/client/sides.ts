// The two ways in which the bench reads a feed: with eventsource-parser and JSON.parse alone, and with all that the client does.
import { createParser } from 'eventsource-parser'
import { isDeepStrictEqual } from 'node:util'
import { createRunClient } from 'runfeed'
import type { Frame } from '../../src/protocol/frame.ts'
import { Fold } from '../../src/store/fold.ts'
import { RunEntry } from '../../src/store/run-entry.ts'
import { Store } from '../../src/store/store.ts'
import { StreamEntry } from '../../src/store/stream-entry.ts'
import { readFrames } from '../../src/transport/read-frames.ts'
import { type Feed, RUN, STREAM } from './feeds.ts'

function bodyOf({ pieces }: Feed): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      const piece = pieces[at++]
      if (piece) controller.enqueue(piece as Uint8Array<ArrayBuffer>)
      else controller.close()
    },
  })
}

function check(feed: Feed, publications: number, metadata: unknown, chunks: readonly unknown[]): void {
  if (publications !== feed.events) throw new Error(`${publications} of ${feed.events} events were published`)
  if (!isDeepStrictEqual(metadata, feed.metadata) || !isDeepStrictEqual(chunks, feed.chunks)) throw new Error('what was read is not what was sent')
}

/** Each reads the feed once. @returns a check of what it has come to, which is not part of its time. */
export const SIDES = {
  /** Text, events and values, which nobody takes. */
  async bare(feed: Feed): Promise<() => void> {
    let events = 0
    const parser = createParser({
      onEvent({ data }) {
        if (JSON.parse(data) !== null) events++
      },
    })
    const reader = bodyOf(feed).getReader()
    const decoder = new TextDecoder()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      parser.feed(decoder.decode(value, { stream: true }))
    }
    return () => check(feed, events, feed.metadata, feed.chunks)
  },

  /** Published after each event, as no page does: it is the most that one costs. */
  async ours(feed: Feed): Promise<() => void> {
    const store = new Store({ schedule: () => () => {} })
    const run = new RunEntry(RUN, store.publisher)
    const stream = new StreamEntry(RUN, STREAM, 0, store)
    let publications = 0
    for (const entry of [run, stream]) {
      store.hold(entry)
      entry.topic.subscribe(() => publications++)
    }
    const fold = new Fold(store, [run.want(), stream.want()])
    const frames = readFrames(() => Promise.resolve(bodyOf(feed)), new AbortController().signal)
    for await (const first of frames) {
      for (let frame: Frame | undefined = first; frame; frame = frames.more()) {
        fold.apply(frame)
        store.publisher.flush()
      }
    }
    return () => check(feed, publications, run.topic.getSnapshot().run?.metadata, stream.topic.getSnapshot().log.slice())
  },

  /** The client as it is made and used: it publishes once for what has come at once. */
  async client(feed: Feed): Promise<() => void> {
    const client = createRunClient({
      baseUrl: 'http://127.0.0.1',
      fetch: () => Promise.resolve(new Response(bodyOf(feed), { headers: { 'content-type': 'text/event-stream' } })),
      scheduler: {
        schedule(task) {
          queueMicrotask(task)
          return () => {}
        },
      },
      linger: 0,
    })
    const run = client.run(RUN)
    const stream = client.stream(RUN, STREAM)
    for (const source of [run, stream]) source.subscribe(() => {})
    await new Promise<void>((resolve) => client.connection.subscribe(() => client.connection.getSnapshot().status === 'reconnecting' && resolve()))
    const [{ run: record }, { log }] = [run.getSnapshot(), stream.getSnapshot()]
    client.close()
    return () => check(feed, feed.events, record?.metadata, log.slice())
  },
} as const
export type SideName = keyof typeof SIDES
