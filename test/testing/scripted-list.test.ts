import fc from 'fast-check'
import type { FeedQuery } from 'runfeed'
import { createScriptedFeed, type Script, type ScriptedFeed } from 'runfeed/testing'
import { describe, expect, onTestFinished, test, vi } from 'vitest'

const script: Script = [
  { at: 0, run: { id: 'run_a', task: 'bake', tags: ['rye'], status: 'QUEUED', payload: { secret: 1 } } },
  { at: 100, run: { id: 'run_b', task: 'bake', status: 'EXECUTING', parentId: 'run_a' } },
  { at: 200, run: { id: 'run_a', status: 'EXECUTING', metadata: { baked: 1 } } },
  { at: 300, run: { id: 'run_c', task: 'bake', tags: ['rye'] } },
  { at: 400, run: { id: 'run_b', status: 'COMPLETED', output: 'sold' } },
  { at: 500, run: { id: 'run_a', tags: [] } },
  { at: 600, run: { id: 'run_d', task: 'sell' } },
]

function follow(feed: ScriptedFeed, query: FeedQuery) {
  const list = feed.client.getSnapshot().runList(query)
  onTestFinished(list.subscribe(() => {}))
  const ids = (): readonly string[] | undefined => list.getSnapshot().runs?.map(({ id }) => id)
  return { list, ids }
}
const expectShown = async (ids: () => readonly string[] | undefined, ...wanted: readonly string[]): Promise<void> =>
  await vi.waitFor(() => expect(ids()).toEqual(wanted), { timeout: 30_000 })

