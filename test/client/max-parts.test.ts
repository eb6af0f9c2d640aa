// What a follower of the last parts keeps, and what it does not.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { Frame } from '../../src/protocol/frame.ts'
import { follow, setUp } from './setup.ts'

const chunks = (index: number, count: number, make: (at: number) => string = String): Frame => ({
  event: 'chunks',
  data: { run: 'run_a', stream: 'log', index, cursor: `${index + count}.c`, chunks: Array.from({ length: count }, (_, at) => make(index + at)), by: null },
})

test('a million chunks cost no more than the last of them', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const { client, transport, flush } = setUp()
  const shown = follow(client.stream('run_a', 'log', undefined, 1_000))
  await flush()
  const before = heap()
  for (let index = 0; index < 1_000_000; index += 1_000) {
    transport.last.send(chunks(index, 1_000, (at) => `chunk ${at} of a text that is about as long as a sentence`))
    await flush()
    // the test's own list of what it saw is not the client's
    shown.seen.length = 0
  }
  const { log } = shown.source.getSnapshot()
  expect([log.firstIndex, log.length]).toEqual([999_000, 1_000_000])
  expect(log.at(999_000)).toContain('chunk 999000 ')
  expect(log.slice()).toHaveLength(1_000)
  expect((heap() - before) / 2 ** 20).toBeLessThan(20)
}, 120_000)

test('everybody sees what they asked for; nothing is asked for again by who would not show it', async () => {
  const { client, transport, environment, flush } = setUp()
  const few = follow(client.stream('run_a', 'log', undefined, 3))
  const more = follow(client.stream('run_a', 'log', undefined, 5))
  await flush()
  for (let index = 0; index < 5_000; index += 10) transport.last.send(chunks(index, 10))
  await flush()
  expect([...few.source.getSnapshot().log]).toEqual(['4997', '4998', '4999'])
  expect([...more.source.getSnapshot().log]).toEqual(['4995', '4996', '4997', '4998', '4999'])
  const held = few.source.getSnapshot().log
  more.stop()
  const again = follow(client.stream('run_a', 'log', undefined, 3))
  transport.last.send(chunks(5_000, 2_000))
  await environment.advance(1_000)
  await flush()
  expect(transport.connections).toHaveLength(1)
  expect([...again.source.getSnapshot().log]).toEqual(['6997', '6998', '6999'])
  // a view that somebody still shows is as it was
  expect([...held]).toEqual(['4997', '4998', '4999'])
  // who wants all of it has it from a new connection
  const all = follow(client.stream('run_a', 'log', 0))
  await environment.advance(250)
  expect(transport.last.wants).toEqual([{ run: 'run_a', stream: 'log', index: 0 }])
  transport.last.send(chunks(0, 7_000))
  await flush()
  expect(all.source.getSnapshot().log.length).toBe(7_000)
  expect(all.source.getSnapshot().log.firstIndex).toBe(0)
  expect(few.source.getSnapshot().log.firstIndex).toBe(6_997)
})

test('a gap that an old and a new connection tell is told once', async () => {
  const { client, transport, environment, flush } = setUp()
  const shown = follow(client.stream('run_a', 'log', 0))
  await flush()
  const gap: Frame = { event: 'gap', data: { run: 'run_a', stream: 'log', from: 0, to: 3 } }
  transport.last.send(gap)
  await environment.advance(250)
  await flush()
  const first = shown.source.getSnapshot().gap
  follow(client.run('run_b'))
  await environment.advance(250)
  transport.last.send(gap)
  await flush()
  expect(shown.source.getSnapshot().gap).toBe(first)
  expect(transport.last.wants[0]).toEqual({ run: 'run_a', stream: 'log', index: 3 })
})

test('a negative start counts from the end as it was when the reader came, though its chunks are still on their way', async () => {
  const { client, transport, flush } = setUp()
  const tail = follow(client.stream('run_a', 'log', -3))
  const more = follow(client.stream('run_a', 'log', -50))
  await flush()
  const told: Frame = { event: 'stream', data: { run: 'run_a', stream: 'log', state: 'open', start: 0, length: 20 } }
  transport.last.send(told, chunks(0, 10))
  await flush()
  const { log, state } = tail.source.getSnapshot()
  expect([state, log.firstIndex, [...log]]).toEqual(['open', 17, []])
  transport.last.send(chunks(10, 10))
  await flush()
  expect([...tail.source.getSnapshot().log]).toEqual(['17', '18', '19'])
  expect(more.source.getSnapshot().log.firstIndex).toBe(0)
  // it begins there for good; who comes later begins later
  transport.last.send(chunks(20, 2))
  await flush()
  expect([...tail.source.getSnapshot().log]).toEqual(['17', '18', '19', '20', '21'])
  expect([...client.stream('run_a', 'log', -2).getSnapshot().log]).toEqual(['20', '21'])
})

test('each reader of a tail begins where it came, and stays there when it asks for more parts or with another token', async () => {
  const { client, transport, environment, flush } = setUp()
  const whole = follow(client.stream('run_a', 'log'))
  await flush()
  const tail = (place?: { begin: number }, maxParts?: number, ref: string | { id: string; publicAccessToken: string } = 'run_a') =>
    follow(client.stream(ref, 'log', -1, maxParts, place))
  const shown = ({ source }: ReturnType<typeof tail>): readonly unknown[] => [...source.getSnapshot().log]
  transport.last.send(chunks(0, 3))
  await flush()
  const place = { begin: -1 }
  const first = tail(place)
  expect(shown(first)).toEqual(['2'])
  transport.last.send(chunks(3, 3))
  await flush()
  const late = tail()
  expect([shown(first), shown(late)]).toEqual([['2', '3', '4', '5'], ['5']])
  const again = [tail(place, 200), tail(place, 3), tail(place, undefined, { id: 'run_a', publicAccessToken: 'new' })]
  expect(again.map(shown)).toEqual([
    ['2', '3', '4', '5'],
    ['3', '4', '5'],
    ['2', '3', '4', '5'],
  ])
  for (const { stop } of [first, late, ...again]) stop()
  await environment.advance(10_000)
  expect(shown(tail())).toEqual(['5'])
  expect(shown(whole)).toHaveLength(6)
})

test.each([
  [1.5, undefined],
  [Number.NaN, undefined],
  [undefined, -1],
  [undefined, Number.NaN],
  [undefined, 2.5],
])('a start of %s and %s parts are refused', (startIndex, maxParts) => {
  const { client } = setUp()
  expect(() => client.stream('run_a', 'log', startIndex, maxParts)).toThrow('startIndex and maxParts are whole numbers')
})
