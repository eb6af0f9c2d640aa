// A worker behind a network that fails at random: whatever is cut, and wherever, increments are exact, chunks come once and in order, and no run is
// made or executed twice. RUNFEED_SEED=<seed> runs one schedule again.
import { memoryEngine } from 'runfeed/server'
import { connectWorker, metadata, task, withRun } from 'runfeed/task'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { faultProxy } from '../../faults/proxy.ts'
import { schedule } from '../../faults/schedule.ts'
import { seeds } from '../../faults/seed.ts'
import { startServer } from '../../support/server.ts'

const CHILDREN = 10
const FAULTS = 60

async function* numbers(count: number): AsyncGenerator<number> {
  for (let i = 0; i < count; i++) {
    yield i
    await new Promise((resolve) => setImmediate(resolve))
  }
}
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

describe('with connections that are lost at random', () => {
  test.each(seeds(3))('a worker loses nothing and does nothing twice (seed %i)', { timeout: 120_000 }, async (seed) => {
    const errors = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => errors.mockRestore())
    const engine = memoryEngine()
    const server = await startServer({ engine })
    const next = schedule({ seed, faults: FAULTS, bytes: 3000 })
    const faults: string[] = []
    const proxy = await faultProxy(server.url, (connection, asked) => {
      const fault = next(connection, asked)
      faults.push(fault.kind)
      return fault
    })
    onTestFinished(async () => await proxy.close())

    const executed: string[] = []
    const child = task({
      id: 'child',
      run: async (n: number, { ctx }) => {
        executed.push(ctx.run.id)
        for (let i = 0; i < 5; i++) {
          metadata.increment('own').parent.increment('children')
          metadata.parent.append('names', `${n}.${i}`)
          await metadata.flush()
        }
      },
    })
    const parent = task({
      id: 'parent',
      run: async (_: unknown, { ctx }) => {
        executed.push(ctx.run.id)
        metadata.increment('n')
        const stream = metadata.stream('numbers', numbers(300))
        for (let i = 0; i < 20; i++) {
          metadata.increment('n')
          await metadata.flush()
        }
        const read: number[] = []
        for await (const number of await stream) read.push(number)
        const { runs } = await child.batchTriggerAndWait(upTo(CHILDREN).map((payload) => ({ payload })))
        await child.trigger(99)
        return { ok: runs.every(({ ok }) => ok), read }
      },
    })
    const worker = connectWorker({ url: proxy.url, tasks: [parent, child], concurrency: 5 })
    onTestFinished(async () => await worker.stop())
    const id = await server.trigger('parent')
    const run = await server.ended(id)

    expect(run).toMatchObject({ status: 'COMPLETED', attempt: 1, output: { ok: true, read: upTo(300) } })
    expect(run.metadata).toMatchObject({ n: 21, children: (CHILDREN + 1) * 5 })
    const names = run.metadata['names'] as string[]
    expect(names.toSorted()).toEqual([...upTo(CHILDREN), 99].flatMap((n) => upTo(5).map((i) => `${n}.${i}`)).toSorted())
    // each child’s are in the order in which it said them
    for (const n of upTo(CHILDREN)) expect(names.filter((name) => name.startsWith(`${n}.`))).toEqual(upTo(5).map((i) => `${n}.${i}`))
    expect((await engine.chunks.read(id, 'numbers', 0, 1_000_000)).chunks).toEqual(upTo(300))
    const { runs: made } = await engine.record.list({ limit: 200 })
    expect(made).toHaveLength(CHILDREN + 2)
    expect(made.map(({ status, attempt }) => [status, attempt])).toEqual(made.map(() => ['COMPLETED', 1]))
    expect(made.filter(({ task: name }) => name === 'child').map((one) => one.metadata['own'])).toEqual(upTo(CHILDREN + 1).map(() => 5))
    expect(executed.toSorted()).toEqual(made.map((one) => one.id).toSorted())
    expect(faults.filter((kind) => kind !== 'none').length).toBeGreaterThan(20)
  })

  test.each(seeds(3))('a script begins one run, and ends it (seed %i)', { timeout: 120_000 }, async (seed) => {
    const engine = memoryEngine()
    const server = await startServer({ engine })
    const proxy = await faultProxy(server.url, schedule({ seed: seed + 1000, faults: 10, bytes: 2000 }))
    onTestFinished(async () => await proxy.close())
    const output = await withRun({ url: proxy.url, task: 'script' }, async () => {
      for (let i = 0; i < 10; i++) {
        metadata.increment('n')
        await metadata.flush()
      }
      return 'done'
    })
    expect(output).toBe('done')
    const { runs } = await engine.record.list({})
    expect(runs.map(({ status, attempt, metadata: { n } }) => [status, attempt, n])).toEqual([['COMPLETED', 1, 10]])
  })
})
