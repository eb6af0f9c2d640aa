// Queries: which runs are in a list, in which order, and what they are, over one connection.
import fc from 'fast-check'
import type { Frame, Run } from 'runfeed'
import { memoryEngine, type RunEngine, sqliteEngine } from 'runfeed/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FeedQuery, queryName } from '../../src/protocol/want.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { Follow } from './follow.ts'

const made = async (engine: RunEngine, tags: readonly string[] = ['t'], more: object = {}): Promise<Run> =>
  (await engine.record.create([{ task: 'work', payload: { large: 'x'.repeat(100) }, tags, ...more }]))[0] as Run
const started = async (engine: RunEngine, id: string): Promise<void> => {
  const claims = await engine.queue.claim({ worker: 'w', tasks: ['work'], max: 1000 })
  expect(claims.map(({ run }) => run.id)).toContain(id)
}
const ended = async (engine: RunEngine, id: string): Promise<unknown> =>
  await engine.record.commit({ run: id, attempt: 1, end: { status: 'COMPLETED', output: 'out' } })

async function follow(server: TestServer, wants: object[], look?: (frame: Frame, folded: Follow) => void): Promise<Follow> {
  const cut = new AbortController()
  onTestFinished(() => cut.abort())
  return new Follow(await server.post('/v1/feed', { wants }, { signal: cut.signal }), look)
}

const open = async (): Promise<{ engine: RunEngine; server: TestServer }> => {
  const engine = memoryEngine()
  return { engine, server: await startServer({ engine }) }
}

/** What a member's record is in a feed. */
const brief = (run: Run): Run => JSON.parse(JSON.stringify({ ...run, payload: null, output: undefined })) as Run

const tagged: FeedQuery = { tag: 't' }
const name = queryName(tagged)

