// However a body is cut and however its frames are taken, they are the same frames.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, type Frame } from '../../src/protocol/frame.ts'
import { decodeFrame } from '../../src/transport/decode-frame.ts'
import { readFrames } from '../../src/transport/read-frames.ts'

const chunksOf = (index: number, text: string): Frame => ({
  event: 'chunks',
  data: { run: 'run_a', stream: 'log', index, cursor: `${index + 1}.a`, chunks: [text], by: null },
})
const patchOf = (base: number): Frame => ({
  event: 'patch',
  data: { run: 'run_a', base, cursor: `${base + 1}.a`, at: 1, patch: [{ op: 'add', path: '/metadata/é', value: 1 }], by: null },
})
const frames = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].flatMap((letter, index): Frame[] => [
  chunksOf(index, `${letter} é ☃ 😀`),
  patchOf(index + 1),
  { event: 'ping', data: { time: index } },
])

function bodyOf(bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> {
  const edges = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length]
  return new ReadableStream({
    start(controller) {
      for (const [at, edge] of edges.slice(1).entries()) if (edge > (edges[at] ?? 0)) controller.enqueue(bytes.slice(edges[at], edge))
      controller.close()
    },
  })
}

test('waiting for each frame or taking those that have come with it, over any cuts', async () => {
  const bytes = new TextEncoder().encode(frames.map(encodeFrame).join(''))
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length - 1), { maxLength: 12 }), fc.infiniteStream(fc.boolean()), async (cuts, isTaken) => {
      const reader = readFrames(() => Promise.resolve(bodyOf(bytes, cuts)), new AbortController().signal)
      const seen: Frame[] = []
      for await (const first of reader) {
        seen.push(first)
        // sometimes all of them, sometimes a few, sometimes none
        while (isTaken.next().value === true) {
          const frame = reader.more()
          if (frame) seen.push(frame)
        }
      }
      expect(seen).toEqual(frames)
    }),
  )
})

test('none of those that have come is given once the reader is aborted', async () => {
  const controller = new AbortController()
  const bytes = new TextEncoder().encode(frames.map(encodeFrame).join(''))
  const reader = readFrames(() => Promise.resolve(bodyOf(bytes, [])), controller.signal)
  expect(await reader.next()).toEqual({ done: false, value: frames[0] })
  expect(reader.more()).toEqual(frames[1])
  controller.abort()
  expect(reader.more()).toBeUndefined()
  expect(await reader.next()).toEqual({ done: true, value: undefined })
})

test('parts of a frame are told of once, and a comment is none', async () => {
  let body: ReadableStreamDefaultController<Uint8Array> | undefined
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      body = controller
    },
  })
  const reader = readFrames(() => Promise.resolve(stream), new AbortController().signal)
  const first = reader.next()
  const say = async (text: string): Promise<boolean> => {
    body?.enqueue(new TextEncoder().encode(text))
    await new Promise((resolve) => setImmediate(resolve))
    return reader.hasPart()
  }
  expect(await say(': a proxy says that it lives\n\n')).toBe(false)
  expect(await say('event: ping\nda')).toBe(true)
  expect(reader.hasPart()).toBe(false)
  expect(await say('ta: {"time":1}')).toBe(true)
  expect(await say('\n\n')).toBe(false)
  expect(await first).toMatchObject({ value: { event: 'ping', data: { time: 1 } } })
})

test.each([
  ['chunks', 'run', [undefined, null, true, -1, [], {}]],
  ['chunks', 'stream', [undefined, null, true, -1, [], {}]],
  ['chunks', 'index', [undefined, null, true, -1, '1', [], {}]],
  ['chunks', 'cursor', [undefined, null, true, 1, '', '1', '1.', '.a', '1.A', ['1.a'], {}]],
  ['chunks', 'chunks', [undefined, null, true, 1, 'text', {}, { length: 1 }]],
  ['patch', 'run', [undefined, null, true, -1, [], {}]],
  ['patch', 'base', [undefined, null, true, -1, '1', [], {}]],
  ['patch', 'cursor', [undefined, null, true, 1, '', '1', '1.', '.a', '1.A', ['1.a'], {}]],
  ['patch', 'at', [undefined, null, true, -1, '1', [], {}]],
  ['patch', 'patch', [undefined, null, true, 1, 'text', {}, { length: 1 }]],
] as const)('a %s frame that has a wrong %s is refused by that name', (event, name, values) => {
  const { data } = event === 'patch' ? patchOf(1) : chunksOf(1, 'a')
  expect(decodeFrame(event, JSON.stringify(data))).toEqual({ event, data })
  for (const wrong of values) expect(() => decodeFrame(event, JSON.stringify({ ...data, [name]: wrong }))).toThrow(`a ${event} frame has no right ${name}`)
})

test.each(['null', '[]', '1', '"text"'])('data that is %s is no object', (text) => {
  for (const event of ['chunks', 'patch', 'ping']) expect(() => decodeFrame(event, text)).toThrow(/is not an object/)
})
