// How long something took, for the page and the terminal. Pure: the page imports it.

/** Rounded once, and split then: who rounds the seconds that are left over prints "1 min 60 s". */
export function durationText(ms: number): string {
  const tenths = Math.round(ms / 100)
  return tenths < 600 ? `${(tenths / 10).toFixed(1)} s` : wholeSeconds(Math.round(ms / 1000))
}

/** Of something that goes on: seconds that are full. */
export const elapsedText = (ms: number): string => wholeSeconds(Math.floor(Math.max(0, ms) / 1000))

const wholeSeconds = (seconds: number): string => (seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`)