describe('a query', () => {
  test('tells its members newest first with their records, and who enters where', async () => {
    const { engine, server } = await open()
    const first = await made(engine)
    const other = await made(engine, ['other'])
    const second = await made(engine)
    const feed = await follow(server, [{ query: tagged }])
    await feed.until(({ runs }) => runs.size === 2)
    expect(feed.frames[1]).toEqual(
      expect.objectContaining({
        event: 'list',
        data: {
          query: name,
          runs: [
            { id: second.id, version: 1 },
            { id: first.id, version: 1 },
          ],
          hasMore: false,
        },
      }),
    )
    const third = await made(engine)
    // one that is older than some of them
    await engine.record.commit({ run: other.id, tags: { add: ['t'] } })
    await feed.until(({ runs }) => runs.size === 4)
    expect(feed.queries.get(name)).toEqual({ ids: [third.id, second.id, other.id, first.id], hasMore: false })
    for (const { id } of [first, second, third, other]) expect(feed.runs.get(id)).toEqual(brief(await server.run(id)))
  })

  test('tells the version that makes a run leave before it leaves, by status and by tag', async () => {
    const { engine, server } = await open()
    const query = { tag: 't', status: ['QUEUED', 'EXECUTING'] }
    const run = await made(engine)
    const stays = await made(engine)
    const left: (readonly [string, Run | undefined])[] = []
    const feed = await follow(server, [{ query }], (frame, { runs }) => {
      if (frame.event === 'leave') left.push([frame.data.run, runs.get(frame.data.run)])
    })
    await feed.until(({ runs }) => runs.size === 2)
    await started(engine, run.id)
    await ended(engine, run.id)
    await feed.until(() => left.length === 1)
    await engine.record.commit({ run: stays.id, tags: { remove: ['t'] } })
    await feed.until(() => left.length === 2)
    expect(left).toMatchObject([
      [run.id, { status: 'COMPLETED' }],
      [stays.id, { tags: [] }],
    ])
    expect(feed.queries.get(queryName(query))).toEqual({ ids: [], hasMore: false })
  })

  test('leaves payload and output out, and names them', async () => {
    const { engine, server } = await open()
    const run = await made(engine)
    const feed = await follow(server, [{ query: tagged }])
    await feed.until(({ runs }) => runs.size === 1)
    await started(engine, run.id)
    await ended(engine, run.id)
    await feed.until(({ runs }) => runs.get(run.id)?.finishedAt != null)
    expect(feed.frames.find(({ event }) => event === 'run')?.data).toMatchObject({ run: { payload: null }, omitted: ['payload'] })
    expect(feed.frames.findLast(({ event }) => event === 'patch')?.data).toMatchObject({ omitted: ['output'] })
    expect(JSON.stringify(feed.frames)).not.toContain('"out"')
    expect(feed.events).not.toContain('end')
  })

  test('holds the newest up to its limit, and says whether there are more', async () => {
    const { engine, server } = await open()
    const query = { tag: 't', limit: 2 }
    const runs = [await made(engine), await made(engine)]
    const feed = await follow(server, [{ query }])
    await feed.until(({ queries }) => queries.get(queryName(query))?.hasMore === false)
    runs.push(await made(engine))
    await feed.until(({ queries }) => queries.get(queryName(query))?.hasMore === true)
    expect(feed.queries.get(queryName(query))?.ids).toEqual([runs[2]?.id, runs[1]?.id])
    await engine.record.commit({ run: runs[2]?.id as string, tags: { remove: ['t'] } })
    await feed.until(({ queries }) => queries.get(queryName(query))?.hasMore === false)
    expect(feed.queries.get(queryName(query))?.ids).toEqual([runs[1]?.id, runs[0]?.id])
  })

  test('of 200 runs takes one connection and one want', async () => {
    const { engine, server } = await open()
    const runs = await engine.record.create(Array.from({ length: 200 }, (_, i) => ({ task: 'work', payload: i, tags: ['t'] })))
    const feed = await follow(server, [{ query: { tag: 't', limit: 200 } }])
    await feed.until((folded) => folded.runs.size === 200)
    await Promise.all(runs.map(async ({ id }) => await engine.record.commit({ run: id, operations: [{ op: 'set', key: 'k', value: id }] })))
    await feed.until((folded) => runs.every(({ id }) => folded.runs.get(id)?.metadata['k'] === id))
    expect(feed.events.filter((event) => event === 'list' || event === 'run')).toHaveLength(201)
  })

  test('begins again with its whole membership, and with what was missed of the members that are known', async () => {
    const { engine, server } = await open()
    const [known, gone] = [await made(engine), await made(engine)]
    const before = await follow(server, [{ query: tagged }])
    await before.until(({ runs }) => runs.size === 2)
    await engine.record.commit({ run: known.id, operations: [{ op: 'set', key: 'a', value: 1 }] })
    await engine.record.commit({ run: gone.id, tags: { remove: ['t'] } })
    const come = await made(engine)
    const cursors = Object.fromEntries([known, gone].map(({ id }) => [id, before.cursors[id]]))
    await before.until(({ queries }) => queries.get(name)?.ids.length === 2)
    const cut = new AbortController()
    onTestFinished(() => cut.abort())
    const frames: Frame[] = []
    const after = await follow(server, [{ query: tagged, cursors }], (frame) => frames.push(frame))
    // what a client holds from before
    for (const [id, run] of before.runs) after.runs.set(id, run)
    await after.until(({ runs }) => runs.has(come.id) && runs.get(known.id)?.metadata['a'] === 1)
    expect(after.queries.get(name)?.ids).toEqual([come.id, known.id])
    expect(frames.flatMap(({ event, data }) => (event === 'run' ? [data.run.id] : []))).toEqual([come.id])
  })

  test('by ids follows those alone', async () => {
    const { engine, server } = await open()
    const [first, second] = [await made(engine), await made(engine)]
    await made(engine)
    const query = { ids: [first.id, second.id, 'run_none'], status: ['QUEUED', 'EXECUTING'] }
    const feed = await follow(server, [{ query }])
    await feed.until(({ queries }) => queries.size === 1)
    expect(feed.queries.get(queryName(query))?.ids).toEqual([second.id, first.id])
    await started(engine, first.id)
    await ended(engine, first.id)
    await feed.until(({ queries }) => queries.get(queryName(query))?.ids.length === 1)
    expect(feed.runs.get(first.id)?.status).toBe('COMPLETED')
  })

  test('is left by a run that is removed for its age, also where it was asked for by its id', async () => {
    let now = Date.now()
    const engine = memoryEngine({ now: () => now, retentionMs: 1000 })
    const server = await startServer({ engine })
    const [run, other] = [await made(engine), await made(engine)]
    await started(engine, run.id)
    await ended(engine, run.id)
    const byIds = { ids: [run.id, other.id] }
    const feed = await follow(server, [{ query: byIds }, { query: tagged }])
    await feed.until(({ queries }) => queries.size === 2)
    now += 1000
    await engine.sweep()
    await feed.until(({ queries }) => [byIds, tagged].every((query) => queries.get(queryName(query))?.ids.length === 1))
    expect(feed.queries.get(queryName(byIds))?.ids).toEqual([other.id])
  })

  test('that names nothing to go by is denied alone', async () => {
    const { engine, server } = await open()
    await made(engine)
    const feed = await follow(server, [{ query: { status: ['QUEUED'] } }, { query: tagged }])
    await feed.until(({ runs, denied }) => runs.size === 1 && denied.length === 1)
    expect(feed.denied).toMatchObject([{ query: queryName({ status: ['QUEUED'] }), code: 'invalid_request' }])
  })

  test.each([
    ['neither run nor query', {}],
    ['both', { run: 'run_a', query: { tag: 't' } }],
    ['a limit over 200', { query: { tag: 't', limit: 201 } }],
    ['a limit of none', { query: { tag: 't', limit: 0 } }],
  ])('is refused with %s', async (_name, want) => {
    const { server } = await open()
    expect((await server.post('/v1/feed', { wants: [want] })).status).toBe(400)
  })
})

