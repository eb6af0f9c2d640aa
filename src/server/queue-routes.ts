// What a worker elsewhere needs: runs to execute, and leases on them. Such a worker outlives this process, and its leases with it.
import { MAX_REQUEST_BYTES } from '../protocol/limits.ts'
import { claim, claims, heldRuns } from './answer-schemas.ts'
import type { KnownTasks } from './known-tasks.ts'
import { type Route, route } from './route.ts'
import { beginRequest, claimRequest, releaseRequest, renewRequest } from './worker-schemas.ts'

const MAX_QUEUE_BODY_BYTES = 4 * 1024 * 1024

export function queueRoutes(tasks: KnownTasks): readonly Route[] {
  return [
    route(
      {
        name: 'beginRun',
        method: 'POST',
        path: '/v1/runs/begin',
        summary: 'Makes a run that the caller executes from the start; it is never in the queue.',
        who: 'writers',
        body: { schema: beginRequest, limit: MAX_REQUEST_BYTES },
        answers: { 201: { description: 'The run, executing under a lease.', schema: claim } },
        errors: ['not_found', 'run_ended', 'canceled', 'too_large', 'metadata_too_large', 'invalid_value'],
      },
      async ({ access, body: { run, worker } }) => Response.json(await access.engine.queue.begin(run, { worker, isRemote: true }), { status: 201 }),
    ),
    route(
      {
        name: 'claimRuns',
        method: 'POST',
        path: '/v1/queue/claim',
        summary: 'Takes queued runs, oldest first, under a lease.',
        who: 'writers',
        body: { schema: claimRequest, limit: MAX_QUEUE_BODY_BYTES },
        answers: { 200: { description: 'What there was to take, maybe nothing; `/v1/wakes` says when to ask again.', schema: claims } },
      },
      async ({ access, body }) => {
        tasks.add(access, body.tasks)
        return Response.json({ claims: await access.engine.queue.claim({ ...body, isRemote: true }) })
      },
    ),
    route(
      {
        name: 'renewLeases',
        method: 'POST',
        path: '/v1/queue/renew',
        summary: 'Renews the leases of a worker.',
        who: 'writers',
        body: { schema: renewRequest, limit: MAX_QUEUE_BODY_BYTES },
        answers: { 200: { description: 'The runs that it still holds; what is missing was taken from it.', schema: heldRuns } },
      },
      async ({ access, body: { worker, runs } }) => Response.json({ runs: await access.engine.queue.renew(worker, runs) }),
    ),
    route(
      {
        name: 'releaseRun',
        method: 'POST',
        path: '/v1/queue/release',
        summary: 'Gives a claimed run back, unfinished and unharmed.',
        who: 'writers',
        body: { schema: releaseRequest, limit: MAX_QUEUE_BODY_BYTES },
        answers: { 204: { description: 'It is queued again, or was not held.' } },
        errors: ['not_found'],
      },
      async ({ access, body: { worker, run } }) => {
        await access.engine.queue.release(worker, run)
        return new Response(null, { status: 204 })
      },
    ),
  ]
}
