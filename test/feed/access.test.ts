// What a session may read, asked through the seam that keys and tokens are built behind.
import { FeedHub } from '../../src/feed/feed-hub.ts'
import type { FeedAccess } from '../../src/feed/feed-access.ts'
import { type FeedQuery, queryName, type Want } from '../../src/protocol/want.ts'
import { memoryEngine, type RunEngine } from 'runfeed/server'
import type { ErrorBody, Run } from 'runfeed'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Follow } from './follow.ts'
import { sessionFrames } from './session-frames.ts'

const forbidden: ErrorBody = { type: 'forbidden', message: 'not yours' }

const made = async (engine: RunEngine, tags: readonly string[] = [], more: object = {}): Promise<Run> =>
  (await engine.record.create([{ task: 'work', payload: null, tags, ...more }]))[0] as Run
const set = async (engine: RunEngine, run: string, value: number, by?: string): Promise<unknown> =>
  await engine.record.commit({ run, operations: [{ op: 'set', key: 'v', value }], ...(by !== undefined && { by }) })

/** Reads what has the tag `mine`, as a token of that scope does. */
const mine = (engine: RunEngine, more: Partial<FeedAccess> = {}): FeedAccess => ({
  async check({ run, query }: Want) {
    if (query !== undefined) return query.tag === 'mine' ? undefined : forbidden
    return (await engine.record.read(run))?.run.tags.includes('mine') ? undefined : forbidden
  },
  shows: () => false,
  namespaceOf: () => undefined,
  expiresAt: () => undefined,
  ...more,
})

function open(hub: FeedHub, wants: readonly Want[], access: FeedAccess): Follow {
  const session = hub.open({ wants }, { access })
  onTestFinished(() => session.close())
  return new Follow(sessionFrames(session))
}

describe('each want is asked for', () => {
  test('when it is opened, and fails alone', async () => {
    const engine = memoryEngine()
    const [own, other] = [await made(engine, ['mine']), await made(engine, ['theirs'])]
    const query: FeedQuery = { tag: 'theirs' }
    const feed = open(new FeedHub(engine), [{ run: other.id }, { run: other.id, stream: 's' }, { query }, { run: own.id }], mine(engine))
    await feed.until(({ runs, denied }) => runs.size === 1 && denied.length === 3)
    expect(feed.denied).toEqual([
      { run: other.id, code: 'forbidden', message: 'not yours' },
      { run: other.id, stream: 's', code: 'forbidden', message: 'not yours' },
      { query: queryName(query), code: 'forbidden', message: 'not yours' },
    ])
    expect([...feed.runs.keys()]).toEqual([own.id])
  })

  test('again when the tags of its run change, and nothing of the version that takes it away is told', async () => {
    const engine = memoryEngine()
    const [run, stays] = [await made(engine, ['mine']), await made(engine, ['mine'])]
    const feed = open(new FeedHub(engine), [{ run: run.id }, { run: run.id, stream: 's' }, { run: stays.id }], mine(engine))
    await feed.until(({ runs }) => runs.size === 2)
    await engine.record.commit({ run: run.id, tags: { remove: ['mine'] }, operations: [{ op: 'set', key: 'secret', value: 1 }] })
    await feed.until(({ denied }) => denied.length === 2)
    expect(feed.denied.map(({ stream }) => stream)).toEqual(expect.arrayContaining([undefined, 's']))
    expect(JSON.stringify(feed.frames)).not.toContain('secret')
    await set(engine, stays.id, 7)
    await feed.until(({ runs }) => runs.get(stays.id)?.metadata['v'] === 7)
  })

  test('again of each member when its tags change: who reads a list by a tag is told that it left, and nothing of how', async () => {
    const engine = memoryEngine()
    const [run, stays] = [await made(engine, ['mine']), await made(engine, ['mine'])]
    const query: FeedQuery = { tag: 'mine' }
    const feed = open(new FeedHub(engine), [{ query }], mine(engine))
    await feed.until(({ runs }) => runs.size === 2)
    await engine.record.commit({ run: run.id, tags: { remove: ['mine'] }, operations: [{ op: 'set', key: 'secret', value: 1 }] })
    await feed.until(({ queries }) => queries.get(queryName(query))?.ids.length === 1)
    await set(engine, stays.id, 7)
    await feed.until(({ runs }) => runs.get(stays.id)?.metadata['v'] === 7)
    expect(JSON.stringify(feed.frames)).not.toContain('secret')
    // and comes back with its tag
    await engine.record.commit({ run: run.id, tags: { add: ['mine'] } })
    await feed.until(({ queries, runs }) => queries.get(queryName(query))?.ids.length === 2 && runs.get(run.id)?.metadata['secret'] === 1)
  })

  test('again when the members of its query change; its members are read no more', async () => {
    const engine = memoryEngine()
    let isAllowed = true
    const access = mine(engine, { check: async () => (isAllowed ? undefined : forbidden) })
    const hub = new FeedHub(engine)
    const first = await made(engine, ['mine'])
    const feed = open(hub, [{ query: { tag: 'mine' } }, { query: { tag: 'none' } }], access)
    await feed.until(({ runs, queries }) => runs.size === 1 && queries.size === 2)
    isAllowed = false
    const second = await made(engine, ['mine'])
    await feed.until(({ denied }) => denied.length === 1)
    await set(engine, first.id, 1)
    // an answer that is there now, after all that was to be told of the above
    isAllowed = true
    await made(engine, ['none'])
    await feed.until(({ runs }) => runs.size === 2)
    expect(feed.runs.get(first.id)?.version).toBe(1)
    expect(feed.runs.has(second.id)).toBe(false)
  })
})

