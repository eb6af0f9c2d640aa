// A connection's age, and what is said to one that nobody reads meanwhile.
import { memoryEngine } from 'runfeed/server'
import { expect, onTestFinished, test } from 'vitest'
import { OPEN_ACCESS } from '../../src/feed/feed-access.ts'
import { FeedHub } from '../../src/feed/feed-hub.ts'
import { Follow } from './follow.ts'
import { sessionFrames } from './session-frames.ts'

const MAX_AGE = 1000
const CONNECTIONS = 50
const HEARTBEAT = 10

async function setUp() {
  const clock = { now: 0 }
  const engine = memoryEngine()
  const [run] = await engine.record.create([{ task: 'work', payload: null }])
  const hub = new FeedHub(engine, { heartbeat: HEARTBEAT, maxAge: MAX_AGE, now: () => clock.now })
  const wants = [{ run: run?.id as string }]
  const open = () => {
    const session = hub.open({ wants })
    onTestFinished(() => session.close())
    return session
  }
  return { clock, hub, open }
}
const count = ({ events }: Follow, event: string): number => events.filter((one) => one === event).length

test('connections that came together leave one by one, in the last quarter of their age', async () => {
  const { clock, open } = await setUp()
  const feeds = Array.from({ length: CONNECTIONS }, () => new Follow(sessionFrames(open())))
  const left = (): number => feeds.filter((feed) => count(feed, 'bye') === 1).length
  /** The clock is looked at with each beat; this one is younger than the others. */
  const beats = async (): Promise<void> => {
    const beat = new Follow(sessionFrames(open()))
    await beat.until((feed) => count(feed, 'ping') >= 2)
  }
  clock.now = 749
  await beats()
  expect(left()).toBe(0)
  clock.now = 875
  await beats()
  // half of them; all or none would be chance of 1 in 2 to the 49th
  expect(left()).toBeGreaterThan(0)
  expect(left()).toBeLessThan(CONNECTIONS)
  clock.now = MAX_AGE
  await Promise.all(feeds.map(async (feed) => await feed.over))
  expect(left()).toBe(CONNECTIONS)
})

test('one that nobody reads is not told of beats that it missed: first what opens it, then that it comes back', async () => {
  const { hub, open } = await setUp()
  const unread = open()
  const other = new Follow(sessionFrames(open()))
  await other.until((feed) => count(feed, 'ping') >= 3)
  hub.drain(5)
  const late = new Follow(sessionFrames(unread))
  await late.over
  expect(late.events).toEqual(['open', 'bye'])
})

test('a token that is over soon is over then, whatever else was to come later', async () => {
  const engine = memoryEngine()
  const [run] = await engine.record.create([{ task: 'work', payload: null }])
  // no beat looks at the clock meanwhile
  const hub = new FeedHub(engine, { heartbeat: 600_000 })
  const at = Date.now() + 30
  const session = hub.open({ wants: [{ run: run?.id as string }] }, { access: { ...OPEN_ACCESS, expiresAt: () => at } })
  onTestFinished(() => session.close())
  const feed = new Follow(sessionFrames(session))
  await feed.over
  expect(feed.denied).toMatchObject([{ code: 'token_expired' }])
  expect(Date.now()).toBeGreaterThanOrEqual(at)
})
