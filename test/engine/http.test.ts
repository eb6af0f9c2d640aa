// The suite a third time: a memory engine behind a real server, whose worker half is called over HTTP. What no worker calls is the engine's own.
import { afterEach, vi } from 'vitest'
import type { EmbeddedEngine } from '../../src/engine/embedded.ts'
import { memoryEngine } from '../../src/engine/memory/memory-engine.ts'
import type { Commit, RunEngine, StoredRun } from '../../src/protocol/engine.ts'
import { createRunServer, type RunServer } from '../../src/server/create-run-server.ts'
import { operation } from '../../src/server/worker-schemas.ts'
import { httpBackend } from '../../src/task/http/http-backend.ts'
import { HEARTBEAT } from '../support/server.ts'
import { engineSuite } from './suite.ts'

// a thousand calls are a thousand requests, of which others wait on a busy machine
vi.setConfig({ testTimeout: 30_000 })

const opened: RunServer[] = []
afterEach(async () => {
  for (const server of opened.splice(0)) await server.close()
})

engineSuite('HTTP', async (options) => {
  const engine = memoryEngine(options)
  const writers = new Set<string>()
  const server = createRunServer({ engine: knowing(engine, writers), heartbeat: HEARTBEAT })
  opened.push(server)
  const backend = httpBackend({ url: (await server.listen()).url })
  const { record, chunks, queue } = backend
  // one commit of a writer at a time, as workers do it; the next when the last was answered
  const underWay = new Map<string, Promise<unknown>>()
  return {
    isOverNetwork: true,
    engine: {
      ...engine,
      record: {
        ...engine.record,
        ...record,
        async commit(commit) {
          if (commit.by !== undefined && commit.by !== commit.run) writers.add(commit.by)
          const writer = commit.writer?.id ?? String(underWay.size)
          const call = Promise.resolve(underWay.get(writer)).then(async () => await (canBeSaid(commit) ? record : engine.record).commit(commit))
          underWay.set(
            writer,
            call.catch(() => {}),
          )
          return await call
        },
        // over HTTP the key says whose runs they are
        list: async (request) => await (request.namespace === undefined ? record : engine.record).list(request),
      },
      chunks: {
        ...chunks,
        append: async (run, stream, values, from) => {
          if (from.by !== run) writers.add(from.by)
          return await chunks.append(run, stream, values, from)
        },
      },
      queue: { ...queue, claim: async (request) => await (request.namespace === undefined ? queue : engine.queue).claim(request) },
      // lists are followed by feeds, not by workers
      wake: (topic, listener) => (topic.startsWith('members:') ? engine.wake(topic, listener) : backend.wake(topic, listener)),
      // what was asked before is on its way: an engine that closes cannot know of it yet
      async close() {
        await Promise.all(underWay.values())
        await engine.close()
      },
    } satisfies EmbeddedEngine,
  }
})

/** What is no operation in JSON (NaN is none) is refused by the server with the whole request, and never said by a worker: that is between engine and suite. */
const canBeSaid = ({ operations = [] }: Commit): boolean => operations.every((one) => operation.safeParse(JSON.parse(JSON.stringify(one))).success)

/** The suite lets runs write that were never made; a server asks whether they are there. */
function knowing(engine: RunEngine, writers: ReadonlySet<string>): RunEngine {
  const there = {} as StoredRun
  return { ...engine, record: { ...engine.record, read: async (id) => (await engine.record.read(id)) ?? (writers.has(id) ? there : undefined) } }
}
