// An event's text as a frame that has what is read of it. A wrong one is found here, where it can be said, and not later in somebody's render.
import { cursorNumber } from '../protocol/cursor.ts'
import { ProtocolError } from '../protocol/errors.ts'
import type { Frame, FrameEvent, FrameOf } from '../protocol/frame.ts'

type Check = (value: unknown) => boolean
/** What is read of a value, by name. */
type Shape = { readonly [field: string]: Check }

const isText: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => typeof value === 'number' && value >= 0
const isCursor: Check = (value) => typeof value === 'string' && cursorNumber(value) >= 0
const isArray: Check = Array.isArray
const isObject: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

const MEMBER: Shape = { id: isText, version: isCount }
const RECORD: Shape = { ...MEMBER, metadata: isObject, streams: isObject }
const LENGTH: Shape = { length: isCount }
const SHAPES: { readonly [E in FrameEvent]: Shape } = {
  open: { heartbeat: isCount },
  run: { run: isObject, cursor: isCursor },
  patch: { run: isText, base: isCount, cursor: isCursor, at: isCount, patch: isArray },
  chunks: { run: isText, stream: isText, index: isCount, cursor: isCursor, chunks: isArray },
  stream: { run: isText, stream: isText, state: isText, start: isCount, length: isCount },
  end: { run: isText, cursor: isCursor, lengths: isObject },
  gap: { run: isText, stream: isText, from: isCount, to: isCount },
  list: { query: isText, runs: isArray },
  enter: { query: isText, run: isObject },
  leave: { query: isText, run: isText },
  denied: { code: isText },
  ping: {},
  bye: {},
}
/** By any text: an event may be called as what every object inherits. */
const EVENTS: ReadonlyMap<string, Shape> = new Map(Object.entries(SHAPES))

/**
 * The frame of an event; `undefined` for one that this version does not know.
 * @throws ProtocolError that names what is wrong.
 */
export function decodeFrame(event: string | undefined, text: string): Frame | undefined {
  // most frames are of two events: to find and check those as the others are took a tenth of a token's time
  const shape = event === 'chunks' ? SHAPES.chunks : event === 'patch' ? SHAPES.patch : EVENTS.get(event as string)
  if (!shape) return undefined
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    refuse(event, 'is not JSON')
  }
  if (!isObject(data)) refuse(event, 'is not an object')
  if (shape === SHAPES.chunks && hasChunks(data as FrameOf<'chunks'>['data'])) return { event: 'chunks', data: data as FrameOf<'chunks'>['data'] }
  if (shape === SHAPES.patch && hasPatch(data as FrameOf<'patch'>['data'])) return { event: 'patch', data: data as FrameOf<'patch'>['data'] }
  const frame = { event, data } as Frame
  check(frame.event, shape, data)
  if (frame.event === 'run') check(frame.event, RECORD, frame.data.run)
  if (frame.event === 'enter') check(frame.event, MEMBER, frame.data.run)
  if (frame.event === 'list') for (const member of frame.data.runs) check(frame.event, MEMBER, member)
  if (frame.event === 'end') for (const length of Object.values(frame.data.lengths)) check(frame.event, LENGTH, { length })
  return frame
}

function refuse(event: string | undefined, why: string): never {
  throw new ProtocolError(`a ${event} frame ${why}`)
}

function check(event: string, shape: Shape, value: unknown): void {
  for (const name in shape) if (!shape[name]?.((value as { readonly [name: string]: unknown } | null)?.[name])) refuse(event, `has no right ${name}`)
}

const hasChunks = ({ run, stream, index, cursor, chunks }: FrameOf<'chunks'>['data']): boolean =>
  isText(run) && isText(stream) && isCount(index) && isCursor(cursor) && isArray(chunks)
const hasPatch = ({ run, base, cursor, at, patch }: FrameOf<'patch'>['data']): boolean =>
  isText(run) && isCount(base) && isCursor(cursor) && isCount(at) && isArray(patch)
