// Texts whose last event names a cursor as `id:`, for a feed of one resource: made once for all who read it.
import type { Cursor } from '../protocol/cursor.ts'
import { Recent } from './recent.ts'

/** Characters. */
const MAX_KEPT = 8 * 1024 * 1024

export class NamedTexts {
  readonly #recent = new Recent<{ readonly cursor: Cursor; readonly named: string }>(MAX_KEPT)

  /** Names the cursor in the last event of the text. */
  of(text: string, cursor: Cursor): string {
    const known = this.#recent.get(text)
    return known?.cursor === cursor ? known.named : this.#recent.keep(text, { cursor, named: withId(text, cursor) }, text.length).named
  }

  clear(): void {
    this.#recent.clear()
  }
}

/** JSON has no line breaks, so nothing else begins like an event. */
function withId(text: string, cursor: Cursor): string {
  const at = text.lastIndexOf('\n\nevent: ')
  const last = at < 0 ? 0 : at + 2
  return `${text.slice(0, last)}id: ${cursor}\n${text.slice(last)}`
}
