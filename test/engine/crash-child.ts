// Commits without an end, and says what was acknowledged, until it is killed. Started by sqlite.test.ts with a data file.
import { writeSync } from 'node:fs'
import { sqliteEngine } from '../../src/engine/sqlite/sqlite-engine.ts'

const engine = sqliteEngine({ file: process.argv[2] as string })
await engine.record.create(Array.from({ length: 8 }, () => ({ task: 'crash', payload: 'x'.repeat(1000) })))
const claims = await engine.queue.claim({ worker: 'w', tasks: ['crash'], max: 8 })

await Promise.all(
  claims.map(async ({ run: { id, attempt } }) => {
    await engine.record.commit({ run: id, attempt, streams: { log: { state: 'open' } } })
    for (let n = 1; ; n++) {
      const [{ cursor }, { index }] = await Promise.all([
        engine.record.commit({ run: id, attempt, operations: [{ op: 'increment', key: 'n', by: 1 }] }),
        engine.chunks.append(id, 'log', [n], { by: id, attempt }),
      ])
      // synchronous: what is said here was acknowledged, and nothing that was acknowledged before is unsaid
      writeSync(1, `${JSON.stringify({ run: id, cursor, n, index })}\n`)
    }
  }),
)
