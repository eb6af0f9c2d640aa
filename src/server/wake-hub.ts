// Every worker that listens here, and one heartbeat for all of them.
import type { RunEngine } from '../protocol/engine.ts'
import { WakeSession } from './wake-session.ts'

export class WakeHub {
  readonly #heartbeat: number
  readonly #sessions = new Set<WakeSession>()
  #pings: ReturnType<typeof setInterval> | undefined

  /** @param heartbeat - ms between two pings. */
  constructor(heartbeat: number) {
    this.#heartbeat = heartbeat
  }

  /** How many listen. */
  get size(): number {
    return this.#sessions.size
  }

  /** The caller closes it. */
  open(engine: Pick<RunEngine, 'wake'>, topics: readonly string[]): WakeSession {
    const session = new WakeSession(engine, topics, this.#heartbeat, () => this.#left(session))
    this.#sessions.add(session)
    this.#pings ??= setInterval(() => this.#ping(), this.#heartbeat)
    return session
  }

  /** @param reconnectAfter - ms. */
  drain(reconnectAfter: number): void {
    for (const session of this.#sessions) session.drain(reconnectAfter)
  }

  #left(session: WakeSession): void {
    this.#sessions.delete(session)
    if (this.#sessions.size > 0) return
    clearInterval(this.#pings)
    this.#pings = undefined
  }

  #ping(): void {
    for (const session of this.#sessions) session.ping()
  }
}
