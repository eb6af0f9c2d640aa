// Started by memory.ts: an engine behind a server, filled through its public calls, and what that weighs.
import { createRunServer, sqliteEngine } from 'runfeed/server'

const FINISHED = 10_000
const RUNNING = 1000
const PORTION = 500

const engine = sqliteEngine({ file: process.argv[2] as string })
const server = createRunServer({ engine, tasks: [] })
await server.listen()

async function weigh(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage.rss() / 2 ** 20
}

async function execute(count: number, isEnded: boolean): Promise<void> {
  for (let n = 0; n < count; n += PORTION) {
    await engine.record.create(
      Array.from({ length: PORTION }, () => ({ task: 'bench', payload: 'p'.repeat(1000), metadata: { text: 'm'.repeat(1000) }, tags: ['bench'] })),
    )
    const claims = await engine.queue.claim({ worker: 'bench', tasks: ['bench'], max: PORTION })
    await Promise.all(
      claims.map(async ({ run: { id: run, attempt } }) => {
        await engine.record.commit({ run, attempt, streams: { log: { state: 'open' } } })
        await engine.chunks.append(run, 'log', ['begun'], { by: run, attempt })
        for (let i = 0; i < 3; i++) await engine.record.commit({ run, attempt, operations: [{ op: 'set', key: 'progress', value: i }] })
        if (isEnded) await engine.record.commit({ run, attempt, end: { status: 'COMPLETED', output: 'done' } })
      }),
    )
  }
}

const empty = await weigh()
await execute(FINISHED, true)
await execute(RUNNING, false)
const full = await weigh()
console.log(JSON.stringify({ 'empty (MB)': empty, 'with the runs (MB)': full, 'heap (MB)': process.memoryUsage().heapUsed / 2 ** 20 }))
process.exit(0)
