// Whether a frame has what is read of it. A wrong one is found here, where it can be said, and not later in somebody's render.
import { parseCursor } from '../protocol/cursor.ts'
import { ProtocolError } from '../protocol/errors.ts'
import type { Frame, FrameEvent } from '../protocol/frame.ts'

interface Field {
  readonly name: string
  readonly kind: string
}
/** Each name with its kind: `$` text, `.` a cursor, `#` a number of 0 or more, `[` an array, `{` an object. */
const fields = (...names: readonly string[]): readonly Field[] => names.map((name) => ({ name: name.slice(0, -1), kind: name.slice(-1) }))

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
  check(event, FIELDS[event], data)
  if (event === 'run') check(event, RUN, data.run)
  if (event === 'enter') check(event, MEMBER, data.run)
  if (event === 'list') for (const member of data.runs) check(event, MEMBER, member)
  if (event === 'end') for (const length of Object.values(data.lengths)) check(event, LENGTH, { length })
}

function check(event: string, wanted: readonly Field[], value: unknown): void {
  const of = value as { readonly [name: string]: unknown } | null
  for (const { name, kind } of wanted) if (!isKind(kind, of?.[name])) throw new ProtocolError(`a ${event} frame has no right ${name}`)
}

function isKind(kind: string, value: unknown): boolean {
  if (kind === '$') return typeof value === 'string'
  if (kind === '.') return typeof value === 'string' && parseCursor(value) !== undefined
  if (kind === '#') return typeof value === 'number' && value >= 0
  return typeof value === 'object' && value !== null && Array.isArray(value) === (kind === '[')
}
