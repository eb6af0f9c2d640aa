// Who listens to which topic of `RunEngine.wake`. A ring carries no data: the woken read what they need.

export class Listeners {
  readonly #byTopic = new Map<string, Set<() => void>>()

  /** Topics that have any. */
  get size(): number {
    return this.#byTopic.size
  }

  has(topic: string): boolean {
    return this.#byTopic.has(topic)
  }

  /** @returns ends it, and says whether it was the topic's last; twice does nothing. */
  add(topic: string, listener: () => void): () => boolean {
    // wrapped, so that one function may listen twice and end each on its own
    const entry = (): void => listener()
    let listeners = this.#byTopic.get(topic)
    if (!listeners) this.#byTopic.set(topic, (listeners = new Set()))
    listeners.add(entry)
    return () => listeners.delete(entry) && listeners.size === 0 && this.#byTopic.delete(topic)
  }

  ring(topics: Iterable<string>): void {
    for (const topic of topics) {
      // a copy: a listener that listens anew while it is called would be called for ever
      for (const listener of Array.from(this.#byTopic.get(topic) ?? [])) {
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
