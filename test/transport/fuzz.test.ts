// Whatever a server or a proxy writes: the client takes it, or says that it is no feed. It neither crashes nor hangs, and no prototype changes.
import { createRunClient } from 'runfeed'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFrame, type Frame } from '../../src/protocol/frame.ts'
import { MAX_FRAME_BYTES } from '../../src/protocol/limits.ts'
import { readFrames } from '../../src/transport/read-frames.ts'
import { ManualScheduler, record } from '../client/setup.ts'
import { ManualEnvironment, settled } from './manual-environment.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
function bodyOf(pieces: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = pieces[Symbol.iterator]()
  return new ReadableStream({
    pull(controller) {
      const { done, value } = iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}
const open = new AbortController().signal

/** A feed that says something of everything. */
const FRAMES: readonly Frame[] = [
  { event: 'open', data: { protocol: 1, heartbeat: 15_000, time: 1 } },
  { event: 'run', data: { run: record({ metadata: { list: [1], deep: { a: 1 } } }), cursor: '1.a' } },
  {
    event: 'patch',
    data: { run: 'run_a', base: 1, cursor: '2.b', at: 2, patch: [{ op: 'add', path: '/metadata/list/-', value: { b: 2 } }], by: null, omitted: [] },
  },
  { event: 'chunks', data: { run: 'run_a', stream: 'log', index: 0, cursor: '2.c', chunks: ['a', { b: 1 }], by: null } },
  { event: 'stream', data: { run: 'run_a', stream: 'log', state: 'errored', start: 0, length: 2, error: 'why' } },
  { event: 'gap', data: { run: 'run_a', stream: 'log', from: 2, to: 5 } },
  { event: 'list', data: { query: '{"limit":50,"tag":"t"}', runs: [{ id: 'run_a', version: 1 }], hasMore: true } },
  { event: 'enter', data: { query: '{"limit":50,"tag":"t"}', run: { id: 'run_b', version: 1 }, before: null } },
  { event: 'leave', data: { query: '{"limit":50,"tag":"t"}', run: 'run_b' } },
  { event: 'denied', data: { run: 'run_b', code: 'token_expired', message: 'no' } },
  { event: 'ping', data: { time: 2 } },
  { event: 'end', data: { run: 'run_a', cursor: '2.b', lengths: { log: 2 }, settled: false } },
  { event: 'bye', data: { reconnectAfter: 1 } },
]

const NAMES = ['__proto__', 'constructor', 'prototype', 'length', 'toString', 'run', 'chunks', 'index', 'cursor', 'a']
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(
      null,
      true,
      -1,
      1e308,
      0.5,
      Number.MAX_SAFE_INTEGER,
      '',
      '__proto__',
      '/metadata/__proto__/x',
      '/constructor/prototype/x',
      '3.a',
      'run_a',
    ),
    fc.array(tie('json'), { maxLength: 3 }),
    fc.array(fc.tuple(fc.constantFrom(...NAMES), tie('json')), { maxLength: 3 }).map((entries) => {
      const made: { [name: string]: unknown } = {}
      // as JSON.parse makes it: an own member, whatever it is called
      for (const [name, value] of entries) Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true })
      return made
    }),
  ),
}))

/** JSON text with an own `__proto__` where it has one, which an object literal cannot say. */
const mutation = fc.record({ at: fc.nat(FRAMES.length - 1), path: fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }), value: json, drop: fc.boolean() })

function mutate(frame: Frame, path: readonly number[], value: unknown, drop: boolean): string {
  const data = JSON.parse(JSON.stringify(frame.data)) as { [key: string]: unknown }
  let place: { [key: string]: unknown } = data
  for (const [depth, step] of path.entries()) {
    const keys = Object.keys(place)
    const key = keys[step % Math.max(1, keys.length)] ?? 'added'
    const next = place[key]
    if (depth < path.length - 1 && typeof next === 'object' && next !== null) {
      place = next as { [key: string]: unknown }
      continue
    }
    if (drop) delete place[key]
    else place[key] = value
    break
  }
  return `event: ${frame.event}\ndata: ${JSON.stringify(data)}\n\n`
}

