// Who listens to which topics of a server elsewhere, over as few connections as that takes. A connection's topics are fixed, and rings that a
// closing one still carries are lost; so a topic is rung whenever a connection that has it opens. New topics get a connection of their own,
// which takes over those of no more topics than itself: like a binary counter, a topic moves (and is rung) a logarithmic number of times.
import { HttpError, type RunfeedError } from '../../protocol/errors.ts'
import { Listeners } from '../../protocol/listeners.ts'
import { withoutScope } from '../run-scope.ts'
import type { Api } from './api.ts'
import { WakeLine } from './wake-line.ts'

/** Topics that come within this time share a connection. */
const BATCH_MS = 20
/** Between two openings, at least. */
const SPACING_MS = 50
/** The server's limit for one connection. */
const MAX_TOPICS = 10_000
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 8_000
/** Open for so long, a connection counts as having worked. */
const HEALTHY_MS = 1_000

export class Wakes {
  readonly #api: Api
  readonly #listeners = new Listeners()
  /** Open, or being opened. */
  readonly #lines = new Set<WakeLine>()
  /** Topics with listeners that no line has. */
  readonly #uncovered = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined
  #failures = 0
  /** By a clock that nobody sets. */
  #notBefore = 0

  constructor(api: Api) {
    this.#api = api
  }

  /** Calls `listener` when there may be something new. @returns ends it. */
  listen(topic: string, listener: () => void): () => void {
    const end = this.#listeners.add(topic, listener)
    if (!this.#isCovered(topic)) {
      this.#uncovered.add(topic)
      this.#plan()
    }
    return () => {
      if (!end()) return
      this.#uncovered.delete(topic)
      // a wait for a server that is away would hold the process
      if (this.#listeners.size === 0) this.#unplan()
      this.#plan()
    }
  }

  #plan(): void {
    if (this.#timer !== undefined) return
    const wait = this.#listeners.size === 0 ? BATCH_MS : Math.max(BATCH_MS, this.#notBefore - performance.now())
    // not in the run that happens to listen first: the connection outlives it
    withoutScope(() => {
      this.#timer = setTimeout(() => {
        this.#timer = undefined
        this.#follow()
      }, wait)
    })
  }
  #unplan(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** Brings the lines to what is listened to. */
  #follow(): void {
    for (const line of this.#lines) if (this.#live(line).length === 0) this.#close(line)
    if (this.#uncovered.size === 0) return
    const topics = new Set([...this.#uncovered].slice(0, MAX_TOPICS))
    const replaced: WakeLine[] = []
    const open = [...this.#lines].filter(({ openedAt }) => openedAt !== undefined).map((line) => ({ line, live: this.#live(line) }))
    for (const { line, live } of open.toSorted((a, b) => a.live.length - b.live.length)) {
      if (live.length > topics.size || topics.size + live.length > MAX_TOPICS) break
      for (const topic of live) topics.add(topic)
      replaced.push(line)
    }
    for (const topic of topics) this.#uncovered.delete(topic)
    this.#notBefore = performance.now() + SPACING_MS
    this.#open(topics, replaced)
    if (this.#uncovered.size > 0) this.#plan()
  }

  #open(topics: ReadonlySet<string>, replaced: readonly WakeLine[]): void {
    const line = new WakeLine(topics, {
      opened: () => {
        // only now: until here they rang for it
        for (const one of replaced) this.#close(one)
        this.#listeners.ring(topics)
      },
      rang: (rung) => this.#listeners.ring(rung),
      ended: (_, error, returnAfter) => this.#ended(line, error, returnAfter),
    })
    this.#lines.add(line)
    line.start(this.#api)
  }

  #close(line: WakeLine): void {
    this.#lines.delete(line)
    line.close()
  }

  #ended(line: WakeLine, error: RunfeedError, returnAfter: number): void {
    this.#lines.delete(line)
    const left = this.#live(line).filter((topic) => !this.#isCovered(topic))
    for (const topic of left) this.#uncovered.add(topic)
    if (line.openedAt !== undefined && performance.now() - line.openedAt >= HEALTHY_MS) this.#failures = 0
    const asked = error instanceof HttpError ? (error.retryAfter ?? 0) : returnAfter
    // full jitter: the workers of a server that restarts do not come back as one
    const wait = asked + Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures++)
    this.#notBefore = Math.max(this.#notBefore, performance.now() + wait)
    this.#unplan()
    this.#plan()
    // refused for good: whoever listens looks for itself, meets the refusal, and says it to its caller
    if (!error.retryable) this.#listeners.ring(left)
  }

  #live({ topics }: WakeLine): readonly string[] {
    return [...topics].filter((topic) => this.#listeners.has(topic))
  }
  #isCovered(topic: string): boolean {
    for (const { topics } of this.#lines) if (topics.has(topic)) return true
    return false
  }
}
