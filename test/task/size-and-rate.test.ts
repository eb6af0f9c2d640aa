// Metadata at size and at rate, in the server's process and from a worker elsewhere (PEERS.md, row 17).
import { MetadataTooLargeError, type Run } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { connectWorker, metadata, task } from 'runfeed/task'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { RunEngine } from '../../src/protocol/engine.ts'
import { FLUSH_INTERVAL_MS, MAX_METADATA_BYTES } from '../../src/protocol/limits.ts'
import { startServer } from '../support/server.ts'

// processes start, connections are made anew: on a busy machine that takes its time
vi.setConfig({ testTimeout: 30_000 })

type Task = ReturnType<typeof task>

async function inProcess(engine: RunEngine, work: Task, payload: unknown): Promise<Run> {
  const server = await startServer({ engine, tasks: [work], onError: () => {} })
  return await server.ended(await server.trigger('work', payload))
}
async function elsewhere(engine: RunEngine, work: Task, payload: unknown): Promise<Run> {
  const server = await startServer({ engine })
  const worker = connectWorker({ url: server.url, tasks: [work], onError: () => {} })
  onTestFinished(async () => await worker.stop())
  return await server.ended(await server.trigger('work', payload))
}

const thrownBy = (work: () => unknown): unknown => {
  try {
    return work()
  } catch (thrown) {
    return thrown
  }
}

/** A value whose document `{ "k": value }` is so many bytes. */
const valueOf = (bytes: number): string => 'x'.repeat(bytes - '{"k":""}'.length)

describe.each([
  ['in the server’s process', inProcess],
  ['from a worker elsewhere', elsewhere],
])('%s', (_where, execute) => {
  test('10,000 increments are at most one flush per interval', async () => {
    const engine = memoryEngine()
    let flushes = 0
    const commit: RunEngine['record']['commit'] = async (said) => {
      if (said.operations?.length && !said.end) flushes++
      return await engine.record.commit(said)
    }
    let took = 0
    const work = task({
      id: 'work',
      run: async () => {
        const begin = performance.now()
        for (let i = 0; i < 10_000; i++) {
          metadata.increment('n')
          if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve))
        }
        took = performance.now() - begin
      },
    })
    const run = await execute({ ...engine, record: { ...engine.record, commit } }, work as Task, null)
    expect(run).toMatchObject({ status: 'COMPLETED', metadata: { n: 10_000 } })
    expect(flushes).toBeGreaterThan(1)
    // the first at once; a timer may be early by a part of a millisecond
    expect(flushes).toBeLessThanOrEqual(2 + took / (FLUSH_INTERVAL_MS - 2))
  })

  test('a document of 262,144 bytes is kept; 262,145 are a typed error, and the old value is intact', async () => {
    let thrown: unknown
    const work = task({
      id: 'work',
      run: async () => {
        metadata.set('k', valueOf(MAX_METADATA_BYTES))
        await metadata.flush()
        try {
          metadata.set('k', valueOf(MAX_METADATA_BYTES + 1))
        } catch (error) {
          thrown = error
        }
        await metadata.flush()
        return (metadata.get('k') as string).length
      },
    })
    const run = await execute(memoryEngine(), work as Task, null)
    expect(thrown).toBeInstanceOf(MetadataTooLargeError)
    expect(thrown).toMatchObject({ type: 'metadata_too_large', size: 262_145, limit: 262_144, details: { key: 'k' } })
    expect(run).toMatchObject({ status: 'COMPLETED', output: valueOf(MAX_METADATA_BYTES).length })
    expect(run.metadata).toEqual({ k: valueOf(MAX_METADATA_BYTES) })
  })

  test('what is said at once and is more than one request takes is all kept', async () => {
    const work = task({
      id: 'work',
      run: async () => {
        // a path: each is an operation of its own
        for (let i = 0; i < 140; i++) metadata.set('$.k', `${i}${'x'.repeat(250_000)}`).increment('n')
        await metadata.flush()
      },
    })
    const run = await execute(memoryEngine(), work as Task, null)
    expect(run).toMatchObject({ status: 'COMPLETED', metadata: { n: 140 } })
    expect(run.metadata['k']).toSatisfy((k: string) => k.startsWith('139x'))
  })

  test('so is an update of a parent that would pass the limit, at the next flush', async () => {
    let met: unknown
    const work: Task = task({
      id: 'work',
      run: async (isChild: unknown) => {
        if (!isChild) {
          metadata.set('k', 'kept')
          return await work.triggerAndWait(true)
        }
        metadata.parent.set('k', valueOf(MAX_METADATA_BYTES + 1)).set('other', 1)
        met = await metadata.flush().catch((error: unknown) => error)
        return 'went on'
      },
    }) as Task
    const run = await execute(memoryEngine(), work, null)
    expect(met).toBeInstanceOf(MetadataTooLargeError)
    expect(met).toMatchObject({ type: 'metadata_too_large', size: 262_145, limit: 262_144, details: { size: 262_145, limit: 262_144, key: 'k' } })
    expect(run).toMatchObject({ status: 'COMPLETED', output: { ok: true, output: 'went on' } })
    expect(run.metadata).toEqual({ k: 'kept', other: 1 })
  })

  test('what its engine refuses of a parent is the error that an own update throws', async () => {
    const met: unknown[] = []
    const refused: Task = task({
      id: 'work',
      run: async (isChild: unknown) => {
        const update = () => (isChild ? metadata.parent : metadata).set('$.k.b', 1)
        if (!isChild) {
          metadata.set('k', 'a scalar')
          met.push(thrownBy(update))
          return await refused.triggerAndWait(true)
        }
        update()
        met.push(await metadata.flush().catch((error: unknown) => error))
        return null
      },
    }) as Task
    await execute(memoryEngine(), refused, null)
    expect(met[0]).toMatchObject({ name: 'InvalidOperationError', type: 'invalid_operation' })
    expect(met[1]).toEqual(met[0])
  })
})
