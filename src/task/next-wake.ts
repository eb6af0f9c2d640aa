// A bell as promises: `next()` resolves at the first wake after it was called.
import type { RunBackend } from '../protocol/engine.ts'

export interface Bell {
  readonly next: () => Promise<void>
  readonly stop: () => void
}

export function nextWake(backend: RunBackend, topics: readonly string[]): Bell {
  let ring = (): void => {}
  let waiting: Promise<void> | undefined
  const stops = topics.map((topic) =>
    backend.wake(topic, () => {
      waiting = undefined
      ring()
    }),
  )
  return {
    next: () =>
      (waiting ??= new Promise((resolve) => {
        ring = resolve
      })),
    stop: () => {
      for (const stop of stops) stop()
      ring()
    },
  }
}