test('who wrote something is told to who may know, and each of both texts is made once', async () => {
  const engine = memoryEngine()
  const [run, writer] = [await made(engine, ['mine']), await made(engine)]
  const hub = new FeedHub(engine)
  const wants = [{ run: run.id }]
  const insider = open(hub, wants, mine(engine, { shows: (by) => by === writer.id }))
  const outsider = open(hub, wants, mine(engine))
  await Promise.all([insider, outsider].map(async (feed) => await feed.until(({ runs }) => runs.size === 1)))
  await set(engine, run.id, 1, writer.id)
  await Promise.all([insider, outsider].map(async (feed) => await feed.until(({ runs }) => runs.get(run.id)?.metadata['v'] === 1)))
  const by = (feed: Follow) => feed.frames.flatMap(({ event, data }) => (event === 'patch' ? [data.by] : []))
  expect([by(insider), by(outsider)]).toEqual([[writer.id], [null]])
})

test('a query looks in its reader’s namespace alone', async () => {
  const engine = memoryEngine()
  const hub = new FeedHub(engine)
  const [a, b] = [await made(engine, ['t'], { namespace: 'a' }), await made(engine, ['t'], { namespace: 'b' })]
  const feeds = ['a', 'b'].map((namespace) =>
    open(hub, [{ query: { tag: 't' } }], mine(engine, { check: async () => undefined, namespaceOf: () => namespace })),
  )
  await Promise.all(feeds.map(async (feed) => await feed.until(({ runs }) => runs.size === 1)))
  expect(feeds.map((feed) => feed.queries.get(queryName({ tag: 't' }))?.ids)).toEqual([[a.id], [b.id]])
})

test('a want whose token is over is denied, at that time and alone', async () => {
  let now = 1_000_000
  const engine = memoryEngine()
  const hub = new FeedHub(engine, { now: () => now, heartbeat: 20, maxAge: 1e9 })
  const [short, long] = [await made(engine, ['mine']), await made(engine, ['mine'])]
  const wants: Want[] = [
    { run: short.id, token: 'short' },
    { query: { tag: 'mine' }, token: 'short' },
    { run: long.id, token: 'long' },
  ]
  const feed = open(hub, wants, mine(engine, { expiresAt: ({ token }) => (token === 'short' ? 1_900_000 : 5_000_000) }))
  await feed.until(({ runs, queries }) => runs.size === 2 && queries.size === 1)
  now = 1_899_999
  const pings = feed.events.filter((event) => event === 'ping').length
  await feed.until(({ events }) => events.filter((event) => event === 'ping').length > pings + 1)
  expect(feed.denied).toEqual([])
  now = 1_900_000
  await feed.until(({ denied }) => denied.length === 2)
  expect(feed.denied).toMatchObject([
    { run: short.id, code: 'token_expired' },
    { query: queryName({ tag: 'mine' }), code: 'token_expired' },
  ])
  await set(engine, long.id, 1)
  await set(engine, short.id, 1)
  await feed.until(({ runs }) => runs.get(long.id)?.metadata['v'] === 1)
  expect(feed.runs.get(short.id)?.version).toBe(1)
})
