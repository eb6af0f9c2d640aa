// A gate stands between the store and one hook: it joins what the hook needs into one snapshot, holds it back for `throttle` ms, and stops.
// It gates the snapshot, not the notification: React reads the snapshot whenever it renders, so a later notification alone would gate nothing.
import type { RunClient } from '../client/run-client.ts'
import type { RunSnapshot, Source } from '../store/snapshot.ts'
import { countFollowed } from './development.ts'
import type { ConnectionStatus } from './result.ts'

export interface Gated<S> {
  readonly data: S
  /** The run's own snapshot, where the hook follows a stream and wants to know of the run's end. */
  readonly run: RunSnapshot | undefined
  readonly connectionStatus: ConnectionStatus
}

/** Its functions are the same for as long as it is, and need no `this`. */
export interface Gate<S> {
  readonly getSnapshot: () => Gated<S>
  readonly subscribe: (listener: () => void) => () => void
  readonly stop: () => void
}

export interface GateSources<S> {
  readonly data: Source<S>
  readonly run?: Source<RunSnapshot> | undefined
  readonly connection: RunClient['connection']
}

/** What a hook showed when it was stopped. It is outside of the gate, because another option makes another gate, and would follow again. */
export interface Latch<S> {
  /** What it stands for: of anything else it is another one. */
  readonly of: readonly unknown[]
  shown?: Gated<S>
}

/**
 * @param throttle - ms between two snapshots that differ in data.
 * @param isUrgent - whether what is new may not wait: an end, an error.
 */
export function createGate<S>(
  sources: GateSources<S>,
  throttle: number,
  isUrgent: (next: S, shown: S | undefined) => boolean,
  latch: Latch<S> = { of: [] },
): Gate<S> {
  const listeners = new Set<() => void>()
  let shown = latch.shown
  let shownAt = Number.NEGATIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined
  let leave: (() => void) | undefined

  const read = (): Gated<S> => {
    const next: Gated<S> = { data: sources.data.getSnapshot(), run: sources.run?.getSnapshot(), connectionStatus: sources.connection.getSnapshot().status }
    return shown && shown.data === next.data && shown.run === next.run && shown.connectionStatus === next.connectionStatus ? shown : next
  }
  const publish = (): void => {
    clearTimeout(timer)
    timer = undefined
    shown = read()
    shownAt = performance.now()
    for (const listener of listeners) listener()
  }
  const onChange = (): void => {
    // A render that React threw away may have read the newest already: what it read says nothing about who has been told.
    if (throttle <= 0) return publish()
    const next = read()
    if (next === shown) return
    if (shown && next.data === shown.data && next.run === shown.run) {
      // the connection alone
      shown = next
      for (const listener of listeners) listener()
      return
    }
    const wait = shownAt + throttle - performance.now()
    if (wait <= 0 || isUrgent(next.data, shown?.data)) return publish()
    timer ??= setTimeout(publish, wait)
  }

  return {
    getSnapshot() {
      // Before anybody subscribes nothing tells of a change, so an open gate reads on; one that throttles stays at what it showed.
      if (!shown || (!latch.shown && throttle <= 0)) shown = read()
      return shown
    },
    subscribe(listener) {
      if (latch.shown) return () => {}
      listeners.add(listener)
      if (listeners.size === 1) {
        if (process.env.NODE_ENV !== 'production') countFollowed(sources.connection, sources.data, 1)
        const leaves = [sources.data, sources.run, sources.connection].map((source) => source?.subscribe(onChange))
        leave = () => {
          if (process.env.NODE_ENV !== 'production') countFollowed(sources.connection, sources.data, -1)
          for (const unsubscribe of leaves) unsubscribe?.()
        }
        // what changed between the render and now
        if (shown) onChange()
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return
        clearTimeout(timer)
        timer = undefined
        leave?.()
        leave = undefined
      }
    },
    stop() {
      if (latch.shown) return
      clearTimeout(timer)
      leave?.()
      leave = undefined
      latch.shown = shown = { ...(shown ?? read()), connectionStatus: 'closed' }
      for (const listener of listeners) listener()
      listeners.clear()
    },
  }
}
