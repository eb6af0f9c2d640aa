import { type EngineOptions, memoryEngine, sqliteEngine } from 'runfeed/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { RunEngine } from '../../src/protocol/engine.ts'
import { executing } from './suite/given.ts'

const engines: readonly (readonly [string, (options?: EngineOptions) => RunEngine])[] = [
  ['memory', memoryEngine],
  ['SQLite', (options) => sqliteEngine({ ...options, file: ':memory:' })],
]

test.each(engines)('the %s engine takes the metadata limit of the environment, where none is given', async (_name, make) => {
  vi.stubEnv('TASK_RUN_METADATA_MAXIMUM_SIZE', '50')
  onTestFinished(() => void vi.unstubAllEnvs())
  const refusedBy = async (options?: EngineOptions): Promise<number> => {
    const engine = make(options)
    onTestFinished(async () => await engine.close())
    const operations = [{ op: 'set', key: 'k', value: 'x'.repeat(60) }] as const
    return (await engine.record.commit({ run: (await executing(engine)).id, operations })).refused.length
  }
  expect(await refusedBy()).toBe(1)
  expect(await refusedBy({ metadataLimit: 100 })).toBe(0)
  vi.stubEnv('TASK_RUN_METADATA_MAXIMUM_SIZE', 'a lot')
  expect(() => make()).toThrow(/TASK_RUN_METADATA_MAXIMUM_SIZE is "a lot"/)
})
