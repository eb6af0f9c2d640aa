// The clock of something that goes on.
import { useEffect, useState } from 'react'

const EVERY_MS = 1000

/** @returns the time, once a second while it runs; then the last one that was shown. */
export function useNow(isRunning: boolean): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!isRunning) return
    const tick = (): void => setNow(Date.now())
    tick()
    const timer = setInterval(tick, EVERY_MS)
    return () => clearInterval(timer)
  }, [isRunning])
  return now
}
