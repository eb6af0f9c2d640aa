// How long clients wait before they come back: a lone one shortly, those of a server that said how many they are over longer.
import { expect, test } from 'vitest'
import { FeedHub } from '../../src/feed/feed-hub.ts'
import { ConnectionError } from '../../src/protocol/errors.ts'
import { Backoff } from '../../src/transport/backoff.ts'
import { environment } from '../../src/transport/environment.ts'
import { memoryEngine } from 'runfeed/server'
import { randomOf } from '../faults/seed.ts'
import { Follow } from '../feed/follow.ts'
import { sessionFrames } from '../feed/session-frames.ts'

const lost = new ConnectionError('lost')

/** The longest waits of one client, failure by failure: the first connection was open, the others never were. */
function waits(spread: number): readonly number[] {
  const backoff = new Backoff({ ...environment, random: () => 1, now: () => 10_000 })
  return [backoff.next(lost, 0, spread), backoff.next(lost), backoff.next(lost), backoff.next(lost), backoff.next(lost)]
}

test('a lone client is back within two seconds, and waits longer for a server that stays away', () => {
  expect(waits(0)).toEqual([2000, 4000, 8000, 16_000, 16_000])
})

test('one of many comes back within what the server said, also when that is away for longer', () => {
  expect(waits(8000)).toEqual([8000, 8000, 8000, 16_000, 16_000])
})

test('a server that is away for 30 s, and three connections that are then cut, cost hardly anybody more than 12 requests', () => {
  const random = randomOf(1)
  /** Of one client, the connection that was lost first and the one that stays included. */
  const requests = (): number => {
    const backoff = new Backoff({ ...environment, random, now: () => 10_000 })
    let asked = 1
    let cuts = 0
    for (let at = backoff.next(lost, 0); cuts <= 3; at += backoff.next(lost)) {
      asked++
      if (at >= 30_000) cuts++
    }
    return asked
  }
  const all = Array.from({ length: 10_000 }, requests)
  expect(all.filter((count) => count > 12).length).toBeLessThanOrEqual(10)
})

test('the clients of a server that was away come back at different times all the same', () => {
  const random = randomOf(2)
  const seconds = new Map<number, number>()
  for (let client = 0; client < 500; client++) {
    const backoff = new Backoff({ ...environment, random, now: () => 10_000 })
    let at = backoff.next(lost, 0, 8000)
    while (at < 30_000) at += backoff.next(lost)
    const second = Math.floor(at / 1000)
    seconds.set(second, (seconds.get(second) ?? 0) + 1)
  }
  expect(Math.max(...seconds.values())).toBeLessThan(100)
})

test('what is no number of ms is ignored', () => {
  expect(waits(Number.NaN)).toEqual(waits(0))
})

test('a server says over how long its clients come back, once they are many', async () => {
  const engine = memoryEngine()
  const [run] = await engine.record.create([{ task: 'work', payload: null }])
  const hub = new FeedHub(engine, { heartbeat: 20 })
  const first = hub.open({ wants: [{ run: run?.id as string }] })
  const feed = new Follow(sessionFrames(first))
  await feed.until(({ events }) => events.includes('ping'))
  expect(feed.frames.find(({ event }) => event === 'ping')?.data).toEqual({ time: expect.any(Number) as number })
  const others = Array.from({ length: 499 }, () => hub.open({ wants: [{ run: run?.id as string }] }))
  await feed.until(({ frames }) => frames.some(({ event, data }) => event === 'ping' && data.spread === 8000))
  hub.drain(500)
  await feed.over
  for (const session of others) session.close()
  expect(feed.events.at(-1)).toBe('bye')
})
