// What a task still says when its attempt is over already: it may not cost the run its end.
import { ConnectionError } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, test, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'

test('an update that overtakes the last commit does not keep it from the record', async () => {
  const engine = memoryEngine()
  const overtaken = gate()
  let isEnding = false
  const slow: typeof engine = {
    ...engine,
    close: async () => await engine.close(),
    record: {
      ...engine.record,
      commit: async (commit) => {
        if (commit.end && !isEnding) {
          // the first try is lost on its way, and the next one comes after what the task goes on saying
          isEnding = true
          await overtaken.opened
          throw new ConnectionError('away for a moment')
        }
        const answer = await engine.record.commit(commit)
        if (isEnding && commit.operations) overtaken.open()
        return answer
      },
    },
  }
  const isOver = gate()
  let hasEnded = false
  const goOn = async (): Promise<void> => {
    while (!hasEnded) {
      metadata.increment('late')
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    isOver.open()
  }
  const work = task({
    id: 'work',
    run: () => {
      metadata.set('said', 'in time')
      void goOn()
      return 'done'
    },
  })
  const server = await startServer({ engine: slow, tasks: [work], onError: () => {} })
  const run = await server.ended(await server.trigger('work'))
  hasEnded = true
  await isOver.opened
  expect(run).toMatchObject({ status: 'COMPLETED', output: 'done', metadata: { said: 'in time' } })
})

test.each([
  ['that ends the run', false],
  ['that another one follows', true],
])('what the last commit of an attempt is refused is reported, of one %s', async (_name, isRetried) => {
  const onError = vi.fn<(error: { readonly type: string; readonly message: string }) => void>()
  const isTold = gate()
  const large = task({
    id: 'large',
    retry: { maxAttempts: 2, minTimeout: 0 },
    run: async (_: unknown, { ctx }) => {
      if (ctx.run.attempt > 1) return
      await isTold.opened
      metadata.set('mine', 'y'.repeat(100_000))
      if (isRetried) throw new Error('once more')
    },
  })
  const server = await startServer({ tasks: [large], onError })
  const id = await server.trigger('large')
  await vi.waitFor(async () => expect(await server.run(id)).toMatchObject({ status: 'EXECUTING' }))
  // what the task does not know of when it says its last
  const answer = await server.post(`/v1/runs/${id}/metadata`, { operations: [{ op: 'set', key: 'theirs', value: 'x'.repeat(200_000) }] }, { method: 'PATCH' })
  expect(answer.status).toBe(200)
  isTold.open()
  const { status, metadata: left } = await server.ended(id)
  expect([status, Object.keys(left)]).toEqual(['COMPLETED', ['theirs']])
  expect(onError.mock.calls.map(([{ type, message }]) => [type, message.split(':')[0]])).toEqual([['metadata_too_large', 'mine']])
})
