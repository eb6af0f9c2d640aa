import { metadata, task } from 'runfeed/task'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.ts'

/** Runs `work` as a task and gives the run as it ended. */
async function runTask(work: () => unknown, options?: { metadata: object }) {
  const server = await startServer({ tasks: [task({ id: 'work', run: work })], onError: () => {} })
  return await server.ended(await server.trigger('work', null, options))
}

describe('updates', () => {
  test('chain, and are in the record when the run has ended', async () => {
    const run = await runTask(() => {
      metadata.set('progress', 0.1).append('logs', 'Step 1 complete').increment('progress', 0.4).decrement('otherProgress', 0.1)
    })
    expect(run.status).toBe('COMPLETED')
    expect(run.metadata).toEqual({ progress: 0.5, logs: ['Step 1 complete'], otherProgress: -0.1 })
  })

  test('are seen by get and current at once', async () => {
    const run = await runTask(() => {
      metadata
        .set('a', { b: [1] })
        .append('$.a.b', 2)
        .set('$.c.d', true)
      const seen = [metadata.get('a'), metadata.current()]
      metadata.remove('$.a.b', 1).del('c')
      return [...seen, metadata.current()]
    })
    expect(run.output).toEqual([{ b: [1, 2] }, { a: { b: [1, 2] }, c: { d: true } }, { a: { b: [2] } }])
  })

  test('of a key that is no text are refused by name, on the parent too', async () => {
    const keys = [5, null, undefined, {}] as unknown as string[]
    const run = await runTask(() => {
      const calls = keys.flatMap((key) => [() => metadata.set(key, 1), () => metadata.parent.increment(key), () => metadata.del(key), () => metadata.get(key)])
      return calls.map((call) => {
        try {
          call()
        } catch (thrown) {
          return (thrown as { type?: string }).type
        }
        return 'taken'
      })
    })
    expect(run).toMatchObject({ status: 'COMPLETED', output: Array.from({ length: 16 }, () => 'invalid_operation'), metadata: {} })
  })

  test('are read by the paths that they were said with', async () => {
    const run = await runTask(
      () => {
        metadata.set('$.user["first name"]', 'Ada').append('$.rows[0].tags', 'new')
        const read = (path: string): unknown => {
          try {
            return metadata.get(path) ?? 'nothing'
          } catch (thrown) {
            return (thrown as { type: string }).type
          }
        }
        const there = ['$.user["first name"]', '$.rows[0].tags', '$.rows[0].tags[0]', '$', 'user.name', '$.n']
        const nothing = ['$.n.deeper', '$.rows.tags', '$.rows[1]', '$.user[0]', '$.list.length']
        return [there.map(read), nothing.map(read), read('$.rows[*]')]
      },
      { metadata: { n: 1, list: [], $: 'a key', 'user.name': 'a key too' } },
    )
    expect(run.output).toEqual([['Ada', ['new'], 'new', 'a key', 'a key too', 1], ['nothing', 'nothing', 'nothing', 'nothing', 'nothing'], 'invalid_operation'])
  })

  test('what is read is a copy', async () => {
    const run = await runTask(() => {
      metadata.set('list', [1])
      const list = metadata.get('list') as number[]
      list.push(2)
      return metadata.get('list')
    })
    expect(run.output).toEqual([1])
  })

  test('replace puts another document in place', async () => {
    const run = await runTask(() => metadata.replace({ user: { name: 'Eric', at: new Date(0) } }) && undefined, { metadata: { old: true } })
    expect(run.metadata).toEqual({ user: { name: 'Eric', at: '1970-01-01T00:00:00.000Z' } })
  })

  test('begin from what the trigger gave', async () => {
    const run = await runTask(() => metadata.get('user'), { metadata: { user: { name: 'Eric' } } })
    expect(run.output).toEqual({ name: 'Eric' })
  })

  test('10,000 increments between two flushes are one version', async () => {
    const run = await runTask(async () => {
      for (let i = 0; i < 10_000; i++) metadata.increment('n')
      await metadata.flush()
    })
    expect(run.metadata).toEqual({ n: 10_000 })
    // created, claimed, incremented, ended
    expect(run.version).toBe(4)
  })

  test('a flush resolves when what was said before it is in the record', async () => {
    const seen: unknown[] = []
    const server = await startServer({
      tasks: [
        task({
          id: 'work',
          run: async (_: unknown, { ctx }) => {
            metadata.set('step', 1)
            const first = metadata.flush()
            metadata.set('step', 2)
            await Promise.all([first, metadata.flush()])
            seen.push((await server.run(ctx.run.id)).metadata)
          },
        }),
      ],
    })
    expect((await server.ended(await server.trigger('work'))).status).toBe('COMPLETED')
    expect(seen).toEqual([{ step: 2 }])
  })

  test('a document over 256 kB is refused where it is said, and the old value stays', async () => {
    const run = await runTask(() => {
      metadata.set('text', 'small')
      try {
        metadata.set('text', 'x'.repeat(262_144))
      } catch (thrown) {
        return { ...(thrown as { type: string; size: number; limit: number }), kept: metadata.get('text') }
      }
      return undefined
    })
    expect(run.output).toMatchObject({ type: 'metadata_too_large', size: 262_144 + 11, limit: 262_144, kept: 'small' })
    expect(run.metadata).toEqual({ text: 'small' })
  })

  test.each([
    ['a function', { f: () => 1 }, '$.user.f'],
    ['a class instance', { m: new Map() }, '$.user.m'],
    ['a bigint', { n: 1n }, '$.user.n'],
    ['NaN', { n: Number.NaN }, '$.user.n'],
    ['a forbidden name', JSON.parse('{"__proto__":1}'), '$.user.__proto__'],
  ])('%s is refused with its path', async (_name, value, path) => {
    const run = await runTask(() => metadata.set('$.user', value))
    expect(run).toMatchObject({ status: 'FAILED', error: { type: 'invalid_value' }, metadata: {} })
    expect(run.error?.message).toContain(path)
  })
})

