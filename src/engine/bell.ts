// Who waits for what. A ring carries no data: the woken read what they need, from the cursor that they have.

export class Bell {
  readonly #listeners = new Map<string, Set<() => void>>()
  /** Stream topics by run: a run's end ends streams that readers wait for and that were never opened, and only listeners know those. */
  readonly #streamTopics = new Map<string, Set<string>>()

  listen(topic: string, listener: () => void): () => void {
    const run = runOfStream(topic)
    let listeners = this.#listeners.get(topic)
    if (!listeners) {
      listeners = new Set()
      this.#listeners.set(topic, listeners)
      if (run !== undefined) this.#streamTopics.set(run, (this.#streamTopics.get(run) ?? new Set()).add(topic))
    }
    // wrapped, so that one function may listen twice and end each on its own
    const entry = (): void => listener()
    listeners.add(entry)
    return () => {
      listeners.delete(entry)
      if (listeners.size > 0 || this.#listeners.get(topic) !== listeners) return
      this.#listeners.delete(topic)
      if (run === undefined) return
      const topics = this.#streamTopics.get(run)
      topics?.delete(topic)
      if (topics?.size === 0) this.#streamTopics.delete(run)
    }
  }

  streamTopics(run: string): Iterable<string> {
    return this.#streamTopics.get(run) ?? []
  }

  ring(topics: Iterable<string>): void {
    for (const topic of topics) {
      // a copy: a listener that listens anew while it is called would be called for ever
      for (const listener of Array.from(this.#listeners.get(topic) ?? [])) {
        try {
          listener()
        } catch (error) {
          // one listener's mistake must neither keep the others asleep nor be swallowed
          queueMicrotask(() => {
            throw error
          })
        }
      }
    }
  }
}

function runOfStream(topic: string): string | undefined {
  if (!topic.startsWith('stream:')) return undefined
  const end = topic.indexOf(':', 7)
  return end < 0 ? undefined : topic.slice(7, end)
}
