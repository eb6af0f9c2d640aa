// A task that does not listen to its signal keeps its run no longer than 30 s after a cancel. The timers are the test's.
import { createRunServer, memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import { gate } from '../support/gate.ts'

test('a canceled run whose task does not end is CANCELED after 30 s, with what it had said', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const told = gate()
  const hooks: string[] = []
  const work = task({
    id: 'deaf',
    run: async (_: unknown, { signal }) => {
      metadata.set('last', 'words')
      signal.addEventListener('abort', () => told.open())
      await new Promise(() => {})
    },
    onCancel: () => void hooks.push('onCancel'),
  })
  const engine = memoryEngine()
  const server = createRunServer({ engine, tasks: [work] })
  onTestFinished(async () => await server.close())
  const { id } = await work.trigger(null)
  const status = async (): Promise<string | undefined> => (await engine.record.read(id))?.run.status
  await expect.poll(status).toBe('EXECUTING')
  await engine.record.cancel(id)
  await told.opened
  await vi.advanceTimersByTimeAsync(29_999)
  expect(await status()).toBe('EXECUTING')
  await vi.advanceTimersByTimeAsync(1)
  vi.useRealTimers()
  await expect.poll(status).toBe('CANCELED')
  expect((await engine.record.read(id))?.run).toMatchObject({ metadata: { last: 'words' }, error: { type: 'canceled' } })
  expect(hooks).toContain('onCancel')
})