describe('a run of several wants', () => {
  test('is sent once: in full where it is wanted as a run, else for all queries together', async () => {
    const { engine, server } = await open()
    const [full, member] = [await made(engine), await made(engine)]
    const feed = await follow(server, [{ query: tagged }, { query: { task: 'work' } }, { run: full.id }])
    await feed.until(({ runs, queries }) => runs.size === 2 && queries.size === 2)
    await engine.record.commit({ run: full.id, operations: [{ op: 'set', key: 'k', value: 1 }] })
    await engine.record.commit({ run: member.id, operations: [{ op: 'set', key: 'k', value: 1 }] })
    await feed.until(({ runs }) => [full, member].every(({ id }) => runs.get(id)?.metadata['k'] === 1))
    expect(feed.events.filter((event) => event === 'run' || event === 'patch')).toEqual(['run', 'run', 'patch', 'patch'])
    expect(feed.runs.get(full.id)).toEqual(await server.run(full.id))
    expect(feed.runs.get(member.id)).toEqual(brief(await server.run(member.id)))
  })

  test('is a member still when its own want is over, and says why it leaves', async () => {
    const { engine, server } = await open()
    const run = await made(engine)
    let atLeave: Run | undefined
    const feed = await follow(server, [{ query: tagged }, { run: run.id }], (frame, { runs }) => {
      if (frame.event === 'leave') atLeave = runs.get(frame.data.run)
    })
    await feed.until(({ runs, queries }) => runs.size === 1 && queries.size === 1)
    await started(engine, run.id)
    await ended(engine, run.id)
    await feed.until(({ events }) => events.includes('end'))
    // within the hour after its end
    await engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'late', value: 1 }] })
    await feed.until(({ runs }) => runs.get(run.id)?.metadata['late'] === 1)
    await engine.record.commit({ run: run.id, tags: { remove: ['t'] } })
    await feed.until(() => atLeave !== undefined)
    expect(atLeave).toMatchObject({ tags: [] })
    expect(feed.events.filter((event) => event === 'run')).toHaveLength(1)
  })
})

