// Who waits for what of an engine, and which streams of a run somebody waits for.
import { Listeners } from '../protocol/listeners.ts'

export class Bell {
  readonly #listeners = new Listeners()
  /** Stream topics by run: a run's end ends streams that readers wait for and that were never opened, and only listeners know those. */
  readonly #streamTopics = new Map<string, Set<string>>()

  listen(topic: string, listener: () => void): () => void {
    const run = runOfStream(topic)
    const end = this.#listeners.add(topic, listener)
    if (run === undefined) return end
    this.#streamTopics.set(run, (this.#streamTopics.get(run) ?? new Set()).add(topic))
    return () => {
      if (!end()) return
      const topics = this.#streamTopics.get(run)
      topics?.delete(topic)
      if (topics?.size === 0) this.#streamTopics.delete(run)
    }
  }

  streamTopics(run: string): Iterable<string> {
    return this.#streamTopics.get(run) ?? []
  }

  ring(topics: Iterable<string>): void {
    this.#listeners.ring(topics)
  }
}

function runOfStream(topic: string): string | undefined {
  if (!topic.startsWith('stream:')) return undefined
  const end = topic.indexOf(':', 7)
  return end < 0 ? undefined : topic.slice(7, end)
}
