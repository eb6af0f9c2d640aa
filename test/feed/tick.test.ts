// When frames leave: the first at once, whatever must be read for the next; those of a run that changes all the time once in a tick.
import { setImmediate } from 'node:timers/promises'
import { memoryEngine, type RunEngine } from 'runfeed/server'
import { expect, onTestFinished, test } from 'vitest'
import { FeedHub } from '../../src/feed/feed-hub.ts'
import { gate } from '../support/gate.ts'
import { Follow } from './follow.ts'
import { sessionFrames } from './session-frames.ts'

const TICK = 100
const FRAMES = 6
const BURST = 20

async function follow(engine: RunEngine): Promise<{ readonly id: string; readonly feed: Follow }> {
  const [run] = await engine.record.create([{ task: 'work', payload: null }])
  const session = new FeedHub(engine, { tick: TICK }).open({ wants: [{ run: run?.id as string }] })
  onTestFinished(() => session.close())
  return { id: run?.id as string, feed: new Follow(sessionFrames(session)) }
}

test('however often a run changes, it has one version frame in a tick', async () => {
  const engine = memoryEngine()
  const from = performance.now()
  const { id, feed } = await follow(engine)
  await feed.until(({ runs }) => runs.size === 1)
  const patches = (): number => feed.events.filter((event) => event === 'patch').length
  let n = 0
  while (patches() < FRAMES) {
    const told = patches()
    for (let i = 0; i < BURST; i++) {
      await engine.record.commit({ run: id, operations: [{ op: 'set', key: 'n', value: ++n }] })
      await setImmediate()
    }
    await feed.until(() => patches() > told)
  }
  const ticks = (performance.now() - from) / TICK
  // a machine that has much to do makes it more ticks, and never fewer
  expect(patches()).toBeLessThanOrEqual(Math.ceil(ticks) + 1)
  await feed.until(({ runs }) => runs.get(id)?.metadata['n'] === n)
})

test('the first frame leaves before anything is read', async () => {
  const engine = memoryEngine()
  const hold = gate()
  let isRead = false
  const read: RunEngine['record']['read'] = async (run) => {
    await hold.opened
    isRead = true
    return await engine.record.read(run)
  }
  const { id, feed } = await follow({ ...engine, record: { ...engine.record, read } })
  await feed.until(({ events }) => events.length > 0)
  expect([feed.events, isRead]).toEqual([['open'], false])
  hold.open()
  await feed.until(({ runs }) => runs.has(id))
})
