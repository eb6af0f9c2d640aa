// The clock of the day may be set while a run executes.
import { memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

test('what is said after the clock was set back is in the record as soon as ever', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const isStored = gate()
  const work = task({
    id: 'work',
    run: async () => {
      metadata.set('said', 'before')
      await metadata.flush()
      vi.setSystemTime(Date.now() - 3_600_000)
      metadata.set('said', 'after')
      await isStored.opened
    },
  })
  const server = await startServer({ engine: memoryEngine(), tasks: [work] })
  const id = await server.trigger('work')
  await vi.waitFor(async () => expect((await server.run(id)).metadata).toEqual({ said: 'after' }), { timeout: 20_000, interval: 20 })
  isStored.open()
  expect(await server.ended(id)).toMatchObject({ status: 'COMPLETED' })
}, 30_000)
