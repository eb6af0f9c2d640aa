// Lists that are longer than one live list, against a model of the server: whatever comes, changes, goes and is told late, what is shown is in
// order, has no run twice, and is the newest of the query without a hole once all has been told.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { RunClient } from '../../src/client/run-client.ts'
import { OlderRuns } from '../../src/client/older-runs.ts'
import { RunPages } from '../../src/client/run-pages.ts'
import type { Run } from '../../src/protocol/run.ts'
import { type FeedQuery, queryName } from '../../src/protocol/want.ts'
import type { RunListSnapshot, Source } from '../../src/store/snapshot.ts'
import { settled } from '../transport/manual-environment.ts'
import { record } from './setup.ts'

class ModelList implements Source<RunListSnapshot> {
  #snapshot: RunListSnapshot = { runs: undefined, hasMore: false, error: undefined }
  readonly #listeners = new Set<() => void>()
  readonly #read: () => { readonly runs: readonly Run[]; readonly hasMore: boolean }
  constructor(read: () => { readonly runs: readonly Run[]; readonly hasMore: boolean }) {
    this.#read = read
  }
  get isFollowed(): boolean {
    return this.#listeners.size > 0
  }
  getSnapshot = (): RunListSnapshot => this.#snapshot
  subscribe = (listener: () => void): (() => void) => {
    const call = (): void => listener()
    this.#listeners.add(call)
    return () => this.#listeners.delete(call)
  }
  /** What the server has by now, as one publication. */
  tell(): void {
    if (!this.isFollowed) return
    this.#snapshot = { ...this.#snapshot, ...this.#read() }
    for (const call of this.#listeners) call()
  }
}

class Model {
  /** Newest first. */
  runs: Run[] = []
  readonly lists = new Map<string, ModelList>()
  requests = 0
  isDown = false
  #made = 0
  /** Requests without an answer. */
  #open = 0

  add(count: number, status = 'EXECUTING'): void {
    for (let n = 0; n < count; n++) this.runs.unshift(record({ id: `run_${++this.#made}`, tags: ['x'], status, payload: 'large' }))
  }
  change(at: number, change: Partial<Run>): void {
    const run = this.runs[at % Math.max(1, this.runs.length)]
    if (run) this.runs = this.runs.map((other) => (other === run ? { ...run, version: run.version + 1, ...change } : other))
  }
  remove(at: number): void {
    this.runs.splice(at % Math.max(1, this.runs.length), 1)
  }
  matching({ ids, status, tag }: FeedQuery): Run[] {
    const wanted = ids && new Set(ids)
    return this.runs.filter((run) => (tag === undefined || run.tags.includes(tag)) && wanted?.has(run.id) !== false && status?.includes(run.status) !== false)
  }

  readonly client = {
    runList: (query: FeedQuery) => {
      const name = queryName(query)
      const { limit = 50 } = query
      let list = this.lists.get(name)
      const read = (): { runs: Run[]; hasMore: boolean } => {
        const all = this.matching(query)
        return { runs: all.slice(0, limit).map(({ payload: _payload, output: _output, ...run }) => run as Run), hasMore: all.length > limit }
      }
      if (!list) this.lists.set(name, (list = new ModelList(read)))
      return list
    },
    runs: {
      list: async ({ limit = 50, after, ...query }: FeedQuery & { readonly after?: string }) => {
        this.requests++
        this.#open++
        await settled()
        this.#open--
        if (this.isDown) throw new Error('no net')
        const numberOf = ({ id }: Run): number => Number(id.slice(4))
        const rest = this.matching(query).filter((run) => after === undefined || numberOf(run) < Number(after))
        const runs = rest.slice(0, limit)
        const last = runs.at(-1)
        return { runs, ...(last && rest.length > limit && { next: String(numberOf(last)) }) }
      },
    },
  } as unknown as RunClient

