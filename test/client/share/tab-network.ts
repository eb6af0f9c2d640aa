// The network between tabs and one server of this process: everything takes a while, and any of it may be lost without a word.
import type { RunServer } from 'runfeed/server'
import { outside, type Tab } from './tab.ts'
import type { VirtualClock } from './virtual-clock.ts'

const LATENCY_MS = 15

interface Call {
  readonly tab: Tab
  readonly path: string
  /** To the server. */
  readonly upstream: AbortController
  isStalled: boolean
  /** The tab hears that it is lost. */
  readonly lose: () => void
}

export class TabNetwork {
  isDown = false
  /** Feeds that were asked for so far. */
  opened = 0
  readonly #server: RunServer
  readonly #clock: VirtualClock
  readonly #random: () => number
  readonly #calls = new Set<Call>()
  /** What is not there yet. */
  readonly #unanswered = new Set<unknown>()

  constructor(server: RunServer, clock: VirtualClock, random: () => number) {
    this.#server = server
    this.#clock = clock
    this.#random = random
  }

  /** Whose feeds are open, each as often as it has one. */
  get feeds(): readonly Tab[] {
    return [...this.#calls].filter(({ path }) => path === '/v1/feed').map(({ tab }) => tab)
  }
  get isAnswering(): boolean {
    return this.#unanswered.size > 0
  }

  /** No time passes until it is there: it is worked at by other threads. */
  async answered<T>(answer: Promise<T>): Promise<T> {
    this.#unanswered.add(answer)
    return await answer.finally(() => this.#unanswered.delete(answer))
  }

  cutAll(): void {
    for (const call of this.#calls) this.#lose(call)
  }
  stallAll(): void {
    for (const call of this.#calls) call.isStalled = true
  }
  drop(tab: Tab): void {
    for (const call of this.#calls) if (call.tab === tab) this.#end(call)
  }

  fetchOf(tab: Tab): typeof fetch {
    return (input, init = {}) =>
      new Promise<Response>((resolve, reject) => {
        const { signal } = init
        const url = `http://runs.test${input as string}`
        let body: ReadableStreamDefaultController<Uint8Array> | undefined
        const fail = (thrown: unknown): void => {
          reject(thrown as Error)
          body?.error(thrown)
        }
        const call: Call = {
          tab,
          path: new URL(url).pathname,
          upstream: outside(() => new AbortController()),
          isStalled: false,
          lose: () => fail(new TypeError('the network lost it')),
        }
        this.#calls.add(call)
        if (call.path === '/v1/feed') this.opened++
        signal?.addEventListener('abort', () => {
          this.#end(call)
          fail(signal.reason)
        })
        void outside(() =>
          this.#late(async () => {
            if (!this.#calls.has(call)) return
            if (this.isDown) return this.#lose(call)
            const response = await this.answered(this.#server.fetch(new Request(url, { ...init, signal: call.upstream.signal })))
            const answered = new ReadableStream<Uint8Array>({
              start: (controller) => {
                body = controller
              },
              cancel: () => this.#end(call),
            })
            this.#say(call, () => resolve(new Response(response.body && answered, { status: response.status, headers: response.headers })))
            const say = (chunk: Uint8Array): void => body?.enqueue(chunk)
            for await (const chunk of response.body ?? []) this.#say(call, () => say(chunk))
            this.#say(call, () => {
              this.#end(call)
              body?.close()
            })
          }).catch(() => this.#lose(call)),
        )
      })
  }

  async #late(task: () => Promise<void>): Promise<void> {
    await new Promise<void>((resolve) => this.#clock.after(this.#random() * LATENCY_MS, resolve))
    await task()
  }
  /** In the order of what is said; all of it takes as long. */
  #say(call: Call, say: () => void): void {
    this.#clock.after(LATENCY_MS / 2, () => {
      if (!call.isStalled && this.#calls.has(call)) call.tab.task(`network ${call.path}`, () => this.#calls.has(call) && say())
    })
  }
  #lose(call: Call): void {
    if (!this.#calls.has(call)) return
    this.#end(call)
    call.tab.task('network', call.lose)
  }
  #end(call: Call): void {
    this.#calls.delete(call)
    call.upstream.abort()
  }
}
