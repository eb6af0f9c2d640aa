import { memoryEngine, sqliteEngine } from 'runfeed/server'
import { batch, metadata, runs, task, tasks } from 'runfeed/task'
import { describe, expect, test } from 'vitest'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

describe('many at once', () => {
  const double = task({ id: 'double', run: (n: number) => 2 * n })
  const shout = task({ id: 'shout', run: (text: string) => text.toUpperCase() })

  test('outside of a run they are roots, in the order of the items, each with its own options', async () => {
    const server = await startServer({ tasks: [double, shout] })
    const one = await double.batchTrigger([{ payload: 1, options: { tags: ['first'] } }, { payload: 2 }])
    const mixed = await batch.trigger<typeof double | typeof shout>([
      { id: 'shout', payload: 'a' },
      { id: 'double', payload: 3, options: { metadata: { from: 'batch' } } },
    ])
    const ended = await Promise.all([...one.runs, ...mixed.runs].map(async ({ id }) => await server.ended(id)))
    expect(ended.map(({ output, depth }) => [output, depth])).toEqual([
      [2, 0],
      [4, 0],
      ['A', 0],
      [6, 0],
    ])
    expect(ended[0]?.tags).toEqual(['first'])
    expect(ended[3]?.metadata).toEqual({ from: 'batch' })
    expect(await double.batchTrigger([])).toEqual({ runs: [] })
    expect(await batch.trigger([])).toEqual({ runs: [] })
  })

  test('within a run they are children, and all are waited for', async () => {
    const parent = task({
      id: 'parent',
      run: async () => {
        const { runs: doubled } = await double.batchTriggerAndWait([{ payload: 1 }, { payload: 2 }])
        const { runs: mixed } = await batch.triggerAndWait<typeof double | typeof shout>([
          { id: 'shout', payload: 'a' },
          { id: 'double', payload: 3 },
        ])
        const byId = await tasks.triggerAndWait<typeof shout>('shout', 'b')
        const { runs: started } = await shout.batchTrigger([{ payload: 'later' }])
        return [...doubled, ...mixed, byId].map((result) => (result.ok ? result.output : null)).concat(started.length)
      },
    })
    const server = await startServer({ tasks: [parent, double, shout] })
    const run = await server.ended(await server.trigger('parent'))
    expect(run.output).toEqual([2, 4, 'A', 6, 'B', 1])
    expect(((await (await server.get(`/v1/runs?parent=${run.id}`)).json()) as { runs: unknown[] }).runs).toHaveLength(6)
  })

  test('what is no list of items is refused by name', async () => {
    await startServer({ tasks: [double] })
    const error = { type: 'invalid_request', message: expect.stringContaining('a batch is an array of items') as string }
    for (const wrong of [null, undefined, 'x', { payload: 1 }, [null], [1]] as unknown as { payload: number }[][]) {
      await expect(double.batchTrigger(wrong)).rejects.toMatchObject(error)
      await expect(double.batchTriggerAndWait(wrong)).rejects.toMatchObject(error)
      await expect(batch.trigger(wrong as never)).rejects.toMatchObject(error)
    }
  })

  test('an item with a misspelled member is refused: its options would be left out without a word', async () => {
    const server = await startServer({ tasks: [double] })
    const wrong = (names: string) => ({ type: 'invalid_request', field: 'option', message: expect.stringContaining(`there are ${names}`) as string })
    const item = { payload: 1, option: { tags: ['a'] } }
    const thrown = async (call: Promise<unknown>): Promise<unknown> => await call.catch((error: { readonly toJSON: () => unknown }) => error.toJSON())
    expect(await thrown(double.batchTrigger([item]))).toEqual(wrong('payload, options'))
    expect(await thrown(batch.trigger<typeof double>([{ id: 'double', ...item }]))).toEqual(wrong('id, payload, options'))
    expect(await (await server.get('/v1/runs?task=double')).json()).toEqual({ runs: [] })
  })

  test('of a batch with one bad item nothing is made', async () => {
    const server = await startServer({ tasks: [double] })
    await expect(double.batchTrigger([{ payload: 1 }, { payload: Number.NaN }])).rejects.toMatchObject({ type: 'invalid_value' })
    expect(await (await server.get('/v1/runs?task=double')).json()).toEqual({ runs: [] })
  })
})

