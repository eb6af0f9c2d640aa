// Cursors: a number plus the random tag of the commit or chunk batch that made it. After a crash or a fail-over number 12 can be made
// twice; the tag tells the two apart. Opaque to clients.

export type Cursor = string

/** What reads nothing yet: the cursor before the first version and before the first chunk. */
export const START: Cursor = '0.0'

export const formatCursor = (number: number, tag: string): Cursor => `${number}.${tag}`

/**
 * The number of a cursor: 1 to 15 digits, before a dot and a tag of 1 to 16 digits and small letters. NaN where it is none.
 * By hand: every frame is asked for it, and a pattern takes five times as long.
 */
export function cursorNumber(cursor: Cursor): number {
  let number = 0
  let at = 0
  let unit = cursor.charCodeAt(0)
  // 48 to 57 are digits, 97 to 122 small letters, 46 is the dot
  for (; unit > 47 && unit < 58; unit = cursor.charCodeAt(++at)) number = number * 10 + unit - 48
  const rest = cursor.length - at
  if (at === 0 || at > 15 || unit !== 46 || rest < 2 || rest > 17) return Number.NaN
  while (++at < cursor.length) {
    unit = cursor.charCodeAt(at)
    if (unit < 48 || unit > 122 || (unit > 57 && unit < 97)) return Number.NaN
  }
  return number
}

export function parseCursor(cursor: Cursor): { readonly number: number; readonly tag: string } | undefined {
  const number = cursorNumber(cursor)
  return Number.isNaN(number) ? undefined : { number, tag: cursor.slice(cursor.indexOf('.') + 1) }
}

/** Four letters tell two commits of one number apart; they are no secret. */
export const newTag = (): string =>
  Math.floor(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