test('a run whose own want is over is told on as a member from there, however often it comes and goes', async () => {
  const { engine, server } = await open()
  const run = await made(engine)
  await started(engine, run.id)
  await ended(engine, run.id)
  await engine.record.commit({ run: run.id, tags: { remove: ['t'] } })
  const feed = await follow(server, [{ query: tagged }, { run: run.id }])
  await feed.until(({ events }) => events.includes('end') && events.includes('list'))
  for (const value of [1, 2]) {
    await engine.record.commit({ run: run.id, tags: { add: ['t'] }, operations: [{ op: 'set', key: 'late', value }] })
    await feed.until(({ runs, queries }) => runs.get(run.id)?.metadata['late'] === value && queries.get(name)?.ids.length === 1)
    await engine.record.commit({ run: run.id, tags: { remove: ['t'] } })
    await feed.until(({ queries }) => queries.get(name)?.ids.length === 0)
  }
  expect(feed.events.filter((event) => event === 'run')).toHaveLength(1)
  expect(feed.runs.get(run.id)).toEqual(await server.run(run.id))
})

const action = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('create' as const), tags: fc.subarray(['a', 'b']) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tag' as const), at: fc.nat(), tag: fc.constantFrom('a', 'b'), on: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('set' as const), at: fc.nat(), value: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('claim' as const), max: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('end' as const), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('pause' as const) }) },
)
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

async function act(engine: RunEngine, ids: string[], step: Action): Promise<void> {
  const id = 'at' in step ? ids[step.at % Math.max(1, ids.length)] : undefined
  switch (step.do) {
    case 'create':
      ids.push((await made(engine, step.tags)).id)
      return
    case 'claim':
      await engine.queue.claim({ worker: 'w', tasks: ['work'], max: step.max })
      return
    case 'pause':
      await new Promise((resolve) => setImmediate(resolve))
      return
    case 'tag':
      if (id !== undefined) await engine.record.commit({ run: id, tags: step.on ? { add: [step.tag] } : { remove: [step.tag] } })
      return
    case 'set':
      if (id !== undefined) await engine.record.commit({ run: id, operations: [{ op: 'set', key: 'v', value: step.value }] })
      return
    case 'end': {
      const stored = id === undefined ? undefined : await engine.record.read(id)
      if (stored?.run.status === 'EXECUTING') await ended(engine, stored.run.id)
      return
    }
    default:
      step satisfies never
  }
}

const queries: readonly FeedQuery[] = [
  { tag: 'a' },
  { tag: 'b', status: ['QUEUED'] },
  { task: 'work', limit: 3 },
  { tag: 'a', task: 'work', status: ['EXECUTING', 'COMPLETED'], limit: 2 },
]

test.each([
  ['memory', () => memoryEngine()],
  ['sqlite', () => sqliteEngine({ file: ':memory:' })],
])('whatever happens, every list and every member is what the engine has (%s)', { timeout: 60_000 }, async (_name, make) => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 40 }), fc.nat(20), async (steps, before) => {
      const engine = make()
      const server = await startServer({ engine })
      try {
        const ids: string[] = []
        for (const step of steps.slice(0, before)) await act(engine, ids, step)
        const wanted = ids[0]
        const feed = new Follow(await server.post('/v1/feed', { wants: [...queries.map((query) => ({ query })), ...(wanted ? [{ run: wanted }] : [])] }))
        for (const step of steps.slice(before)) await act(engine, ids, step)
        for (const query of queries) {
          const { runs, next } = await engine.record.list(query)
          const expected = { ids: runs.map(({ id }) => id), hasMore: next !== undefined }
          await feed.until((folded) => JSON.stringify(folded.queries.get(queryName(query))) === JSON.stringify(expected))
          for (const { id, version } of runs) {
            await feed.until((folded) => folded.runs.get(id)?.version === version)
            const record = await server.run(id)
            expect(feed.runs.get(id)).toEqual(id === wanted ? record : brief(record))
          }
        }
      } finally {
        await server.close()
      }
    }),
    { numRuns: 25 },
  )
})
