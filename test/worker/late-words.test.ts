// What a task still says when its attempt is over already: it may not cost the run its end.
import { ConnectionError } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { expect, test } from 'vitest'
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