describe('by id', () => {
  test('tasks.trigger starts a run of a task that a server of this process holds, or a child within a run', async () => {
    const child = task({ id: 'child', run: (n: number) => n })
    const parent = task({ id: 'parent', run: async (_: unknown) => (await tasks.trigger<typeof child>('child', 1)).id })
    const server = await startServer({ tasks: [parent, child] })
    const { id } = await tasks.trigger<typeof parent>('parent', null)
    const made = (await server.ended(id)).output as string
    expect(await server.run(made)).toMatchObject({ task: 'child', parentId: id })
  })

  test('outside of a server’s process, and of a run, there is nothing to call', async () => {
    const lone = task({ id: 'lone', run: () => 1 })
    const refused = { type: 'not_configured', message: expect.stringContaining('createRunServer({ tasks })') }
    await expect(lone.trigger(null)).rejects.toMatchObject(refused)
    await expect(tasks.trigger('lone', null)).rejects.toMatchObject(refused)
    await expect(batch.trigger([{ id: 'lone', payload: 1 }])).rejects.toMatchObject(refused)
    await expect(runs.retrieve('run_1')).rejects.toMatchObject(refused)
    await expect(tasks.triggerAndWait('lone', null)).rejects.toMatchObject({ type: 'outside_run' })
    await expect(lone.batchTriggerAndWait([{ payload: null }])).rejects.toMatchObject({ type: 'outside_run' })
  })

  test('a server that has closed is no longer called', async () => {
    const work = task({ id: 'work', run: () => 1 })
    const [older, newer] = [await startServer({ tasks: [work] }), await startServer({ tasks: [work] })]
    const { id } = await work.trigger(null)
    expect((await newer.ended(id)).status).toBe('COMPLETED')
    await newer.close()
    const again = await work.trigger(null)
    expect((await older.ended(again.id)).status).toBe('COMPLETED')
  })
})

describe('runs', () => {
  test('retrieve gives the record, metadata with it', async () => {
    const work = task({ id: 'work', run: () => void metadata.set('progress', 1) })
    const server = await startServer({ tasks: [work] })
    const handle = await work.trigger(null, { metadata: { user: 'Eric' } })
    await server.ended(handle.id)
    expect((await runs.retrieve(handle)).metadata).toEqual({ user: 'Eric', progress: 1 })
    expect((await runs.retrieve(handle.id)).id).toBe(handle.id)
    await expect(runs.retrieve('run_nope')).rejects.toMatchObject({ type: 'not_found' })
    // a handle that is not there yet, of a caller without types
    for (const none of [undefined, {}] as never[]) {
      await expect(runs.retrieve(none)).rejects.toMatchObject({ type: 'invalid_request', message: expect.stringContaining('this is no run') as string })
      await expect(runs.cancel(none)).rejects.toMatchObject({ type: 'invalid_request' })
      await expect(runs.subscribe(none)[Symbol.asyncIterator]().next()).rejects.toMatchObject({ type: 'invalid_request' })
    }
  })

  test('list answers a query, within a run too', async () => {
    const work = task({ id: 'work', run: async (_: unknown, { ctx }) => (await runs.list({ tag: 'a' })).runs.map(({ id }) => id === ctx.run.id) })
    const server = await startServer({ tasks: [work] })
    const ids = [await server.trigger('work', null, { tags: ['a'] }), await server.trigger('work', null, { tags: ['b'] })]
    const [own, other] = [await server.ended(ids[0] ?? ''), await server.ended(ids[1] ?? '')]
    expect([own.output, other.output]).toEqual([[true], [false]])
    expect((await runs.list({ task: 'work', limit: 1 })).runs.map(({ id }) => id)).toEqual([ids[1]])
    expect((await runs.list()).runs).toHaveLength(2)
  })

  test.each<[string, object, string]>([
    ['that is misspelled', { tsk: 'work' }, 'tsk'],
    ['of one status that is no list', { status: 'QUEUED' }, 'status'],
    ['of one id that is no list', { ids: 'run_x' }, 'ids'],
    ['of a status that is none', { status: ['FAILED', 'CANCELLED'] }, 'status'],
  ])('list refuses a filter %s: it would answer other runs than were meant, or fail elsewhere alone', async (_what, query, field) => {
    const work = task({ id: 'work', run: () => 1 })
    await startServer({ tasks: [work] })
    await work.trigger(null)
    await expect(runs.list(query)).rejects.toMatchObject({ type: 'invalid_request', details: { field } })
  })

  test('cancel asks a run to stop', async () => {
    const started = gate()
    const work = task({
      id: 'work',
      run: async (_: unknown, { signal }) => {
        const aborted = new Promise((resolve) => signal.addEventListener('abort', resolve))
        started.open()
        await aborted
      },
    })
    const server = await startServer({ tasks: [work] })
    const handle = await work.trigger(null)
    await started.opened
    expect((await runs.cancel(handle)).cancelRequestedAt).toBeTypeOf('number')
    expect((await server.ended(handle.id)).status).toBe('CANCELED')
    await expect(runs.cancel('run_nope')).rejects.toMatchObject({ type: 'not_found' })
  })
})

