// Electric's HTTP protocol: a snapshot, then long polls, each answered with all that has been logged since its offset.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pathOf } from './feed.ts'

export interface Change {
  readonly key: string
  readonly operation: 'insert' | 'update'
  /** An update holds the key's columns and those that changed. */
  readonly value: { readonly [column: string]: unknown }
}

interface Poll {
  readonly response: ServerResponse
  readonly from: number
  readonly key: string | undefined
}

const HANDLE = 'bench-1'
/** So long a poll that nothing happens for is held; then it is told so. */
const HOLD_MS = 20_000

export class ShapeLog {
  readonly #schema: string
  readonly #snapshot: () => readonly Change[]
  readonly #log: Change[] = []
  readonly #waiting = new Set<Poll>()

  /** @param columns - their types. @param snapshot - what the table holds before the log. */
  constructor(columns: { readonly [column: string]: { readonly type: string; readonly dims?: number } }, snapshot: () => readonly Change[]) {
    this.#schema = JSON.stringify(columns)
    this.#snapshot = snapshot
  }

  append(changes: readonly Change[]): void {
    this.#log.push(...changes)
    for (const poll of this.#waiting) this.#answerLive(poll)
  }

  /** @param key - the one row that the shape has; without it all. */
  answer(request: IncomingMessage, response: ServerResponse, key?: string): void {
    const { searchParams } = pathOf(request)
    const offset = searchParams.get('offset') ?? '-1'
    if (offset === '-1') return this.#write(response, this.#ofKey(this.#snapshot(), key), 0, false)
    const poll: Poll = { response, from: Number(offset.split('_')[0]), key }
    if (searchParams.get('live') !== 'true') return this.#write(response, this.#ofKey(this.#log.slice(poll.from), key), this.#log.length, false)
    this.#waiting.add(poll)
    const late = setTimeout(() => {
      if (this.#waiting.delete(poll)) this.#write(response, [], poll.from, true)
    }, HOLD_MS)
    late.unref()
    response.once('close', () => {
      clearTimeout(late)
      this.#waiting.delete(poll)
    })
    this.#answerLive(poll)
  }

  #answerLive(poll: Poll): void {
    const changes = this.#ofKey(this.#log.slice(poll.from), poll.key)
    if (changes.length === 0) return
    this.#waiting.delete(poll)
    this.#write(poll.response, changes, this.#log.length, true)
  }

  #ofKey(changes: readonly Change[], key: string | undefined): readonly Change[] {
    return key === undefined ? changes : changes.filter((change) => change.key === key)
  }

  #write(response: ServerResponse, changes: readonly Change[], offset: number, isLive: boolean): void {
    const messages = changes.map(({ key, operation, value }) => ({ key, value, headers: { operation } }))
    response.writeHead(200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'electric-handle': HANDLE,
      'electric-offset': `${offset}_0`,
      'electric-up-to-date': '',
      ...(isLive ? { 'electric-cursor': String(offset) } : { 'electric-schema': this.#schema }),
    })
    response.end(JSON.stringify([...messages, { headers: { control: 'up-to-date', global_last_seen_lsn: String(offset) } }]))
  }
}
