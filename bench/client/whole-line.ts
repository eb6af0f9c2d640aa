// One line in many pieces: its time grows with its length, and not with its square. The protocol takes no frame over 4 MB, so 8 MB are read by the bare
// parser, and by the client up to its bound.
import { createParser } from 'eventsource-parser'
import { encodeFrame, type Frame } from '../../src/protocol/frame.ts'
import { readFrames } from '../../src/transport/read-frames.ts'
import { percentile, type Row } from '../row.ts'

const MB = 1024 * 1024
/** A piece of 8 MB in 1,024. */
const PIECE = 8192
const ROUNDS = 15

type Pieces = readonly Uint8Array[]
type Reader = (pieces: Pieces) => Promise<void>

function piecesOf(megabytes: number): Pieces {
  const frame: Frame = { event: 'chunks', data: { run: 'run_a', stream: 'text', index: 0, cursor: '1.a', chunks: [''], by: null } }
  const around = encodeFrame(frame).length
  const whole = encodeFrame({ ...frame, data: { ...frame.data, chunks: ['x'.repeat(megabytes * MB - around)] } })
  const bytes = new TextEncoder().encode(whole)
  return Array.from({ length: bytes.length / PIECE }, (_, at) => bytes.slice(at * PIECE, (at + 1) * PIECE))
}

function bodyOf(pieces: Pieces): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull(controller) {
      const piece = pieces[at++]
      if (piece) controller.enqueue(piece)
      else controller.close()
    },
  })
}

async function bare(pieces: Pieces): Promise<void> {
  let events = 0
  const parser = createParser({ onEvent: ({ data }) => (events += Number(JSON.parse(data) !== null)) })
  const reader = bodyOf(pieces).getReader()
  const decoder = new TextDecoder()
  for (let read = await reader.read(); !read.done; read = await reader.read()) parser.feed(decoder.decode(read.value, { stream: true }))
  if (events !== 1) throw new Error(`the bare parser saw ${events} events`)
}
async function ours(pieces: Pieces): Promise<void> {
  let events = 0
  for await (const { event } of readFrames(() => Promise.resolve(bodyOf(pieces)), new AbortController().signal)) events += Number(event === 'chunks')
  if (events !== 1) throw new Error(`the client saw ${events} frames`)
}
async function stopped(pieces: Pieces): Promise<void> {
  const refusal = await ours(pieces).catch((thrown: unknown) => String(thrown))
  if (refusal === undefined || !refusal.includes('over')) throw new Error(`a line of 8 MB was taken: ${String(refusal)}`)
}

/** @returns ms */
async function taken(reader: Reader, pieces: Pieces): Promise<number> {
  const start = process.cpuUsage()
  await reader(pieces)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1000
}

export async function wholeLine(): Promise<readonly Row[]> {
  const [two, four, eight] = [piecesOf(2), piecesOf(4), piecesOf(8)]
  const cases: readonly { readonly name: string; readonly reader: Reader; readonly pieces: Pieces }[] = [
    { name: 'ours 2', reader: ours, pieces: two },
    { name: 'ours 4', reader: ours, pieces: four },
    { name: 'ours 8', reader: stopped, pieces: eight },
    { name: 'bare 4', reader: bare, pieces: four },
    { name: 'bare 8', reader: bare, pieces: eight },
  ]
  const times = new Map(cases.map(({ name }) => [name, [] as number[]]))
  for (let round = -3; round < ROUNDS; round++)
    for (const { name, reader, pieces } of cases) {
      const ms = await taken(reader, pieces)
      if (round >= 0) times.get(name)?.push(ms)
    }
  const median = (name: string): number => percentile(times.get(name) ?? [], 0.5)
  return [
    {
      name: 'a line of 4 MB, the largest frame, in 512 pieces, beside one of 2 MB in 256',
      value: median('ours 4') / median('ours 2'),
      unit: 'times',
      limit: { most: 2.5 },
      raw: { '2 MB (ms)': median('ours 2'), '4 MB (ms)': median('ours 4'), 'bare, 4 MB (ms)': median('bare 4') },
    },
    {
      name: 'a line of 8 MB in 1,024 pieces, up to the bound at which it is refused, beside the bare parser that takes it',
      value: median('ours 8') / median('bare 8'),
      unit: 'times',
      limit: { most: 1 },
      raw: { 'refused (ms)': median('ours 8'), 'bare (ms)': median('bare 8'), 'bare, 8 MB beside 4 MB': median('bare 8') / median('bare 4') },
    },
  ]
}