  get followed(): readonly ModelList[] {
    return [...this.lists.values()].filter(({ isFollowed }) => isFollowed)
  }
  /** Everybody has heard of everything, and has read what that led to. */
  async tellAll(): Promise<void> {
    let before: readonly unknown[] = []
    for (let now: typeof before = [0]; this.#open > 0 || now.join() !== before.join(); now = [this.requests, this.#open, ...this.lists.keys()]) {
      before = now
      for (const list of this.followed) list.tell()
      await settled()
    }
  }
}

const numbers = (runs: readonly Run[] | undefined): number[] => (runs ?? []).map(({ id }) => Number(id.slice(4)))

function follow(model: Model, query: FeedQuery, step: number) {
  const pages = new RunPages(model.client, query, step)
  const wrong: string[] = []
  const look = (): void => {
    const now = numbers(pages.getSnapshot().runs)
    const isStable = pages.getSnapshot() === pages.getSnapshot()
    if (!isStable || now.some((number, at) => at > 0 && number >= (now[at - 1] ?? 0))) wrong.push(now.join())
  }
  const stop = pages.subscribe(look)
  return { pages, wrong, stop, ids: () => numbers(pages.getSnapshot().runs) }
}
async function more(model: Model, pages: RunPages): Promise<void> {
  pages.loadMore()
  await model.tellAll()
}

const step = fc.record({
  do: fc.constantFrom('add', 'add', 'flood', 'change', 'end', 'end', 'remove', 'more', 'more', 'more', 'tell', 'tell one', 'tell one', 'wait', 'leave'),
  n: fc.nat(700),
})
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

async function play(steps: readonly Step[], status: readonly string[] | undefined, page: number): Promise<void> {
  const model = new Model()
  model.add(650)
  const query = { tag: 'x', ...(status && { status }) }
  let following = follow(model, query, page)
  const { pages, wrong } = following
  let leftOver = 0
  await model.tellAll()
  for (const { do: what, n } of steps) {
    if (what === 'add') model.add(n % 40)
    if (what === 'flood') model.add(n)
    if (what === 'change') model.change(n, { metadata: { n } })
    if (what === 'end') model.change(n, { status: 'COMPLETED' })
    if (what === 'remove') model.remove(n)
    if (what === 'more') pages.loadMore()
    if (what === 'tell') await model.tellAll()
    if (what === 'tell one') model.followed[n % Math.max(1, model.followed.length)]?.tell()
    if (what === 'wait') await settled()
    if (what === 'leave') {
      following.stop()
      leftOver += model.followed.length
      following = { ...following, stop: pages.subscribe(() => {}) }
    }
  }
  await model.tellAll()
  const { runs, hasMore, isLoadingMore, error } = pages.getSnapshot()
  const all = model.matching(query)
  expect([isLoadingMore, error]).toEqual([false, undefined])
  expect(numbers(runs)).toEqual(numbers(all.slice(0, runs?.length)))
  expect(runs).toEqual(all.slice(0, runs?.length).map(({ payload: _payload, output: _output, ...run }) => run))
  expect(hasMore).toBe(all.length > (runs?.length ?? 0))
  expect([wrong, leftOver]).toEqual([[], 0])
  following.stop()
  expect(model.followed).toEqual([])
}

test('any course of events, of all runs of a tag and of those with a status, in pages of 50 and of 150', async () => {
  expect.hasAssertions()
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), fc.boolean(), fc.constantFrom(50, 150), (steps, hasStatus, page) =>
      play(steps, hasStatus ? ['EXECUTING'] : undefined, page),
    ),
    { numRuns: 60 },
  )
}, 120_000)

test('more pages than a live list holds, to the last one: each run once, and the requests that it takes', async () => {
  const model = new Model()
  model.add(1_030)
  const { pages, ids, stop } = follow(model, { tag: 'x' }, 100)
  await model.tellAll()
  for (let n = 1; n <= 11; n++) {
    expect(ids()).toHaveLength(Math.min(n * 100, 1_030))
    expect(pages.getSnapshot().hasMore).toBe(n < 11)
    await more(model, pages)
  }
  expect(ids()).toEqual(numbers(model.runs))
  // of the first of them, the live list's own are asked for again
  expect(model.requests).toBe(10)
  // nothing is asked for where there is no more
  pages.loadMore()
  expect(pages.getSnapshot().isLoadingMore).toBe(false)
  stop()
})

test('a list that is left open does not grow: a new run takes the place of the oldest, and what is followed stays as much', async () => {
  const model = new Model()
  model.add(500)
  const { pages, ids, stop } = follow(model, { tag: 'x' }, 200)
  await model.tellAll()
  await more(model, pages)
  expect(ids()).toHaveLength(400)
  for (let n = 0; n < 60; n++) {
    model.add(25)
    await model.tellAll()
    expect(ids()).toEqual(numbers(model.runs.slice(0, 400)))
  }
  expect(model.followed.length).toBeLessThan(10)
  expect(model.requests).toBe(2)
  await more(model, pages)
  expect(ids()).toEqual(numbers(model.runs.slice(0, 600)))
  stop()
})

test('a run of an older page changes and leaves as one of the first page does', async () => {
  const model = new Model()
  model.add(320)
  const { pages, ids, stop } = follow(model, { tag: 'x', status: ['EXECUTING'] }, 150)
  await model.tellAll()
  await more(model, pages)
  await more(model, pages)
  model.change(310, { metadata: { late: true } })
  await model.tellAll()
  expect(pages.getSnapshot().runs?.[310]).toMatchObject({ id: 'run_10', version: 2, metadata: { late: true } })
  model.change(310, { status: 'FAILED' })
  model.remove(250)
  await model.tellAll()
  expect(ids()).toEqual(numbers(model.matching({ status: ['EXECUTING'] })))
  expect(ids()).toHaveLength(318)
  stop()
})

test('a page that cannot be read is an error, what is there stays, and the next call reads it', async () => {
  const model = new Model()
  model.add(260)
  const { pages, ids, stop } = follow(model, { tag: 'x' }, 200)
  await model.tellAll()
  model.isDown = true
  await more(model, pages)
  expect(pages.getSnapshot()).toMatchObject({ error: { message: 'no net' }, isLoadingMore: false, hasMore: true, runs: { length: 200 } })
  model.isDown = false
  await more(model, pages)
  expect(pages.getSnapshot().error).toBeUndefined()
  expect(ids()).toHaveLength(260)
  stop()
})

test('older pages are read with the token that the list has', async () => {
  const asked: unknown[] = []
  const list = (...[query, , token]: Parameters<RunClient['runs']['list']>) => {
    asked.push(query?.parent, token)
    return Promise.resolve({ runs: [] })
  }
  const older = new OlderRuns(
    { runs: { list } } as unknown as RunClient,
    { parent: 'run_a' },
    50,
    () => ({ list: new ModelList(() => ({ runs: [], hasMore: false })), leave: () => {} }),
    'own',
  )
  await older.read(() => [], 250, new AbortController().signal)
  expect(asked).toEqual(['run_a', 'own'])
})
