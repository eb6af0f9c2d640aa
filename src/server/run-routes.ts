// Runs over REST: make, retrieve, list, cancel, replay.
import { TooLargeError } from '../protocol/errors.ts'
import { jsonBytes } from '../protocol/json.ts'
import { MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from '../protocol/limits.ts'
import type { NewRun, Run } from '../protocol/run.ts'
import { newRun } from '../task/new-run.ts'
import type { TriggerOptions } from '../task/task-types.ts'
import type { Access } from './access.ts'
import { run, runHandle, runPage, runs, settled } from './answer-schemas.ts'
import { notFound } from './http-errors.ts'
import type { KnownTasks } from './known-tasks.ts'
import { type Route, route } from './route.ts'
import { listRequest, triggerRequest } from './schemas.ts'
import { createRequest } from './worker-schemas.ts'

/** The payload's limit, and room for the options beside it. */
const MAX_BODY_BYTES = MAX_PAYLOAD_BYTES + 1024 * 1024

export function runRoutes(tasks: KnownTasks): readonly Route[] {
  const start = async (access: Access, wanted: NewRun): Promise<Response> => {
    const [created] = await access.engine.record.create([wanted])
    return Response.json(await access.handleOf(created as Run), { status: 201 })
  }
  const find = async ({ engine }: Access, id: string): Promise<Run> => {
    const stored = await engine.record.read(id)
    if (!stored) throw notFound(id)
    return stored.run
  }
  return [
    route(
      {
        name: 'trigger',
        method: 'POST',
        path: '/v1/tasks/{task}/trigger',
        summary: 'Starts a run of a task.',
        who: 'readers',
        body: { schema: triggerRequest, limit: MAX_BODY_BYTES },
        answers: { 201: { description: 'The run, and a token that reads it where there are keys.', schema: runHandle } },
        errors: ['not_found', 'invalid_value', 'too_large', 'metadata_too_large'],
      },
      async ({ access, param, body: { id, payload, options } }) => {
        const task = param('task')
        const grant = access.mayTrigger(task, options)
        await tasks.check(access, task)
        // what a duration may be is checked there
        const own = newRun({ id: task, ...(payload !== undefined && { payload }), ...(options && !grant && { options: options as TriggerOptions }) })
        const wanted = { ...own, ...(grant ?? (id !== undefined && { id })) }
        const size = jsonBytes(wanted.payload)
        if (size > MAX_PAYLOAD_BYTES) throw new TooLargeError('the payload', size, MAX_PAYLOAD_BYTES)
        return await start(access, wanted)
      },
    ),
    route(
      {
        name: 'createRuns',
        method: 'POST',
        path: '/v1/runs',
        summary: 'Makes runs, all or none.',
        who: 'writers',
        body: { schema: createRequest, limit: MAX_REQUEST_BYTES },
        answers: { 201: { description: 'The runs, in the same order.', schema: runs } },
        errors: ['not_found', 'run_ended', 'canceled', 'too_large', 'metadata_too_large', 'invalid_value'],
      },
      async ({ access, body }) => {
        if (!body.anyTask) for (const task of new Set(body.runs.map((one) => one.task))) await tasks.check(access, task)
        const created = await access.engine.record.create(body.runs)
        const handles = await Promise.all(created.map(async (one) => (one.parentId === null ? await access.handleOf(one) : { id: one.id })))
        return Response.json({ runs: created, handles }, { status: 201 })
      },
    ),
    route(
      {
        name: 'listRuns',
        method: 'GET',
        path: '/v1/runs',
        summary: 'Runs for which all of it is true, newest first.',
        who: 'readers',
        query: listRequest,
        answers: { 200: { description: 'A page of them.', schema: runPage } },
      },
      async ({ access, query }) => {
        await access.mayList(query)
        return Response.json(await access.engine.record.list(query))
      },
    ),
    route(
      {
        name: 'readRun',
        method: 'GET',
        path: '/v1/runs/{id}',
        summary: 'A run, whole.',
        who: 'readers',
        headers: { 'If-None-Match': 'The ETag of the version that the caller has.' },
        answers: {
          200: { description: 'The run.', schema: run, headers: { ETag: 'The cursor of its version, for a feed to go on from.' } },
          304: { description: 'The caller has it already.', headers: { ETag: 'As before.' } },
        },
        errors: ['not_found'],
      },
      async ({ access, param, context }) => {
        const id = param('id')
        const stored = await access.engine.record.read(id)
        if (!stored) throw notFound(id)
        await access.mayRead(stored.run)
        const headers = { etag: `"${stored.cursor}"` }
        return hasTag(context.req.header('if-none-match'), headers.etag) ? new Response(null, { status: 304, headers }) : Response.json(stored.run, { headers })
      },
    ),
    route(
      {
        name: 'isSettled',
        method: 'GET',
        path: '/v1/runs/{id}/settled',
        summary: 'Whether neither the run nor a descendant of it lives any more.',
        who: 'writers',
        answers: { 200: { description: 'Whether.', schema: settled } },
        errors: ['not_found'],
      },
      async ({ access, param }) => {
        const { id } = await find(access, param('id'))
        return Response.json({ settled: await access.engine.record.isSettled(id) })
      },
    ),
    route(
      {
        name: 'cancelRun',
        method: 'POST',
        path: '/v1/runs/{id}/cancel',
        summary: 'Asks a run to stop. One that waits ends at once, one that executes when its task has stopped, or after 30 s.',
        who: 'readers',
        answers: { 200: { description: 'The run as it is now; one that has ended stays as it is.', schema: run } },
        errors: ['not_found'],
      },
      async ({ access, param }) => {
        const found = await find(access, param('id'))
        await access.mayCancel(found)
        return Response.json(await access.engine.record.cancel(found.id))
      },
    ),
    route(
      {
        name: 'replayRun',
        method: 'POST',
        path: '/v1/runs/{id}/replay',
        summary: 'Starts a new run of the same task, payload and tags.',
        who: 'writers',
        answers: { 201: { description: 'The new run; its replayOf is the old one.', schema: runHandle } },
        errors: ['not_found'],
      },
      async ({ access, param }) => {
        // the caller may see every namespace: without its own the new run would be in the default one
        const { id, namespace, task, payload, tags } = await find(access, param('id'))
        return await start(access, { namespace, task, payload, tags, replayOf: id })
      },
    ),
  ]
}

/** RFC 9110, 13.1.2: a weak comparison, of any of a list. */
function hasTag(given: string | undefined, tag: string): boolean {
  if (given === undefined) return false
  return given.trim() === '*' || given.split(',').some((one) => one.trim().replace(/^W\//, '') === tag)
}