describe('a list of a scripted feed', () => {
  test('has who is there, newest first, and what changes in them as the script goes on', async () => {
    const feed = createScriptedFeed({ script })
    const { list, ids } = follow(feed, { task: 'bake' })
    await expectShown(ids, 'run_a')
    feed.at(250)
    await expectShown(ids, 'run_b', 'run_a')
    await vi.waitFor(() => expect(list.getSnapshot().runs?.[1]).toMatchObject({ status: 'EXECUTING', metadata: { baked: 1 } }))
    feed.at(350)
    await expectShown(ids, 'run_c', 'run_b', 'run_a')
    feed.at(feed.duration)
    await vi.waitFor(() => expect(list.getSnapshot().runs?.[1]?.status).toBe('COMPLETED'))
    // what can be large is left out, as a server leaves it out
    expect(list.getSnapshot().runs?.map(({ payload, output }) => [payload, output])).toEqual([
      [null, undefined],
      [null, undefined],
      [null, undefined],
    ])
  })

  test.each<[name: string, query: FeedQuery, members: readonly string[]]>([
    ['ids', { ids: ['run_d', 'run_a', 'run_nobody'] }, ['run_d', 'run_a']],
    ['a tag, which one run has lost', { tag: 'rye' }, ['run_c']],
    ['a parent', { parent: 'run_a' }, ['run_b']],
    ['a task and statuses', { task: 'bake', status: ['COMPLETED', 'FAILED'] }, ['run_b']],
    ['a task that nobody has', { task: 'sweep' }, []],
  ])('is by %s, at whatever moment one comes', async (_name, query, members) => {
    await expectShown(follow(createScriptedFeed({ script, at: 600 }), query).ids, ...members)
    const feed = createScriptedFeed({ script })
    const { list, ids } = follow(feed, query)
    await vi.waitFor(() => expect(list.getSnapshot().runs).toBeDefined())
    for (let at = 100; at <= 600; at += 100) feed.at(at)
    await expectShown(ids, ...members)
  })

  test('shows an earlier moment again, with a new client', async () => {
    const feed = createScriptedFeed({ script, at: 600 })
    await expectShown(follow(feed, { task: 'bake' }).ids, 'run_c', 'run_b', 'run_a')
    const before = feed.client.getSnapshot()
    feed.at(150)
    expect(feed.client.getSnapshot()).not.toBe(before)
    await expectShown(follow(feed, { task: 'bake' }).ids, 'run_b', 'run_a')
  })

  test('has no more than its limit, and says so; pages by REST go on behind it', async () => {
    const feed = createScriptedFeed({ script, at: 350 })
    const { list, ids } = follow(feed, { task: 'bake', limit: 2 })
    await expectShown(ids, 'run_c', 'run_b')
    expect(list.getSnapshot().hasMore).toBe(true)
    const { runs } = feed.client.getSnapshot()
    const first = await runs.list({ task: 'bake', limit: 2 })
    expect(first.runs.map(({ id }) => id)).toEqual(['run_c', 'run_b'])
    const { next = '' } = first
    const second = await runs.list({ task: 'bake', limit: 2, after: next })
    expect(second).toMatchObject({ runs: [{ id: 'run_a' }] })
    expect(second.next).toBeUndefined()
  })

  test('a run that is followed in full stays whole in its list’s company', async () => {
    const feed = createScriptedFeed({ script })
    const { list, ids } = follow(feed, { tag: 'rye' })
    const run = feed.client.getSnapshot().run('run_a')
    onTestFinished(run.subscribe(() => {}))
    await expectShown(ids, 'run_a')
    await vi.waitFor(() => expect(run.getSnapshot().run?.payload).toEqual({ secret: 1 }))
    feed.at(feed.duration)
    await expectShown(ids, 'run_c')
    // the version with which it left the list
    await vi.waitFor(() => expect(run.getSnapshot().run?.tags).toEqual([]))
    expect(list.getSnapshot().error).toBeUndefined()
  })

  test('waits where the script begins without a network, and reconnects where it goes', async () => {
    const begins = createScriptedFeed({ script: [{ at: 0, connection: 'lost' }, { at: 700, connection: 'back' }, ...script] })
    const waiting = follow(begins, { task: 'bake' })
    await vi.waitFor(() => expect(begins.client.getSnapshot().connection.getSnapshot().status).toBe('connecting'))
    expect(waiting.ids()).toBeUndefined()
    begins.at(700)
    await expectShown(waiting.ids, 'run_c', 'run_b', 'run_a')

    const goes = createScriptedFeed({ script: [...script, { at: 250, connection: 'lost' }, { at: 550, connection: 'back' }], at: 250 })
    const { ids } = follow(goes, { task: 'bake' })
    await vi.waitFor(() => expect(goes.client.getSnapshot().connection.getSnapshot().status).toBe('reconnecting'))
    await expectShown(ids, 'run_b', 'run_a')
    goes.at(600)
    await expectShown(ids, 'run_c', 'run_b', 'run_a')
  })

  test('is refused by the script, whatever its limit, and where it says too little', async () => {
    const feed = createScriptedFeed({ script: [...script, { at: 200, denied: { query: { tag: 'rye' }, code: 'forbidden', message: 'no' } }] })
    const { list, ids } = follow(feed, { tag: 'rye', limit: 3 })
    await expectShown(ids, 'run_a')
    feed.at(200)
    await vi.waitFor(() => expect(list.getSnapshot().error).toMatchObject({ type: 'forbidden', message: 'no' }))
    const late = follow(feed, { tag: 'rye', limit: 4 })
    await vi.waitFor(() => expect(late.list.getSnapshot().error).toMatchObject({ type: 'forbidden' }))
    const loose = follow(feed, { status: ['EXECUTING'] })
    await vi.waitFor(() => expect(loose.list.getSnapshot().error).toMatchObject({ type: 'invalid_request' }))
  })

  test('whoever watched each step sees what one sees who comes now, for any script', async () => {
    const step = fc.record({
      id: fc.constantFrom('run_1', 'run_2', 'run_3', 'run_4', 'run_5', 'run_6'),
      status: fc.constantFrom('QUEUED', 'EXECUTING', 'COMPLETED'),
      tags: fc.subarray(['rye', 'oat']),
      parentId: fc.constantFrom(null, 'run_1'),
      metadata: fc.record({ n: fc.nat(9) }),
    })
    const query = fc.constantFrom<FeedQuery>(
      { tag: 'rye', limit: 3 },
      { tag: 'oat', status: ['EXECUTING'] },
      { parent: 'run_1', limit: 2 },
      { task: 'scripted' },
      { ids: ['run_2', 'run_3', 'run_6'], limit: 2 },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), query, async (steps, asked) => {
        const feed = createScriptedFeed({ script: steps.map((run, at) => ({ at, run })), at: -1 })
        const client = feed.client.getSnapshot()
        const list = client.runList(asked)
        const leave = list.subscribe(() => {})
        try {
          await vi.waitFor(() => expect(list.getSnapshot().runs).toEqual([]), { timeout: 30_000 })
          for (let at = 0; at < steps.length; at++) feed.at(at)
          const { runs, next } = await client.runs.list(asked)
          const now = runs.map((run) => ({ ...run, payload: null, output: undefined }))
          await vi.waitFor(() => expect(list.getSnapshot()).toEqual({ runs: now, hasMore: next !== undefined, error: undefined }), { timeout: 30_000 })
        } finally {
          leave()
          client.close()
        }
      }),
      { numRuns: 60 },
    )
  })
})
