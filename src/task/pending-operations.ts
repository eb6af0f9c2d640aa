// Operations that were said and not yet sent. 10,000 increments of one key leave as one.
import { addNumbers } from '../protocol/draft.ts'
import { jsonBytes } from '../protocol/json.ts'
import { MAX_REQUEST_BYTES } from '../protocol/limits.ts'
import type { Operation } from '../protocol/operation.ts'

/** A server elsewhere takes no more in one request. */
const MAX_OPERATIONS = 100_000
/** The same in bytes: half of it, as the last commit brings the output too. One operation that is more leaves alone, and is refused alone. */
const MAX_BYTES = MAX_REQUEST_BYTES / 2

/** Whether increments were summed before they were sent: `rounded` sums may differ in their last digit from what was added one by one. */
export type Sums = 'none' | 'whole' | 'rounded'

/** Of whole increments so many have an exact sum. */
const MAX_WHOLE = 2 ** 31

/** Of an operation on the document that its sender sees. In bytes of JSON. */
export interface Effect {
  readonly grows: number
  /** The document's size after it. */
  readonly bytes: number
  readonly limit: number
}

export class PendingOperations {
  #list: Operation[] = []
  #sums: Sums = 'none'
  // where the last operation on a literal key stands; two literal keys never touch each other, a path may touch any
  #lastOn = new Map<string, number>()
  #lastIsPath = false
  /** Bytes by which all of them make the document grow, and the most by which the first so many of them do. */
  #grown = 0
  #most = 0

  get list(): readonly Operation[] {
    return this.#list
  }
  get sums(): Sums {
    return this.#sums
  }

  /** @param effect - what it did to the document, where that is known before it is sent: only there a later `set` may stand for an earlier one. */
  push(operation: Operation, effect?: Effect): void {
    this.#grown += effect?.grows ?? 0
    const at = operation.op === 'replace' ? undefined : this.#lastOn.get(operation.key)
    const merged = at !== undefined && this.#fitsEarlier(effect) ? this.#merge(this.#list[at] as Operation, operation, effect !== undefined) : undefined
    if (merged) this.#most += Math.max(0, effect?.grows ?? 0)
    this.#most = Math.max(this.#most, this.#grown)
    if (at !== undefined && merged) {
      this.#list[at] = merged
      return
    }
    if (operation.op === 'replace') {
      this.#lastOn.clear()
      this.#list.push(operation)
      return
    }
    const { key } = operation
    const isPath = key.startsWith('$')
    // what comes between two operations on a path may touch it, and so may a path between two on a key: they do not merge across it
    if (isPath || this.#lastIsPath) this.#lastOn.clear()
    this.#lastIsPath = isPath
    this.#list.push(operation)
    this.#lastOn.set(key, this.#list.length - 1)
  }

  /** In an earlier one's place it makes the document larger for all that come between: what was never too large may not be so on its way. */
  #fitsEarlier(effect: Effect | undefined): boolean {
    if (!effect || effect.grows <= 0) return true
    const base = effect.bytes - this.#grown
    return base + this.#most + effect.grows <= effect.limit
  }

  #merge(earlier: Operation, later: Operation, areSetsMerged: boolean): Operation | undefined {
    if (later.op === 'increment' && earlier.op === 'increment') {
      const by = earlier.by + later.by
      const isWhole = Number.isInteger(earlier.by) && Number.isInteger(later.by) && Math.abs(earlier.by) <= MAX_WHOLE && Math.abs(later.by) <= MAX_WHOLE
      this.#sums = isWhole && this.#sums !== 'rounded' ? 'whole' : 'rounded'
      return Number.isFinite(by) ? { ...later, by: addNumbers(earlier.by, later.by, later.key) } : undefined
    }
    return areSetsMerged && later.op === 'set' && (earlier.op === 'set' || earlier.op === 'increment') ? later : undefined
  }

  /** All of them, to be sent as one commit; the oldest, where they are more than one request takes. */
  take(): readonly Operation[] {
    const list = this.#list
    this.#list = list.splice(countOfOneRequest(list))
    // what stays behind may have sums too
    if (this.#list.length === 0) {
      this.#sums = 'none'
      this.#grown = 0
      this.#most = 0
    }
    this.#lastOn.clear()
    return list
  }
}

function countOfOneRequest(list: readonly Operation[]): number {
  let bytes = 0
  for (const [count, operation] of list.entries()) {
    bytes += bytesOf(operation)
    if (count > 0 && (bytes > MAX_BYTES || count === MAX_OPERATIONS)) return count
  }
  return list.length
}

/** Names and punctuation, and more than them. */
const FRAME_BYTES = 64

function bytesOf(operation: Operation): number {
  // a key is a name of the document mostly; six bytes for a character that JSON escapes
  const key = operation.op === 'replace' ? 0 : 6 * operation.key.length
  const { value } = operation as { readonly value?: Parameters<typeof jsonBytes>[0] }
  return FRAME_BYTES + key + (value === undefined ? 0 : jsonBytes(value))
}
