// Runs over REST: trigger, retrieve, list, cancel, replay.
import { Hono } from 'hono'
import { RunfeedError, TooLargeError } from '../protocol/errors.ts'
import { jsonBytes } from '../protocol/json.ts'
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.ts'
import type { RunHandle } from '../protocol/rest.ts'
import type { NewRun, Run } from '../protocol/run.ts'
import { newRun } from '../task/new-run.ts'
import type { TriggerOptions } from '../task/task-types.ts'
import type { Access, AccessEnv } from './access.ts'
import { notFound } from './http-errors.ts'
import { check, readJson } from './read-body.ts'
import { listRequest, triggerRequest } from './schemas.ts'

/** The payload's limit, and room for the options beside it. */
const MAX_BODY_BYTES = MAX_PAYLOAD_BYTES + 1024 * 1024

/** @param tasks - the ids that somebody here runs. */
export function runRoutes(tasks: ReadonlySet<string>): Hono<AccessEnv> {
  const start = async (access: Access, run: NewRun): Promise<RunHandle> => {
    const [created] = await access.engine.record.create([run])
    return await access.handleOf(created as Run)
  }
  const find = async ({ engine }: Access, id: string): Promise<Run> => {
    const stored = await engine.record.read(id)
    if (!stored) throw notFound(id)
    return stored.run
  }

  return new Hono<AccessEnv>()
    .post('/tasks/:task{.+}/trigger', async (context) => {
      const task = context.req.param('task')
      if (!tasks.has(task))
        throw new RunfeedError('not_found', `there is no task "${task}"; this server runs ${[...tasks].map((id) => `"${id}"`).join(', ') || 'none'}`)
      const { payload, options } = await readJson(context.req.raw, triggerRequest, MAX_BODY_BYTES)
      const { access } = context.var
      const grant = access.mayTrigger(task, options)
      // what a duration may be is checked there
      const own = newRun({ id: task, ...(payload !== undefined && { payload }), ...(options && !grant && { options: options as TriggerOptions }) })
      const run = { ...own, ...grant }
      const size = jsonBytes(run.payload)
      if (size > MAX_PAYLOAD_BYTES) throw new TooLargeError('the payload', size, MAX_PAYLOAD_BYTES)
      return context.json(await start(access, run), 201)
    })
    .get('/runs', async (context) => {
      const { access } = context.var
      const query = check(listRequest, context.req.query())
      await access.mayList(query)
      return context.json(await access.engine.record.list(query))
    })
    .get('/runs/:id', async (context) => {
      const { access } = context.var
      const run = await find(access, context.req.param('id'))
      await access.mayRead(run)
      return context.json(run)
    })
    .post('/runs/:id/cancel', async (context) => {
      const { access } = context.var
      const run = await find(access, context.req.param('id'))
      await access.mayCancel(run)
      return context.json(await access.engine.record.cancel(run.id))
    })
    .post('/runs/:id/replay', async (context) => {
      const { access } = context.var
      access.mayWrite()
      const { id, task, payload, tags } = await find(access, context.req.param('id'))
      if (!tasks.has(task)) throw new RunfeedError('not_found', `the task "${task}" of ${id} is no longer run here`)
      return context.json(await start(access, { task, payload, tags, replayOf: id }), 201)
    })
}
