// Cursors: a number plus the random tag of the commit or chunk batch that made it. After a crash or a fail-over number 12 can be made
// twice; the tag tells the two apart. Opaque to clients.

export type Cursor = string

/** What reads nothing yet: the cursor before the first version and before the first chunk. */
export const START: Cursor = '0.0'

export const formatCursor = (number: number, tag: string): Cursor => `${number}.${tag}`

/** A cursor's number and its tag. */
export const CURSOR_PATTERN: RegExp = /^(\d{1,15})\.([0-9a-z]{1,16})$/

interface ParsedCursor {
  readonly number: number
  readonly tag: string
}
/** The one that was parsed last: whoever reads a frame looks at its cursor several times. */
let last: { readonly cursor: Cursor; readonly parsed: ParsedCursor } | undefined

export function parseCursor(cursor: Cursor): ParsedCursor | undefined {
  if (last?.cursor === cursor) return last.parsed
  const match = CURSOR_PATTERN.exec(cursor)
  if (!match) return undefined
  last = { cursor, parsed: { number: Number(match[1]), tag: match[2] as string } }
  return last.parsed
}

/** Four letters tell two commits of one number apart; they are no secret. */
export const newTag = (): string =>
  Math.floor(Math.random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
