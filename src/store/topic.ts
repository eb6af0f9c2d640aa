// One readable thing with two values: reducers write `latest`, a flush makes it the published one. Readers see only what was published, because
// React reads a snapshot whenever it renders: throttling the notifications alone would throttle nothing.
import type { Scheduler } from './scheduler.ts'
import type { Source } from './snapshot.ts'

interface Publishable {
  /** Whether the next flush publishes it. */
  isMarked: boolean
  /** @returns whether readers see something else now. */
  publish(): boolean
  notify(): void
}

/** Publishes every dirty topic, then notifies: a listener that reads two topics never sees one of them old. */
export class Publisher {
  readonly #scheduler: Scheduler
  #dirty: Publishable[] = []
  #cancel: (() => void) | undefined
  /** Changes whenever a document may be held by somebody else, from when on it must not be changed in place. */
  epoch = 0

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  mark(topic: Publishable): void {
    if (!topic.isMarked) this.#dirty.push(topic)
    topic.isMarked = true
    this.#cancel ??= this.#scheduler.schedule(this.flush)
  }

  readonly flush = (): void => {
    this.#cancel?.()
    this.#cancel = undefined
    this.epoch++
    const dirty = this.#dirty
    // what listeners change is for the next flush
    this.#dirty = []
    const changed = dirty.filter((topic) => topic.publish())
    for (const topic of changed) topic.notify()
  }
}

/** One reader's mistake is reported as uncaught, and does not keep the news from the others. */
export function guarded(call: () => void): void {
  try {
    call()
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown
    })
  }
}

export class Topic<T> implements Source<T> {
  readonly #publisher: Publisher
  readonly #listeners = new Set<() => void>()
  /** Instead of a set of dirty topics, which would be filled and emptied for each publication. */
  isMarked = false
  #latest: T
  #published: T
  /** Where the latest value is made only when it is published. */
  refresh: (() => T) | undefined

  constructor(publisher: Publisher, initial: T) {
    this.#publisher = publisher
    this.#latest = initial
    this.#published = initial
  }

  get latest(): T {
    return this.#latest
  }
  set latest(next: T) {
    if (next === this.#latest) return
    this.#latest = next
    this.#publisher.mark(this)
  }

  /** Asks for a publication. */
  touch(): void {
    this.#publisher.mark(this)
  }

  getSnapshot = (): T => this.#published

  subscribe = (listener: () => void): (() => void) => {
    // a function of its own, so that one listener may subscribe twice
    const call = (): void => listener()
    this.#listeners.add(call)
    return () => void this.#listeners.delete(call)
  }

  publish(): boolean {
    this.isMarked = false
    if (this.refresh) this.#latest = this.refresh()
    if (this.#published === this.#latest) return false
    this.#published = this.#latest
    return true
  }

  notify(): void {
    for (const call of this.#listeners) guarded(call)
  }
}
