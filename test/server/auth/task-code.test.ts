// A server's own tasks execute runs of every namespace. What their code reaches is what a worker elsewhere would reach with a key of that namespace.
import { batch, runs, task } from 'runfeed/task'
import type { Run } from 'runfeed'
import { expect, test, vi } from 'vitest'
import { KEY, OTHER_KEY, OTHER_NAMESPACE, startKeyedServer } from './keyed-server.ts'

const typeOf = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => 'done',
    (thrown: unknown) => String((thrown as { type?: unknown }).type),
  )

test('a task reaches the runs of its own run’s namespace alone', async () => {
  const child = task({ id: 'child', run: () => 1 })
  const look = task({
    id: 'look',
    run: async (id: string, { ctx }) => {
      const made = await batch.triggerAndWait<typeof child>([{ id: 'child', payload: null }])
      const found = await runs.list({ task: 'report' })
      const own = await runs.retrieve(ctx.run.id)
      return {
        retrieve: await typeOf(runs.retrieve(id)),
        cancel: await typeOf(runs.cancel(id)),
        follow: await typeOf((async () => await runs.subscribe(id)[Symbol.asyncIterator]().next())()),
        found: found.runs.map((run) => run.id),
        own: own.namespace,
        children: made.runs.map((run) => run.ok),
      }
    },
  })
  // of a task that is never executed: what waits is there to be found
  const report = task({ id: 'report', run: () => 1 })
  const delayed = { delayUntil: Date.now() + 3_600_000 }
  const server = await startKeyedServer({ tasks: [look, child, report], concurrency: 2 })
  const theirs = await server.create(OTHER_KEY, { task: 'report', payload: 'their secret', ...delayed })
  const ours = await server.create(KEY, { task: 'report', ...delayed })
  const ended = async (key: string, id: string): Promise<Run> => {
    const { body } = await server.ask(key, '/v1/tasks/look/trigger', { payload: id })
    return await vi.waitFor(async () => {
      const run: Run = (await server.ask(key, `/v1/runs/${body.id}`)).body
      expect(run.finishedAt).not.toBeNull()
      return run
    })
  }
  expect(await ended(KEY, theirs.id)).toMatchObject({
    status: 'COMPLETED',
    output: { retrieve: 'not_found', cancel: 'not_found', follow: 'not_found', found: [ours.id], own: 'default', children: [true] },
  })
  expect((await server.ask(OTHER_KEY, `/v1/runs/${theirs.id}`)).body).toMatchObject({ status: 'DELAYED', cancelRequestedAt: null })
  // the same by their own run
  expect(await ended(OTHER_KEY, theirs.id)).toMatchObject({
    status: 'COMPLETED',
    output: { retrieve: 'done', cancel: 'done', found: [theirs.id], own: OTHER_NAMESPACE, children: [true] },
  })
})
