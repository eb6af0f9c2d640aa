// Clock, timers, chance and the page's life: the one place where the transport meets its surroundings, so that tests replace it whole.

export interface Environment {
  /** Ms since the epoch. A clock that stands still while the machine sleeps would hide that a connection died meanwhile. */
  now(): number
  /** From 0 to 1, without 1. */
  random(): number
  /** @returns gives it up. */
  setTimer(task: () => void, ms: number): () => void
  /**
   * Calls `listener` when waiting has become pointless: the network is back, or the page is seen again.
   * @returns ends it.
   */
  onWake(listener: () => void): () => void
}

/** A browser's, or as much of one as there is: Node, workers and React Native have no document. */
export const environment: Environment = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimer(task, ms) {
    const timer = setTimeout(task, ms)
    return () => clearTimeout(timer)
  },
  onWake(listener) {
    const { document: page } = globalThis as { document?: Document }
    const visible = (): void => {
      if (page?.visibilityState === 'visible') listener()
    }
    // navigator.onLine is not asked: it is false on machines that reach their own server well
    const global = globalThis as { addEventListener?: typeof addEventListener; removeEventListener?: typeof removeEventListener }
    global.addEventListener?.('online', listener)
    global.addEventListener?.('pageshow', listener)
    page?.addEventListener('visibilitychange', visible)
    return () => {
      global.removeEventListener?.('online', listener)
      global.removeEventListener?.('pageshow', listener)
      page?.removeEventListener('visibilitychange', visible)
    }
  },
}
