// How much one caller may hold at once: open feeds of a token's subject and of an address, what those ask for, requests of an address. Who has too many is
// refused; nobody who is there is sent away. Secret keys are not counted.
import { RunfeedError } from '../../protocol/errors.ts'
import { countOf } from '../../task/duration.ts'

export interface CapOptions {
  /** Open feeds of one public token's subject. @defaultValue 100 */
  readonly feedsPerToken?: number
  /** Wants of all the feeds of one public token's subject: runs, streams and queries. @defaultValue 20000 */
  readonly wantsPerToken?: number
  /** Open feeds of one address. @defaultValue 1000 */
  readonly feedsPerAddress?: number
  /** Requests of one address that are being answered, feeds included. @defaultValue 2000 */
  readonly requestsPerAddress?: number
}

/** Gives a place back; once is enough, twice is harmless. */
export type Release = () => void

/** Places by name: so many of each. */
export class Places {
  readonly #taken = new Map<string, number>()
  readonly #max: number
  readonly #what: string

  /** @param what - of which there are too many, for the error. */
  constructor(max: number, what: string) {
    this.#max = max
    this.#what = what
  }

  /** @throws RunfeedError `too_many_requests` */
  take(name: string, count = 1): Release {
    const taken = this.#taken.get(name) ?? 0
    if (taken + count > this.#max) throw new RunfeedError('too_many_requests', `there may be ${this.#max} ${this.#what}; close some, or come back later`)
    this.#taken.set(name, taken + count)
    let isHeld = true
    return () => {
      if (!isHeld) return
      isHeld = false
      const left = (this.#taken.get(name) ?? count) - count
      if (left > 0) this.#taken.set(name, left)
      else this.#taken.delete(name)
    }
  }
}

export interface Caps {
  readonly feedsOfToken: Places
  readonly wantsOfToken: Places
  readonly feedsOfAddress: Places
  readonly requests: Places
}

/** @throws InvalidRequestError naming the option */
export function capsOf({ feedsPerToken = 100, wantsPerToken = 20_000, feedsPerAddress = 1000, requestsPerAddress = 2000 }: CapOptions): Caps {
  return {
    feedsOfToken: new Places(countOf('limits.feedsPerToken', feedsPerToken), 'open feeds of this token'),
    wantsOfToken: new Places(countOf('limits.wantsPerToken', wantsPerToken), 'wants of this token'),
    feedsOfAddress: new Places(countOf('limits.feedsPerAddress', feedsPerAddress), 'open feeds of this address'),
    requests: new Places(countOf('limits.requestsPerAddress', requestsPerAddress), 'requests of this address'),
  }
}