describe('subscribe', () => {
  test('gives the record as it changes, and ends when nothing lives any more, with what a descendant said last', async () => {
    const hold = gate()
    const child = task({ id: 'child', run: async () => (await hold.opened, void metadata.parent.set('last', 'words')) })
    const parent = task({ id: 'parent', run: async () => void (metadata.set('step', 1), await child.trigger(null)) })
    await startServer({ tasks: [parent, child] })
    const versions: number[] = []
    let last: unknown
    for await (const run of runs.subscribe(await parent.trigger(null))) {
      versions.push(run.version)
      last = run.metadata
      if (run.finishedAt !== null) hold.open()
    }
    expect(last).toEqual({ step: 1, last: 'words' })
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
  })

  test('of a run that has ended it gives one record', async () => {
    const work = task({ id: 'work', run: () => 1 })
    const server = await startServer({ tasks: [work] })
    const { id } = await work.trigger(null)
    await server.ended(id)
    const seen: unknown[] = []
    for await (const { status } of runs.subscribe(id)) seen.push(status)
    expect(seen).toEqual(['COMPLETED'])
  })

  test('of an unknown run it throws a typed error', async () => {
    await startServer({ tasks: [task({ id: 'work', run: () => 1 })] })
    const first = runs.subscribe('run_nope')[Symbol.asyncIterator]().next()
    await expect(first).rejects.toMatchObject({ type: 'not_found' })
  })

  test('within a run it ends with the run’s own abort', async () => {
    const following = gate()
    const never = task({
      id: 'never',
      run: async (_: unknown, { signal }) => await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    })
    let met: unknown
    const follower = task({
      id: 'follower',
      run: async (id: string) => {
        try {
          for await (const run of runs.subscribe(id)) if (run.status === 'EXECUTING') following.open()
        } catch (thrown) {
          met = thrown
        }
      },
    })
    const server = await startServer({ tasks: [never, follower] })
    const followed = await never.trigger(null)
    const { id } = await follower.trigger(followed.id)
    await following.opened
    await runs.cancel(id)
    expect((await server.ended(id)).status).toBe('CANCELED')
    expect(met).toMatchObject({ type: 'canceled' })
    await runs.cancel(followed)
  })
})

describe.each([
  ['memory', () => memoryEngine()],
  ['SQLite', () => sqliteEngine({ file: ':memory:' })],
] as const)('what is read of the record of the %s engine is a copy', (_, engine) => {
  test('chunks, results, tags and runs may be changed', async () => {
    const child = task({ id: 'child', run: () => ({ items: [1] }) })
    const work = task({
      id: 'work',
      run: async (_: unknown, { ctx }) => {
        metadata.set('list', [1])
        const source = async function* () {
          yield { n: 1 }
        }
        for await (const chunk of await metadata.stream('chunks', source())) chunk.n = 2
        const result = await child.triggerAndWait(null)
        if (result.ok) result.output.items.push(2)
        spoil(ctx.run.tags)
        await metadata.flush()
        for await (const run of runs.subscribe(ctx.run.id)) {
          spoil(run)
          break
        }
        spoil(await runs.retrieve(ctx.run.id))
        spoil((await runs.list({ task: 'work' })).runs[0])
        spoil(await runs.cancel(result.id))
        metadata.append('list', 2)
      },
    })
    const server = await startServer({ engine: engine(), tasks: [work, child] })
    const run = await server.ended(await server.trigger('work', { words: ['a'] }, { tags: ['t'] }))
    expect(run).toMatchObject({ payload: { words: ['a'] }, tags: ['t'], metadata: { list: [1, 2] } })
    expect(await (await server.get(`/v1/runs/${run.id}/chunks/chunks?index=0`)).json()).toMatchObject({ chunks: [{ n: 1 }] })
    expect((await runs.list({ task: 'child' })).runs).toMatchObject([{ output: { items: [1] } }])
  })
})

/** Adds to every array in it, as code that does not know better would. */
function spoil(value: unknown): void {
  if (Array.isArray(value)) value.push('spoilt')
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) spoil(one)
}
