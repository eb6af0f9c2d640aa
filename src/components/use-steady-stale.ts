'use client'
// When a lost connection shows: most are back before anybody could read a word about it, and a word that comes and goes is worse than none.
import { useEffect, useRef, useState } from 'react'

/** How long the connection may be gone before it shows. */
const SHOW_AFTER_MS = 2_000
/** How long it stays once it has shown. */
const STAY_MS = 1_500

/** @param isStale - what the hook said. */
export function useSteadyStale(isStale: boolean): boolean {
  const [isShown, setIsShown] = useState(false)
  const shownAt = useRef(0)
  useEffect(() => {
    if (isStale === isShown) return
    const wait = isStale ? SHOW_AFTER_MS : Math.max(0, shownAt.current + STAY_MS - performance.now())
    const timer = setTimeout(() => {
      shownAt.current = performance.now()
      setIsShown(isStale)
    }, wait)
    return () => clearTimeout(timer)
  }, [isStale, isShown])
  return isShown
}
