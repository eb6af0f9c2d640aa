// What the sessions of one engine read, each once: a topic is made for its first reader and closed after its last.
import type { RunEngine } from '../protocol/engine.ts'
import { type FeedQuery, queryName, topics } from '../protocol/want.ts'
import type { Hold } from './place.ts'
import { QueryTopic } from './query-topic.ts'
import { RunTopic } from './run-topic.ts'
import { StreamTopic } from './stream-topic.ts'

interface Shared<T> {
  readonly topic: T
  readonly listeners: Set<() => void>
  readonly closed: () => void
}
type AnyTopic = RunTopic | StreamTopic | QueryTopic

/** One reader's hold on a topic. */
export class Share<T extends AnyTopic> implements Hold {
  readonly topic: T
  readonly #listeners: Set<() => void>
  readonly #ring: () => void
  readonly #closed: () => void

  /** @param ring - of this hold alone. */
  constructor({ topic, listeners, closed }: Shared<T>, ring: () => void) {
    this.topic = topic
    this.#listeners = listeners
    this.#ring = ring
    this.#closed = closed
    listeners.add(ring)
  }

  leave(): void {
    if (this.#listeners.delete(this.#ring) && this.#listeners.size === 0) this.#closed()
  }
}

export class Topics {
  readonly #engine: RunEngine
  readonly #tick: number
  readonly #shared = new Map<string, Shared<AnyTopic>>()

  constructor(engine: RunEngine, tick: number) {
    this.#engine = engine
    this.#tick = tick
  }

  /** @param ring - called when there may be something new. */
  run(id: string, ring: () => void): Share<RunTopic> {
    return this.#share(topics.run(id), ring, (changed) => new RunTopic(this.#engine, id, this.#tick, changed))
  }

  stream(run: string, stream: string, ring: () => void): Share<StreamTopic> {
    return this.#share(topics.stream(run, stream), ring, (changed) => new StreamTopic(this.#engine, run, stream, this.#tick, changed))
  }

  query(query: FeedQuery, namespace: string | undefined, ring: () => void): Share<QueryTopic> {
    return this.#share(`query:${JSON.stringify(namespace)}:${queryName(query)}`, ring, (changed) => {
      const catchUp = async (run: string): Promise<void> => {
        const topic = this.#shared.get(topics.run(run))?.topic
        if (topic instanceof RunTopic) await topic.fresh()
      }
      return new QueryTopic(query, namespace, { engine: this.#engine, tick: this.#tick, catchUp, changed })
    })
  }

  #share<T extends AnyTopic>(name: string, ring: () => void, make: (changed: () => void) => T): Share<T> {
    let shared = this.#shared.get(name) as Shared<T> | undefined
    if (!shared) {
      const listeners = new Set<() => void>()
      const topic = make(() => {
        for (const listener of listeners) listener()
      })
      const closed = (): void => {
        topic.close()
        this.#shared.delete(name)
      }
      shared = { topic, listeners, closed }
      this.#shared.set(name, shared)
    }
    return new Share(shared, ring)
  }
}
