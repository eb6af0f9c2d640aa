// What the sessions of one engine read, each once: a topic is made for its first reader and closed after its last.
import type { RunEngine } from '../protocol/engine.ts'
import { type FeedQuery, queryName, topics } from '../protocol/want.ts'
import { QueryTopic } from './query-topic.ts'
import { RunTopic } from './run-topic.ts'
import { StreamTopic } from './stream-topic.ts'

/** Who reads a topic. An object and no function: there are as many as there are readers. */
export interface Listener {
  /** There may be something new. */
  ring(): void
}
type AnyTopic = RunTopic | StreamTopic | QueryTopic

/** A topic and those who read it. */
export class Shared<T extends AnyTopic = AnyTopic> {
  readonly topic: T
  readonly #listeners = new Set<Listener>()
  readonly #closed: () => void

  constructor(make: (changed: () => void) => T, closed: () => void) {
    this.#closed = closed
    this.topic = make(() => {
      for (const listener of this.#listeners) listener.ring()
    })
  }

  enter(listener: Listener): void {
    this.#listeners.add(listener)
  }

  /** The topic is closed after the last. */
  leave(listener: Listener): void {
    if (!this.#listeners.delete(listener) || this.#listeners.size > 0) return
    this.topic.close()
    this.#closed()
  }
}

export class Topics {
  readonly #engine: RunEngine
  readonly #tick: number
  readonly #shared = new Map<string, Shared>()

  constructor(engine: RunEngine, tick: number) {
    this.#engine = engine
    this.#tick = tick
  }

  /** Whoever asks for a topic enters it, and leaves it. */
  run(id: string): Shared<RunTopic> {
    return this.#share(topics.run(id), (changed) => new RunTopic(this.#engine, id, this.#tick, changed))
  }

  stream(run: string, stream: string): Shared<StreamTopic> {
    return this.#share(topics.stream(run, stream), (changed) => new StreamTopic(this.#engine, run, stream, this.#tick, changed))
  }

  query(query: FeedQuery, namespace: string | undefined): Shared<QueryTopic> {
    return this.#share(`query:${JSON.stringify(namespace)}:${queryName(query)}`, (changed) => {
      const catchUp = async (run: string): Promise<void> => {
        const topic = this.#shared.get(topics.run(run))?.topic
        if (topic instanceof RunTopic) await topic.fresh()
      }
      return new QueryTopic(query, namespace, { engine: this.#engine, tick: this.#tick, catchUp, changed })
    })
  }

  /** Once in a heartbeat: what was kept for many readers is not kept for those who do not come. */
  rest(): void {
    for (const { topic } of this.#shared.values()) if (!(topic instanceof QueryTopic)) topic.rest()
  }

  #share<T extends AnyTopic>(name: string, make: (changed: () => void) => T): Shared<T> {
    let shared = this.#shared.get(name) as Shared<T> | undefined
    if (!shared) {
      shared = new Shared(make, () => this.#shared.delete(name))
      this.#shared.set(name, shared)
    }
    return shared
  }
}
