// What has events to write, whoever writes them.

/** Who is told that there is something to write. */
export interface Waiter {
  wake(): void
}

export interface EventSession {
  /**
   * The next events; `undefined` is the end. With a waiter a session may answer '' where there is nothing now, and wakes it once when there may be.
   */
  next(waiter?: Waiter): string | undefined | Promise<string | undefined>
  close(): void
  /** ms within which the network must take something of what was written. @defaultValue 30000 */
  readonly writeDeadline?: number
}

export const WRITE_DEADLINE_MS = 30_000
