// Who waits for a slot, and who need not.
import { memoryEngine } from 'runfeed/server'
import { metadata, runs, task } from 'runfeed/task'
import { expect, test, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

/** A parent that waits for a child; its hooks say on the run that they were called. */
function waiting(delay: number) {
  const child = task({ id: 'child', run: () => {} })
  const parent = task({
    id: 'parent',
    run: async () => {
      try {
        await child.triggerAndWait(null, { delay })
      } finally {
        metadata.append('called', 'finally')
      }
    },
    onComplete: () => void metadata.append('called', 'onComplete'),
    cleanup: () => void metadata.append('called', 'cleanup'),
  })
  return { child, parent }
}

test('a waiting run that is canceled stops at once, with its hooks, while others hold all slots', async () => {
  const hold = gate()
  const { child, parent } = waiting(3_600_000)
  const other = task({ id: 'other', run: async () => await hold.opened })
  const server = await startServer({ engine: memoryEngine(), tasks: [parent, child, other], concurrency: 1 })
  const id = await server.trigger('parent')
  await vi.waitFor(async () => expect((await server.run(id)).status).toBe('WAITING'), { timeout: 20_000 })
  const holding = await server.trigger('other')
  await vi.waitFor(async () => expect((await server.run(holding)).status).toBe('EXECUTING'), { timeout: 20_000 })
  await runs.cancel(id)
  expect(await server.ended(id)).toMatchObject({ status: 'CANCELED', metadata: { called: ['finally', 'onComplete', 'cleanup'] } })
  expect((await server.run(holding)).status).toBe('EXECUTING')
  // the slot that it did without is nobody's loss: the next one goes on with it
  hold.open()
  expect(await server.ended(await server.trigger('other'))).toMatchObject({ status: 'COMPLETED' })
}, 30_000)
