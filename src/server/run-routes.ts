// Runs over REST: trigger, retrieve, list, cancel, replay.
import { Hono } from 'hono'
import type { RunEngine } from '../protocol/engine.ts'
import { RunfeedError, TooLargeError } from '../protocol/errors.ts'
import { jsonBytes } from '../protocol/json.ts'
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.ts'
import type { RunHandle } from '../protocol/rest.ts'
import type { NewRun, Run } from '../protocol/run.ts'
import { newRun } from '../task/new-run.ts'
import type { TriggerOptions } from '../task/task-types.ts'
import { notFound } from './http-errors.ts'
import { check, readJson } from './read-body.ts'
import { listRequest, triggerRequest } from './schemas.ts'

/** The payload's limit, and room for the options beside it. */
const MAX_BODY_BYTES = MAX_PAYLOAD_BYTES + 1024 * 1024

/** @param tasks - the ids that somebody here runs. */
export function runRoutes(engine: RunEngine, tasks: ReadonlySet<string>): Hono {
  const start = async (run: NewRun): Promise<RunHandle> => {
    const [created] = await engine.record.create([run])
    return { id: (created as Run).id }
  }
  const find = async (id: string): Promise<Run> => {
    const stored = await engine.record.read(id)
    if (!stored) throw notFound(id)
    return stored.run
  }

  return new Hono()
    .post('/tasks/:task{.+}/trigger', async (context) => {
      const task = context.req.param('task')
      if (!tasks.has(task))
        throw new RunfeedError('not_found', `there is no task "${task}"; this server runs ${[...tasks].map((id) => `"${id}"`).join(', ') || 'none'}`)
      const { payload, options } = await readJson(context.req.raw, triggerRequest, MAX_BODY_BYTES)
      // what a duration may be is checked there
      const run = newRun({ id: task, ...(payload !== undefined && { payload }), ...(options && { options: options as TriggerOptions }) })
      const size = jsonBytes(run.payload)
      if (size > MAX_PAYLOAD_BYTES) throw new TooLargeError('the payload', size, MAX_PAYLOAD_BYTES)
      return context.json(await start(run), 201)
    })
    .get('/runs', async (context) => context.json(await engine.record.list(check(listRequest, context.req.query()))))
    .get('/runs/:id', async (context) => context.json(await find(context.req.param('id'))))
    .post('/runs/:id/cancel', async (context) => context.json(await engine.record.cancel((await find(context.req.param('id'))).id)))
    .post('/runs/:id/replay', async (context) => {
      const { id, task, payload, tags } = await find(context.req.param('id'))
      if (!tasks.has(task)) throw new RunfeedError('not_found', `the task "${task}" of ${id} is no longer run here`)
      return context.json(await start({ task, payload, tags, replayOf: id }), 201)
    })
}
