// One worker's wakes: which of its topics have rung since it was last told. No data and no order; a set, so a slow worker costs no more than its topics.
import type { RunEngine } from '../protocol/engine.ts'

const event = (name: string, data: object): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

export class WakeSession {
  readonly #rung = new Set<string>()
  readonly #unwakes: readonly (() => void)[]
  readonly #onClose: () => void
  #control: string
  #draining = false
  #closed = false
  #proceed = (): void => {}

  /** Listens from here on: what rings before the first text is written is in the second. @param heartbeat - ms between two pings. */
  constructor(engine: Pick<RunEngine, 'wake'>, topics: readonly string[], heartbeat: number, onClose: () => void) {
    this.#onClose = onClose
    this.#control = event('open', { heartbeat })
    this.#unwakes = [...new Set(topics)].map((topic) => engine.wake(topic, () => this.#ring(topic)))
  }

  /** The next events to write; `undefined` when there will be none. */
  async next(): Promise<string | undefined> {
    for (;;) {
      if (this.#closed) return undefined
      let text = this.#control
      this.#control = ''
      if (this.#rung.size > 0 && !text.startsWith('event: open')) {
        text += event('wake', { topics: [...this.#rung] })
        this.#rung.clear()
      }
      if (this.#draining) this.close()
      if (text !== '') return text
      await new Promise<void>((resolve) => {
        this.#proceed = resolve
      })
    }
  }

  ping(): void {
    // who has not yet taken the last one is slow, not idle
    if (this.#control !== '') return
    this.#control = event('ping', { time: Date.now() })
    this.#proceed()
  }

  /** @param reconnectAfter - ms. */
  drain(reconnectAfter: number): void {
    this.#control += event('bye', { reconnectAfter })
    this.#draining = true
    this.#proceed()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const unwake of this.#unwakes) unwake()
    this.#rung.clear()
    this.#proceed()
    this.#onClose()
  }

  #ring(topic: string): void {
    // all that rings in this turn of the event loop is told at once
    if (this.#rung.size === 0) setImmediate(() => this.#proceed())
    this.#rung.add(topic)
  }
}
