import { afterEach } from 'vitest'
import { memoryEngine } from '../../src/engine/memory/memory-engine.ts'
import type { RunEngine } from '../../src/protocol/engine.ts'
import { engineSuite } from './suite.ts'

const opened: RunEngine[] = []
afterEach(async () => {
  for (const engine of opened.splice(0)) await engine.close()
})

engineSuite('memory', async (options) => {
  const engine = memoryEngine(options)
  opened.push(engine)
  return { engine }
})
