// When what was reduced is published. A page draws at most once per frame, so more flushes than frames are wasted renders.

export interface Scheduler {
  /**
   * Calls `task` once, later, never within this call.
   * @returns gives it up.
   */
  schedule(task: () => void): () => void
}

/** In a hidden tab no frame comes; without a document there are none. */
const HIDDEN_MS = 100
const FRAME_MS = 16

/** The next animation frame, or a timer where none comes. */
export const frameScheduler: Scheduler = {
  schedule(task) {
    const canDraw = typeof requestAnimationFrame === 'function'
    // both are armed even in a visible tab: it may be hidden before its frame comes, and then the frame waits for as long as it is
    const timer = setTimeout(run, canDraw ? HIDDEN_MS : FRAME_MS)
    const frame = canDraw ? requestAnimationFrame(run) : 0
    function cancel(): void {
      clearTimeout(timer)
      if (canDraw) cancelAnimationFrame(frame)
    }
    function run(): void {
      cancel()
      task()
    }
    return cancel
  },
}
