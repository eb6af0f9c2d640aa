// How long something took, or how long ago it was.

/** Rounded once, and split then: who rounds the seconds that are left over prints "1 min 60 s". */
export function durationText(ms: number): string {
  if (ms < 100) return `${Math.max(0, Math.round(ms))} ms`
  const tenths = Math.round(ms / 100)
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  const minutes = Math.round(ms / 60_000)
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1000, 's'],
] as const

/** In its largest unit, rounded down: `3 min`. */
export function ageText(ms: number): string {
  const [length, unit] = UNITS.find(([size]) => ms >= size) ?? [1000, 's']
  return `${Math.floor(Math.max(0, ms) / length)} ${unit}`
}