describe('refresh', () => {
  test('brings what others wrote, under what is not yet acknowledged', async () => {
    const child = task({ id: 'child', run: async () => (metadata.parent.increment('n', 10).set('from', 'child'), await metadata.flush()) })
    const parent = task({
      id: 'parent',
      run: async () => {
        await child.triggerAndWait(null)
        metadata.increment('n')
        const before = metadata.current()
        await Promise.all([metadata.refresh(), metadata.refresh()])
        metadata.increment('n')
        const after = metadata.current()
        await metadata.flush()
        return [before, after, metadata.current()]
      },
    })
    const server = await startServer({ tasks: [parent, child] })
    const run = await server.ended(await server.trigger('parent'))
    const all = { n: 12, from: 'child' }
    expect(run).toMatchObject({ output: [{ n: 1 }, all, all], metadata: all })
  })

  test('during a flush counts nothing twice', async () => {
    const run = await runTask(async () => {
      const seen: unknown[] = []
      for (let i = 1; i <= 30; i++) {
        metadata.increment('n')
        const flushed = metadata.flush()
        metadata.increment('n')
        await metadata.refresh()
        seen.push(metadata.get('n') === 2 * i)
        await flushed
      }
      return seen.every(Boolean)
    })
    expect(run).toMatchObject({ output: true, metadata: { n: 60 } })
  })
})

describe('outside a run', () => {
  test('nothing happens', async () => {
    expect(metadata.set('progress', 1).parent.increment('n')).toBe(metadata.parent)
    expect(metadata.get('progress')).toBeUndefined()
    expect(metadata.current()).toBeUndefined()
    await metadata.flush()
    async function* source() {
      yield 1
    }
    const given = source()
    expect(await metadata.stream('s', given)).toBe(given)
  })
})

