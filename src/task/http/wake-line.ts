// One connection that says which of its topics may have something new. It is opened once, for topics that never change, and ends once.
import { createParser } from 'eventsource-parser'
import { ConnectionError, ProtocolError, type RunfeedError, toRunfeedError } from '../../protocol/errors.ts'
import { HEARTBEAT_MS } from '../../protocol/limits.ts'
import type { Api } from './api.ts'

export interface WakeLineHost {
  /** From now on every ring arrives. */
  opened(line: WakeLine): void
  rang(topics: Iterable<string>): void
  /** It broke, or the server ended it, and asked to stay away for `returnAfter` ms. Not called after `close`. */
  ended(line: WakeLine, error: RunfeedError, returnAfter: number): void
}

export class WakeLine {
  readonly topics: ReadonlySet<string>
  /** When it opened, by `performance.now()`. */
  openedAt: number | undefined
  readonly #host: WakeLineHost
  readonly #controller = new AbortController()
  #heartbeat = HEARTBEAT_MS
  #watchdog: ReturnType<typeof setTimeout> | undefined

  constructor(topics: ReadonlySet<string>, host: WakeLineHost) {
    this.topics = topics
    this.#host = host
  }

  start(api: Api): void {
    this.#watch()
    void this.#read(api)
  }

  close(): void {
    clearTimeout(this.#watchdog)
    this.#controller.abort()
  }

  async #read(api: Api): Promise<void> {
    try {
      const body = await api.open('/v1/wakes', { topics: [...this.topics] }, this.#controller.signal)
      const decoder = new TextDecoder()
      const parser = createParser({ onEvent: ({ event, data }) => this.#hear(event, data) })
      for await (const bytes of body) {
        this.#watch()
        parser.feed(decoder.decode(bytes, { stream: true }))
      }
      throw new ConnectionError('the connection for wakes ended')
    } catch (thrown) {
      this.#end(thrown)
    }
  }

  #hear(event: string | undefined, data: string): void {
    if (this.#controller.signal.aborted) return
    const said = parse(data)
    switch (event) {
      case 'open':
        if (typeof said['heartbeat'] === 'number' && said['heartbeat'] > 0) this.#heartbeat = said['heartbeat']
        this.#watch()
        this.openedAt = performance.now()
        this.#host.opened(this)
        break
      case 'wake':
        if (Array.isArray(said['topics'])) this.#host.rang(said['topics'] as string[])
        break
      case 'bye':
        this.#end(new ConnectionError('the server is closing'), typeof said['reconnectAfter'] === 'number' ? said['reconnectAfter'] : 0)
        break
      default:
      // a ping has done its work by coming; what a later server says is for later clients
    }
  }

  #watch(): void {
    clearTimeout(this.#watchdog)
    if (this.#controller.signal.aborted) return
    const limit = this.#heartbeat * 3
    this.#watchdog = setTimeout(() => this.#end(new ConnectionError(`nothing came for ${limit} ms`)), limit)
  }

  #end(thrown: unknown, returnAfter = 0): void {
    if (this.#controller.signal.aborted) return
    this.close()
    this.#host.ended(this, toRunfeedError(thrown), returnAfter)
  }
}

function parse(data: string): { readonly [name: string]: unknown } {
  try {
    const said: unknown = JSON.parse(data)
    if (typeof said === 'object' && said !== null) return said as { readonly [name: string]: unknown }
  } catch {
    // said below
  }
  throw new ProtocolError('an event of the wakes is no JSON object')
}
