// Where two who ask for one resource are, beside each other.
import type { QueryWant, Want } from '../../protocol/want.ts'

/** Of a run: from its beginning. */
export const withoutPlace = ({ run, token }: Want): Want => ({ run: run as string, ...(token !== undefined && { token }) })

/** Whether a tab knows the members of a list that the connection has told, as far as it has. */
export function isSamePlace({ cursors: told = {} }: QueryWant, { cursors = {} }: QueryWant): boolean {
  const ids = Object.keys(told)
  return ids.length > 0 && ids.length === Object.keys(cursors).length && ids.every((id) => told[id] === cursors[id])
}

/** The one of two wants of one resource that asks for more. */
export function lower(a: Want | undefined, b: Want): Want {
  if (!a) return b
  if ('index' in a || 'index' in b) return ('index' in a ? (a.index ?? 0) : 0) <= ('index' in b ? (b.index ?? 0) : 0) ? a : b
  const number = (want: Want): number => Number.parseInt(('cursor' in want && want.cursor) || '0', 10)
  return number(a) <= number(b) ? a : b
}
