// What the feed keeps of frames for those who read the same: as long as somebody comes for it within a heartbeat, and not for the sake of who
// only holds a connection.
import { memoryEngine, type RunEngine } from 'runfeed/server'
import { expect, onTestFinished, test } from 'vitest'
import { FeedHub } from '../../src/feed/feed-hub.ts'
import { HEARTBEAT } from '../support/server.ts'
import { Follow } from './follow.ts'
import { sessionFrames } from './session-frames.ts'

const PINGS = 3

/** The engine, and how often its records and chunks were read. */
function counting(engine: RunEngine): { readonly engine: RunEngine; readonly reads: { records: number; chunks: number } } {
  const reads = { records: 0, chunks: 0 }
  const { record, chunks } = engine
  return {
    reads,
    engine: {
      ...engine,
      wake: (topic, listener) => engine.wake(topic, listener),
      record: Object.assign(Object.create(record) as typeof record, {
        read: async (run: string) => {
          reads.records++
          return await record.read(run)
        },
      }),
      chunks: Object.assign(Object.create(chunks) as typeof chunks, {
        read: async (...asked: Parameters<typeof chunks.read>) => {
          reads.chunks++
          return await chunks.read(...asked)
        },
      }),
    },
  }
}

test('frames that nobody asks for within a heartbeat are let go of, and read again for who comes later', async () => {
  const { engine, reads } = counting(memoryEngine())
  const { run } = await engine.queue.begin({ task: 'work', payload: null, metadata: { word: 'here' } }, { worker: 'w' })
  const { id } = run
  await engine.record.commit({ run: id, attempt: 1, streams: { out: { state: 'open' } } })
  await engine.chunks.append(id, 'out', ['a', 'b', 'c'], { by: id, attempt: 1 })
  const hub = new FeedHub(engine, { heartbeat: HEARTBEAT })
  const open = (): Follow => {
    const session = hub.open({ wants: [{ run: id }, { run: id, stream: 'out' }] })
    onTestFinished(() => session.close())
    return new Follow(sessionFrames(session))
  }
  const isThere = ({ runs, frames }: Follow): boolean => runs.has(id) && frames.some(({ event }) => event === 'chunks')
  const first = open()
  await first.until(isThere)
  // it holds its connection, and has all that there is
  const pings = (): number => first.events.filter((event) => event === 'ping').length
  const before = pings()
  await first.until(() => pings() >= before + PINGS)
  const read = { ...reads }
  const second = open()
  await second.until(isThere)
  expect(second.runs.get(id)?.metadata).toEqual({ word: 'here' })
  expect(second.frames.flatMap(({ event, data }) => (event === 'chunks' ? data.chunks : []))).toEqual(['a', 'b', 'c'])
  expect(reads.records).toBeGreaterThan(read.records)
  expect(reads.chunks).toBeGreaterThan(read.chunks)
})
