// Chunks of a run's streams over REST, for who writes them and for who reads back where it is. The event stream of one is in feed-routes.ts.
import { z } from 'zod'
import { MAX_CHUNK_BYTES, MAX_REQUEST_BYTES } from '../protocol/limits.ts'
import { appended, chunkAnswer } from './answer-schemas.ts'
import { checkWriter } from './commit-routes.ts'
import { type Route, route } from './route.ts'
import { cursor, whole } from './schema-parts.ts'
import { appendRequest } from './worker-schemas.ts'

const DEFAULT_READ_BYTES = 64 * 1024
const MAX_READ_BYTES = 4 * MAX_CHUNK_BYTES

const chunkQuery = z.object({
  index: whole(0, Number.MAX_SAFE_INTEGER).optional().describe('Reads chunks from this one on.'),
  maxBytes: whole(1, MAX_READ_BYTES).default(DEFAULT_READ_BYTES).describe('About so many bytes of them, at least one chunk.'),
  cursor: cursor.optional().describe('Asks whether the log holds this one.'),
})

export function chunkRoutes(): readonly Route[] {
  return [
    route(
      {
        name: 'readChunks',
        method: 'GET',
        path: '/v1/runs/{id}/chunks/{key}',
        summary: 'The state of a stream, and its chunks where an index is given.',
        who: 'writers',
        query: chunkQuery,
        answers: { 200: { description: 'A stream that was never opened has no state.', schema: chunkAnswer } },
        errors: ['not_found'],
      },
      async ({ access, param, query }) => {
        const { chunks } = access.engine
        const [run, stream] = [param('id'), param('key')]
        const info = await chunks.info(run, stream)
        const read = query.index === undefined ? {} : await chunks.read(run, stream, query.index, query.maxBytes)
        const holds = query.cursor === undefined ? {} : { holds: await chunks.holds(run, stream, query.cursor) }
        return Response.json({ ...info, ...read, ...holds })
      },
    ),
    route(
      {
        name: 'appendChunks',
        method: 'POST',
        path: '/v1/runs/{id}/chunks/{key}',
        summary: 'Appends to an open stream; a commit opens it.',
        who: 'writers',
        body: { schema: appendRequest, limit: MAX_REQUEST_BYTES },
        answers: { 200: { description: 'The index of the first of them.', schema: appended } },
        errors: ['not_found', 'run_ended', 'stale_attempt', 'too_large', 'invalid_value'],
      },
      async ({ access, param, body: { chunks, ...from } }) => {
        const run = param('id')
        await checkWriter(access.engine, run, from.by)
        return Response.json(await access.engine.chunks.append(run, param('key'), chunks, from))
      },
    ),
  ]
}
