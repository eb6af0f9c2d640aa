// How long to wait before the next attempt: exponential with full jitter, so that the clients of a server that restarts do not come back as one.
import { HttpError } from '../protocol/errors.ts'
import type { Environment } from './environment.ts'

/** The first wait is at most this: a lone client is back within 2 s. */
const BASE_MS = 2_000
/** Longer waits save a server little and cost a reader much. */
const MAX_MS = 16_000
/** The waits after these are the longer of two: with one draw each, chance alone lets one client in twenty ask a server that is away far more often than the others. */
const SHORT_WAITS = 2
/** Beyond an hour, `Retry-After` means never, and a longer timer overflows. */
const MAX_RETRY_AFTER_MS = 3_600_000
/** Open for so long, a connection counts as having worked. Shorter than any proxy's limit; a server that crashes at once does not reach it. */
const HEALTHY_MS = 1_000

export class Backoff {
  readonly #environment: Pick<Environment, 'now' | 'random'>
  #failures = 0
  /** What a server said that many follow; kept while it is away. */
  #spread = 0

  constructor(environment: Pick<Environment, 'now' | 'random'>) {
    this.#environment = environment
  }

  /**
   * Counts a failure.
   * @param openedAt - when the connection that failed had opened, if it had.
   * @param spread - ms over which the clients of that connection's server come back.
   * @returns ms to wait. At least what `Retry-After` asks for.
   */
  next(error: unknown, openedAt?: number, spread = 0): number {
    if (openedAt !== undefined) this.#spread = Math.min(spread, MAX_RETRY_AFTER_MS) || 0
    if (openedAt !== undefined && this.#environment.now() - openedAt >= HEALTHY_MS) this.#failures = 0
    const draw = (): number => this.#environment.random()
    const longest = Math.max(this.#spread, Math.min(MAX_MS, BASE_MS * 2 ** this.#failures))
    const jittered = longest * (this.#failures++ < SHORT_WAITS ? draw() : Math.max(draw(), draw()))
    // added to it, because everybody was told the same
    return Math.min(retryAfterOf(error) ?? 0, MAX_RETRY_AFTER_MS) + jittered
  }
}

export const retryAfterOf = (error: unknown): number | undefined => (error instanceof HttpError ? error.retryAfter : undefined)
