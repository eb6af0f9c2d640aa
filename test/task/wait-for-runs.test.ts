import { type Task, task } from 'runfeed/task'
import { expect, test } from 'vitest'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

const SOON = { timeout: 30_000 }

test('a child that was triggered first, and is found by its key when the parent waits for it, is canceled with the parent', async () => {
  const begun = gate()
  const slow = task({
    id: 'slow',
    run: async (_: unknown, { signal }) => {
      begun.open()
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    },
  })
  const parent = task({
    id: 'parent',
    run: async () => {
      await slow.trigger(null, { idempotencyKey: 'z' })
      await begun.opened
      await slow.triggerAndWait(null, { idempotencyKey: 'z' })
    },
  })
  const server = await startServer({ tasks: [parent, slow] })
  const id = await server.trigger('parent')
  await expect.poll(async () => (await server.run(id)).status, SOON).toBe('WAITING')
  await server.post(`/v1/runs/${id}/cancel`)
  expect((await server.ended(id)).status).toBe('CANCELED')
  const { runs } = (await (await server.get(`/v1/runs?parent=${id}`)).json()) as { runs: { status: string }[] }
  expect(runs.map(({ status }) => status)).toEqual(['CANCELED'])
})

test('a run that would wait for itself is told so', async () => {
  const self: Task<'self'> = task({
    id: 'self',
    run: async () => {
      await self.triggerAndWait(null, { idempotencyKey: 'k' })
    },
  })
  const server = await startServer({ tasks: [self] })
  const id = await server.trigger('self', null, { idempotencyKey: 'k' })
  expect(await server.ended(id)).toMatchObject({
    status: 'FAILED',
    error: { type: 'invalid_request', message: expect.stringContaining('idempotencyKey') as string },
  })
})
