// What is written about a run that is there: commits of whoever executes it, metadata and tags from any backend.
import type { Commit, RunEngine } from '../protocol/engine.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import { MAX_REQUEST_BYTES } from '../protocol/limits.ts'
import { commitAnswer, metadataAnswer, tagsAnswer } from './answer-schemas.ts'
import { notFound } from './http-errors.ts'
import { type Call, type Route, route } from './route.ts'
import { commit, metadataDocument, metadataOperations, tagsRequest } from './worker-schemas.ts'

/** Metadata's own limit is the engine's to judge: operations may be many and small, and documents may be escaped text. */
const MAX_METADATA_BODY_BYTES = 4 * 1024 * 1024

/** Whoever is named as the writer is there for the caller too. @throws InvalidRequestError */
export async function checkWriter(engine: RunEngine, run: string, by: string | undefined): Promise<void> {
  if (by === undefined || by === run || (await engine.record.read(by))) return
  throw new InvalidRequestError(`by: the run ${by} does not exist`)
}

const writeErrors = ['not_found', 'run_ended'] as const

export function commitRoutes(): readonly Route[] {
  const write = async ({ access, param }: Call<unknown, unknown>, operations: NonNullable<Commit['operations']>): Promise<Response> => {
    const { version, refused } = await access.engine.record.commit({ run: param('id'), operations })
    return Response.json({ version, refused })
  }
  return [
    route(
      {
        name: 'commit',
        method: 'POST',
        path: '/v1/runs/{id}/commits',
        summary: 'Everything that one writer says about a run at once: one version, or none where it changes nothing.',
        who: 'writers',
        body: { schema: commit, limit: MAX_REQUEST_BYTES },
        answers: { 200: { description: 'What became of it. Refused operations are left out alone.', schema: commitAnswer } },
        errors: [...writeErrors, 'invalid_value', 'stale_attempt', 'too_large'],
      },
      async ({ access, param, body }) => {
        const run = param('id')
        await checkWriter(access.engine, run, body.by)
        return Response.json(await access.engine.record.commit({ ...body, run }))
      },
    ),
    route(
      {
        name: 'updateMetadata',
        method: 'PATCH',
        path: '/v1/runs/{id}/metadata',
        summary: 'Applies operations to the metadata, in order, as one version.',
        who: 'writers',
        body: { schema: metadataOperations, limit: MAX_METADATA_BODY_BYTES },
        answers: { 200: { description: 'The version after it. Refused operations are left out alone.', schema: metadataAnswer } },
        errors: [...writeErrors, 'invalid_value'],
      },
      async (call) => await write(call, call.body.operations),
    ),
    route(
      {
        name: 'replaceMetadata',
        method: 'PUT',
        path: '/v1/runs/{id}/metadata',
        summary: 'Replaces the whole metadata.',
        who: 'writers',
        body: { schema: metadataDocument, limit: MAX_METADATA_BODY_BYTES },
        answers: { 200: { description: 'The version after it; `refused` names a document over the limit.', schema: metadataAnswer } },
        errors: [...writeErrors, 'invalid_value'],
      },
      async (call) => await write(call, [{ op: 'replace', value: call.body.metadata }]),
    ),
    route(
      {
        name: 'changeTags',
        method: 'POST',
        path: '/v1/runs/{id}/tags',
        summary: 'Adds and removes tags.',
        who: 'writers',
        body: { schema: tagsRequest, limit: MAX_METADATA_BODY_BYTES },
        answers: { 200: { description: 'The tags after it.', schema: tagsAnswer } },
        errors: writeErrors,
      },
      async ({ access, param, body }) => {
        const run = param('id')
        const { record } = access.engine
        await record.commit({ run, tags: body })
        const stored = await record.read(run)
        // removed by retention in between
        if (!stored) throw notFound(run)
        return Response.json({ version: stored.run.version, tags: stored.run.tags })
      },
    ),
  ]
}
