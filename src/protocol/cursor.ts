// Cursors: a number plus the random tag of the commit or chunk batch that made it. After a crash or a fail-over number 12 can be made
// twice; the tag tells the two apart. Opaque to clients.

export type Cursor = string

/** What reads nothing yet: the cursor before the first version and before the first chunk. */
export const START: Cursor = '0.0'

export const formatCursor = (number: number, tag: string): Cursor => `${number}.${tag}`

/** The number of a cursor; NaN where it is none. By hand: every frame is asked for it, and a pattern takes five times as long. */
export function cursorNumber(cursor: Cursor): number {
  let number = 0
  let at = 0
  for (let digit = digitAt(cursor, 0); digit <= 9; digit = digitAt(cursor, ++at)) number = number * 10 + digit
  const end = cursor.length
  if (at === 0 || at > MAX_DIGITS || cursor.charCodeAt(at) !== DOT || end < at + 2 || end > at + 1 + MAX_TAG) return Number.NaN
  while (++at < end) if (digitAt(cursor, at) > 35) return Number.NaN
  return number
}

const DOT = 46
const MAX_DIGITS = 15
const MAX_TAG = 16
/** 0 to 9, 10 to 35 for a small letter; anything else is more. */
function digitAt(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  if (unit >= 48 && unit <= 57) return unit - 48
  return unit >= 97 && unit <= 122 ? unit - 87 : 36
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
