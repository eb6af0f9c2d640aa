import { afterEach, expect, test } from 'vitest'
import { memoryEngine } from '../../src/engine/memory/memory-engine.ts'
import type { RunEngine } from '../../src/protocol/engine.ts'
import { engineSuite } from './suite.ts'
import { executing } from './suite/given.ts'

const opened: RunEngine[] = []
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close()
})

engineSuite('memory', async (options) => {
  const engine = memoryEngine(options)
  opened.push(engine)
  return { engine }
})

test('the log of the memory engine is bounded, so that resuming past it can be tried', async () => {
  const engine = memoryEngine({ logLimit: 10 })
  opened.push(engine)
  const run = await executing(engine)
  const cursors: string[] = []
  for (let n = 1; n <= 100; n++) cursors.push((await engine.record.commit({ run: run.id, operations: [{ op: 'set', key: 'n', value: n }] })).cursor)
  expect(await engine.record.since(run.id, cursors[0] as string)).toBeUndefined()
  expect(await engine.record.since(run.id, cursors[89] as string)).toHaveLength(10)
  const answer = await engine.record.commit({ run: run.id, base: 5 })
  expect(answer.since).toMatchObject({ run: { metadata: { n: 100 } } })
})
