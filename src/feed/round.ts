// The places of a session that may have something, in the order in which they are read: one that was read goes to the end. The list is in
// the places themselves: as an array it would cost each connection more than its only place.
import type { Place } from './place.ts'

export class Round {
  #first: Place | undefined
  #last: Place | undefined

  get isEmpty(): boolean {
    return this.#first === undefined
  }

  /** Nothing changes for one that is in it. */
  add(place: Place): void {
    if (place.isReady) return
    place.isReady = true
    if (this.#last) this.#last.following = place
    else this.#first = place
    this.#last = place
  }

  take(): Place | undefined {
    const place = this.#first
    if (!place) return undefined
    this.#first = place.following
    if (!this.#first) this.#last = undefined
    place.following = undefined
    place.isReady = false
    return place
  }

  clear(): void {
    this.#first = undefined
    this.#last = undefined
  }
}