describe('parent and root', () => {
  test('are updated by the descendants, on a root run they are the run itself', async () => {
    const grandchild = task({
      id: 'grandchild',
      run: () => void (metadata.parent.set('from', 'grandchild'), metadata.root.increment('done').append('who', 'grandchild')),
    })
    const child = task({
      id: 'child',
      run: async () => {
        metadata.parent.increment('done').append('who', 'child')
        await grandchild.triggerAndWait(null)
        await metadata.flush()
        return metadata.current()
      },
    })
    const root = task({
      id: 'root',
      run: async () => {
        metadata.parent.set('self', true)
        metadata.root.set('$.also.self', true)
        const result = await child.triggerAndWait(null)
        return result.ok ? result.output : String(result.error)
      },
    })
    const server = await startServer({ tasks: [root, child, grandchild] })
    const run = await server.ended(await server.trigger('root'))
    expect(run.metadata).toEqual({ self: true, also: { self: true }, done: 2, who: ['child', 'grandchild'] })
    const children = (await (await server.get(`/v1/runs?parent=${run.id}`)).json()) as { runs: { metadata: unknown; depth: number; rootId: string }[] }
    expect(children.runs).toMatchObject([{ metadata: { from: 'grandchild' }, depth: 1, rootId: run.id }])
  })

  test('a refused update of the parent does not fail the child, is reported once, and the rest applies', async () => {
    const reported: string[] = []
    const child = task({
      id: 'child',
      run: async () => {
        metadata.parent.append('$.scalar.list', 1).increment('done')
        await metadata.flush().catch((error: Error) => void reported.push(`flush: ${error.message}`))
        await metadata.flush()
      },
    })
    const parent = task({ id: 'parent', run: async () => (metadata.set('scalar', 1), await metadata.flush(), await child.triggerAndWait(null)).ok })
    const server = await startServer({ tasks: [parent, child], onError: (error) => void reported.push(error.message) })
    const run = await server.ended(await server.trigger('parent'))
    expect(run).toMatchObject({ status: 'COMPLETED', output: true, metadata: { scalar: 1, done: 1 } })
    expect(reported).toHaveLength(2)
    expect(reported[1]).toBe(`flush: ${reported[0]}`)
    expect(reported[0]).toContain('$.scalar')
  })

  test('of several refused updates each is reported', async () => {
    const reported: string[] = []
    const child = task({ id: 'child', run: () => void metadata.parent.append('$.n.a', 1).append('$.n.b', 1).increment('ok').append('$.n.c', 1) })
    const parent = task({ id: 'parent', run: async () => (metadata.set('n', 1), (await child.triggerAndWait(null)).ok) })
    const server = await startServer({ tasks: [parent, child], onError: (error) => void reported.push(error.message.split(':')[0] ?? '') })
    expect((await server.ended(await server.trigger('parent'))).metadata).toEqual({ n: 1, ok: 1 })
    expect(reported).toEqual(['$.n.a', '$.n.b', '$.n.c'])
  })

  test('30 children that increment one parent at once: exact', async () => {
    const child = task({ id: 'child', run: (n: number) => void metadata.parent.increment('sum', n).append('who', n) })
    const parent = task({
      id: 'parent',
      run: async () => (await Promise.all(Array.from({ length: 30 }, (_, n) => child.triggerAndWait(n)))).every(({ ok }) => ok),
    })
    const server = await startServer({ tasks: [parent, child], concurrency: 7 })
    const run = await server.ended(await server.trigger('parent'))
    expect(run).toMatchObject({ output: true, metadata: { sum: 435 } })
    expect([...(run.metadata['who'] as number[])].sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, n) => n))
  })
})

test('two runs of one process never see each other', async () => {
  const work = task({
    id: 'work',
    run: async (name: string) => {
      const seen = new Set<unknown>()
      for (let i = 0; i < 20; i++) {
        metadata.set('name', name)
        await new Promise((resolve) => setImmediate(resolve))
        seen.add(metadata.get('name'))
      }
      return [...seen]
    },
  })
  const server = await startServer({ tasks: [work] })
  const runs = await Promise.all(['a', 'b', 'c'].map(async (name) => await server.ended(await server.trigger('work', name))))
  expect(runs.map(({ output, metadata: own }) => [output, own['name']])).toEqual([
    [['a'], 'a'],
    [['b'], 'b'],
    [['c'], 'c'],
  ])
})
