// An event's text as a frame that has what is read of it. A wrong one is found here, where it can be said, and not later in somebody's render.
import { cursorNumber } from '../protocol/cursor.ts'
import { ProtocolError } from '../protocol/errors.ts'
import type { Frame, FrameEvent, FrameOf } from '../protocol/frame.ts'

/** Each field's name after its kind: `$` text, `.` a cursor, `#` a number of 0 or more, `[` an array, `{` an object. */
const SHAPES: { readonly [E in FrameEvent]: string } = {
  open: '#heartbeat',
  run: '{run .cursor',
  patch: '$run #base .cursor #at [patch',
  chunks: '$run $stream #index .cursor [chunks',
  stream: '$run $stream $state #start #length',
  end: '$run .cursor {lengths',
  gap: '$run $stream #from #to',
  list: '$query [runs',
  enter: '$query {run',
  leave: '$query $run',
  denied: '$code',
  ping: '',
  bye: '',
}
interface Field {
  readonly kind: string
  readonly name: string
}
const fields = (shape: string): readonly Field[] => (shape.match(/\S+/g) ?? []).map((field) => ({ kind: field.charAt(0), name: field.slice(1) }))
const FIELDS: ReadonlyMap<string, readonly Field[]> = new Map(Object.entries(SHAPES).map(([event, shape]) => [event, fields(shape)]))
const CHUNKS = FIELDS.get('chunks')
const PATCH = FIELDS.get('patch')
const MEMBER = fields('$id #version')
const RECORD = fields('{metadata {streams')
const LENGTH = fields('#length')

/**
 * The frame of an event; `undefined` for one that this version does not know.
 * @throws ProtocolError that names what is wrong.
 */
export function decodeFrame(event: string | undefined, text: string): Frame | undefined {
  const wanted = event === 'chunks' ? CHUNKS : event === 'patch' ? PATCH : FIELDS.get(event as string)
  if (!wanted) return undefined
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw new ProtocolError(`the data of a ${event} frame is not JSON`)
  }
  if (!isKind('{', data)) throw new ProtocolError(`the data of a ${event} frame is not an object`)
  // most frames are of these two: to look at them by the table took as long as everything else that is done with one
  if (wanted === CHUNKS && isChunks(data as Partial<FrameOf<'chunks'>['data']>)) return { event: 'chunks', data: data as FrameOf<'chunks'>['data'] }
  if (wanted === PATCH && isPatch(data as Partial<FrameOf<'patch'>['data']>)) return { event: 'patch', data: data as FrameOf<'patch'>['data'] }
  const frame = { event, data } as Frame
  check(event as string, wanted, data)
  if (frame.event === 'run') check(frame.event, RECORD, frame.data.run)
  if (frame.event === 'run' || frame.event === 'enter') check(frame.event, MEMBER, frame.data.run)
  if (frame.event === 'list') for (const member of frame.data.runs) check(frame.event, MEMBER, member)
  if (frame.event === 'end') for (const length of Object.values(frame.data.lengths)) check(frame.event, LENGTH, { length })
  return frame
}

const isChunks = ({ run, stream, index, cursor, chunks }: Partial<FrameOf<'chunks'>['data']>): boolean =>
  isText(run) && isText(stream) && isCount(index) && isCursor(cursor) && Array.isArray(chunks)
const isPatch = ({ run, base, cursor, at, patch }: Partial<FrameOf<'patch'>['data']>): boolean =>
  isText(run) && isCount(base) && isCursor(cursor) && isCount(at) && Array.isArray(patch)

function check(event: string, of: readonly Field[], value: unknown): void {
  for (const { kind, name } of of)
    if (!isKind(kind, (value as { readonly [name: string]: unknown } | null)?.[name])) throw new ProtocolError(`a ${event} frame has no right ${name}`)
}

function isKind(kind: string, value: unknown): boolean {
  if (kind === '$') return isText(value)
  if (kind === '.') return isCursor(value)
  if (kind === '#') return isCount(value)
  return typeof value === 'object' && value !== null && Array.isArray(value) === (kind === '[')
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isCount = (value: unknown): boolean => typeof value === 'number' && value >= 0
const isCursor = (value: unknown): boolean => typeof value === 'string' && cursorNumber(value) >= 0
