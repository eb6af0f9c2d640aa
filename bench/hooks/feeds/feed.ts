// What the harness asks of a contender's transport: to answer the page, and to say what has happened.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Scene } from '../script.ts'

export interface Feed {
  /** Answers a request of the page. */
  answer(request: IncomingMessage, response: ServerResponse): void | Promise<void>
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /**
   * What has happened since: for runs the updates `from` to `to` (exclusive, the first is 1, each of the next run in turn), for a stream the tokens.
   * Resolves when the network takes more.
   */
  send(from: number, to: number): Promise<void>
  close?(): Promise<void>
}

export type OpenFeed = (scene: Scene, ids: readonly string[]) => Promise<Feed>

/** Resolves when the network takes more of this response. */
export async function drained(response: ServerResponse): Promise<void> {
  if (!response.writableNeedDrain) return
  await new Promise<void>((resolve) => {
    const go = (): void => {
      response.off('drain', go)
      response.off('close', go)
      resolve()
    }
    response.on('drain', go)
    response.on('close', go)
  })
}

/** What is written to everybody who listens. */
export class Listeners {
  readonly #responses = new Set<ServerResponse>()

  get size(): number {
    return this.#responses.size
  }
  add(response: ServerResponse): void {
    this.#responses.add(response)
    response.once('close', () => this.#responses.delete(response))
  }
  async write(text: string): Promise<void> {
    for (const response of this.#responses) response.write(text)
    await Promise.all(Array.from(this.#responses, drained))
  }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

export const pathOf = (request: IncomingMessage): URL => new URL(request.url ?? '/', 'https://127.0.0.1')
