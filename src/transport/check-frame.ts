// Whether a frame has what is read of it. A wrong one is found here, where it can be said, and not later in somebody's render.
import { parseCursor } from '../protocol/cursor.ts'
import { ProtocolError } from '../protocol/errors.ts'
import type { Frame, FrameEvent } from '../protocol/frame.ts'

type Field = readonly [name: string, kind: string]
/** Each name with its kind: `$` text, `.` a cursor, `#` a number of 0 or more, `[` an array, `{` an object. */
const fields = (...names: readonly string[]): readonly Field[] => names.map((name) => [name.slice(0, -1), name.slice(-1)])

const FIELDS: { readonly [E in FrameEvent]: readonly Field[] } = {
  open: fields('heartbeat#'),
  run: fields('run{', 'cursor.'),
  patch: fields('run$', 'base#', 'cursor.', 'at#', 'patch['),
  chunks: fields('run$', 'stream$', 'index#', 'cursor.', 'chunks['),
  stream: fields('run$', 'stream$', 'state$', 'start#', 'length#'),
  end: fields('run$', 'cursor.', 'lengths{'),
  gap: fields('run$', 'stream$', 'from#', 'to#'),
  list: fields('query$', 'runs['),
  enter: fields('query$', 'run{'),
  leave: fields('query$', 'run$'),
  denied: fields('code$'),
  ping: [],
  bye: [],
}
const RUN = fields('id$', 'version#', 'metadata{', 'streams{')
const MEMBER = fields('id$', 'version#')
const LENGTH = fields('length#')

/** @throws ProtocolError that names the field. */
export function checkFrame({ event, data }: Frame): void {
  const check = (wanted: readonly Field[], value: unknown): void => {
    for (const [name, kind] of wanted)
      if (!isKind(kind, (value as { readonly [name: string]: unknown } | null)?.[name])) throw new ProtocolError(`a ${event} frame has no right ${name}`)
  }
  check(FIELDS[event], data)
  if (event === 'run') check(RUN, data.run)
  if (event === 'enter') check(MEMBER, data.run)
  if (event === 'list') for (const member of data.runs) check(MEMBER, member)
  if (event === 'end') for (const length of Object.values(data.lengths)) check(LENGTH, { length })
}

function isKind(kind: string, value: unknown): boolean {
  if (kind === '$') return typeof value === 'string'
  if (kind === '.') return typeof value === 'string' && parseCursor(value) !== undefined
  if (kind === '#') return typeof value === 'number' && value >= 0
  return typeof value === 'object' && value !== null && Array.isArray(value) === (kind === '[')
}