/** A client that is told these bytes, and then nothing. */
async function tell(bytes: Uint8Array, pieces: number): Promise<string> {
  const environment = new ManualEnvironment()
  const scheduler = new ManualScheduler()
  const size = Math.max(1, Math.ceil(bytes.length / pieces))
  const client = createRunClient({
    environment,
    scheduler,
    transport: {
      stream: (_wants, signal) =>
        readFrames(() => Promise.resolve(bodyOf(Array.from({ length: pieces }, (_, at) => bytes.slice(at * size, (at + 1) * size)))), signal),
      request: () => Promise.resolve(record({ version: 3 }) as never),
    },
  })
  const sources = [client.run('run_a'), client.run('run_b'), client.stream('run_a', 'log'), client.stream('run_a', 'constructor'), client.runList({ tag: 't' })]
  for (const source of sources) source.subscribe(() => void source.getSnapshot())
  await settled()
  scheduler.flush()
  const { status } = client.connection.getSnapshot()
  client.close()
  return status
}

const prototypes = (): string =>
  JSON.stringify([Object.prototype, Array.prototype, Function.prototype].map((prototype) => Object.getOwnPropertyNames(prototype)))

test('frames that are wrong anywhere', async () => {
  const before = prototypes()
  const statuses = new Set<string>()
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), fc.integer({ min: 1, max: 9 }), async (mutations, pieces) => {
      const texts = FRAMES.map((frame) => encodeFrame(frame))
      for (const { at, path, value, drop } of mutations) texts[at] = mutate(FRAMES[at] as Frame, path, value, drop)
      statuses.add(await tell(utf8(texts.join('')), pieces))
      expect(prototypes()).toBe(before)
      expect(({} as { x?: unknown }).x).toBeUndefined()
    }),
    { numRuns: 400 },
  )
  // some are taken, and some are not: a test in which all fail at once would show nothing
  expect(statuses).toContain('failed')
  expect([...statuses].some((status) => status !== 'failed')).toBe(true)
}, 120_000)

test('bytes that are no feed at all', async () => {
  expect.hasAssertions()
  const line = fc.oneof(
    fc.constantFrom(
      'event: run\n',
      'data: {',
      'data: {}\n',
      'data\n',
      ':',
      '\r',
      '\n\n',
      'retry: -1\n',
      'id: \0\n',
      '\uFEFF',
      'event: __proto__\ndata: {}\n\n',
    ),
    fc.string({ unit: 'binary', maxLength: 20 }),
  )
  const text = fc.array(line, { maxLength: 30 }).map((lines) => utf8(lines.join('')))
  await fc.assert(
    fc.asyncProperty(fc.oneof(text, fc.uint8Array({ maxLength: 300 })), fc.integer({ min: 1, max: 20 }), async (bytes, pieces) => {
      expect(['connecting', 'open', 'reconnecting', 'failed']).toContain(await tell(bytes, pieces))
    }),
    { numRuns: 400 },
  )
}, 120_000)

test('an object that claims a length is no chunks', async () => {
  const text = `${encodeFrame(FRAMES[0] as Frame)}event: chunks\ndata: {"run":"run_a","stream":"log","index":0,"cursor":"1.a","chunks":{"length":1e12}}\n\n`
  expect(await tell(utf8(text), 1)).toBe('failed')
})

test('a frame of almost 4 MB in 1,024 pieces is one frame; a line of 8 MB is stopped at the bound', async () => {
  const piecesOf = function* (bytes: Uint8Array, onPiece: () => void): Generator<Uint8Array> {
    const size = Math.ceil(bytes.length / 1_024)
    for (let at = 0; at < bytes.length; at += size) {
      onPiece()
      yield bytes.slice(at, at + size)
    }
  }
  const large: Frame = {
    event: 'chunks',
    data: { run: 'run_a', stream: 'log', index: 0, cursor: '1.c', chunks: ['é'.repeat(MAX_FRAME_BYTES / 2 - 200)], by: null },
  }
  const frames: Frame[] = []
  for await (const frame of readFrames(() => Promise.resolve(bodyOf(piecesOf(utf8(encodeFrame(large)), () => {}))), open)) frames.push(frame)
  expect(frames).toEqual([large])
  let pieces = 0
  const endless = utf8(`data: ${'x'.repeat(2 * MAX_FRAME_BYTES)}`)
  const reading = (async () => {
    for await (const _frame of readFrames(() => Promise.resolve(bodyOf(piecesOf(endless, () => pieces++))), open)) throw new Error('there is none')
  })()
  await expect(reading).rejects.toMatchObject({ type: 'protocol' })
  expect(pieces).toBeLessThan(530)
})
