'use client'
// What a screen reader is told of a number that moves: not every step.
import { useEffect, useRef, useState } from 'react'

const POINTS = 0.1
const EVERY_MS = 10_000

/** `text`, at most every 10 points of `at` and every 10 s. Empty at first, and while `at` is no number. */
export function useSparse(at: number | string, text: string): string {
  const last = useRef<{ readonly at: number; readonly time: number } | undefined>(undefined)
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (typeof at !== 'number') return
    const now = performance.now()
    if (!last.current) last.current = { at, time: now }
    else if (Math.abs(at - last.current.at) >= POINTS && now - last.current.time >= EVERY_MS) {
      last.current = { at, time: now }
      setSaid(text)
    }
  }, [at, text])
  return said
}
