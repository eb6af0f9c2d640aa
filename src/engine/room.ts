// What a claim's limits leave room for: so many runs of each task and concurrency key, those counted that execute already.
import type { ClaimRequest } from '../protocol/engine.ts'

export class Room {
  readonly #limits: NonNullable<ClaimRequest['limits']>
  readonly #taken = new Map<string, number>()

  constructor(limits: ClaimRequest['limits'] = {}) {
    this.#limits = limits
  }

  isLimited(task: string): boolean {
    // a task, and a key, may be called like a member of every object
    return Object.hasOwn(this.#limits, task)
  }

  left(task: string, key: string): number {
    const limit = this.isLimited(task) ? this.#limits[task] : undefined
    if (!limit) return Number.POSITIVE_INFINITY
    const executing = Object.hasOwn(limit.executing, key) ? (limit.executing[key] ?? 0) : 0
    return limit.limit - executing - (this.#taken.get(nameOf(task, key)) ?? 0)
  }

  /** @returns whether there was room for one more. */
  take(task: string, key: string): boolean {
    if (!this.isLimited(task)) return true
    if (this.left(task, key) <= 0) return false
    const name = nameOf(task, key)
    this.#taken.set(name, (this.#taken.get(name) ?? 0) + 1)
    return true
  }
}

const nameOf = (task: string, key: string): string => JSON.stringify([task, key])
