// Clock, timers, chance and the page's life: the one place where the transport meets its surroundings, so that tests replace it whole.

export interface Environment {
  /** Ms since the epoch. A clock that stands still while the machine sleeps would hide that a connection died meanwhile. */
  now(): number
  /** From 0 to 1, without 1. */
  random(): number
  /** @returns gives it up. */
  setTimer(task: () => void, ms: number): () => void
  /**
   * Calls `listener` when waiting has become pointless: the network is back, or the page is seen or runs again.
   * @returns ends it.
   */
  onWake(listener: () => void): () => void
  /**
   * Calls `listener` when the page is about to stop: it is frozen, left, or kept in the back/forward cache. A browser throws a page out of that
   * cache for what its connection receives meanwhile.
   */
  onSleep?(listener: () => void): () => void
}

type Place = readonly [target: EventTarget | undefined, event: string, listener: () => void]
/** Where there are no events nothing is listened to: Node, React Native. */
function listen(...places: readonly Place[]): () => void {
  for (const [target, event, listener] of places) target?.addEventListener?.(event, listener)
  return () => {
    for (const [target, event, listener] of places) target?.removeEventListener?.(event, listener)
  }
}
/** A longer timer would run at once. Whoever waits for longer looks at the clock. */
const MAX_TIMER_MS = 2 ** 31 - 1

const window = globalThis as unknown as EventTarget
/** Node, workers and React Native have none. */
const page = (): Document | undefined => (globalThis as { document?: Document }).document

/** A browser's, or as much of one as there is. */
export const environment: Environment = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimer(task, ms) {
    const timer = setTimeout(task, Math.min(ms, MAX_TIMER_MS))
    return () => clearTimeout(timer)
  },
  onWake(listener) {
    const seen = (): void => {
      if (page()?.visibilityState === 'visible') listener()
    }
    // navigator.onLine is not asked: it is false on machines that reach their own server well
    return listen([window, 'online', listener], [window, 'pageshow', listener], [page(), 'resume', listener], [page(), 'visibilitychange', seen])
  },
  onSleep: (listener) => listen([window, 'pagehide', listener], [page(), 'freeze', listener]),
}
