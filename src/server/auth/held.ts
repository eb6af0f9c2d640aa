// The places that one request holds, given back when its answer is over, however it ends and whatever is still on its way.
import type { ServerResponse } from 'node:http'
import type { Context } from 'hono'
import type { AccessEnv } from '../access.ts'
import type { Release } from './caps.ts'

export class Held {
  readonly #releases = new Set<Release>()
  #isOver = false

  add(release: Release): void {
    if (this.#isOver) release()
    else this.#releases.add(release)
  }

  end(): void {
    this.#isOver = true
    for (const release of this.#releases) release()
    this.#releases.clear()
  }

  /** Runs what answers, and ends when the answer does: over Node with its response, else with its body. */
  async until(context: Context<AccessEnv>, answer: () => Promise<void>): Promise<void> {
    const outgoing = context.env?.outgoing as ServerResponse | undefined
    if (outgoing && 'writeHead' in outgoing) {
      outgoing.once('close', () => this.end())
      if (outgoing.destroyed) this.end()
      return await answer()
    }
    let isStream = false
    try {
      await answer()
      const { body, headers } = context.res
      isStream = body !== null && (headers.get('content-type') ?? '').startsWith('text/event-stream')
      if (isStream) context.res = new Response(this.#watch(body as ReadableStream<Uint8Array>), context.res)
    } finally {
      if (!isStream) this.end()
    }
  }

  #watch(body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          try {
            const { done, value } = await reader.read()
            if (!done) return controller.enqueue(value)
            this.end()
            controller.close()
          } catch (thrown) {
            this.end()
            throw thrown
          }
        },
        cancel: async (reason) => {
          this.end()
          await reader.cancel(reason)
        },
      },
      { highWaterMark: 0 },
    )
  }
}
