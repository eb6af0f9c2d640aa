// What answers look like, for the OpenAPI document; the types are the protocol's. A reader meets fields that it does not know: nothing here is closed.
import { z } from 'zod'
import type { ChunkRead, Claim, CommitAnswer, RunHistory, StreamInfo } from '../protocol/engine.ts'
import type { ErrorBody } from '../protocol/errors.ts'
import type { Patch } from '../protocol/patch.ts'
import type { RunHandle, RunPage } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import { RUN_STATUSES } from '../protocol/status.ts'
import { count, runId } from './schema-parts.ts'

const anything = z.unknown()
const document = z.record(z.string(), z.unknown())
const time = z.number()
const nullable = (schema: z.ZodType): z.ZodType => schema.nullable()

export const failure: z.ZodType = z.object({ type: z.string(), message: z.string(), stack: z.string().optional() })
const streamState = z.enum(['open', 'closed', 'errored', 'aborted'])

export const run: z.ZodType<Run> = z
  .object({
    id: runId,
    namespace: z.string(),
    task: z.string(),
    status: z.string().describe(`One of ${RUN_STATUSES.join(', ')}, or one that a newer server knows: test finishedAt, not a name.`),
    tags: z.array(z.string()),
    parentId: nullable(runId),
    rootId: runId,
    depth: count,
    attempt: count,
    replayOf: nullable(runId),
    payload: anything,
    metadata: document,
    output: anything.optional(),
    error: nullable(failure),
    createdAt: time,
    startedAt: nullable(time),
    finishedAt: nullable(time),
    cancelRequestedAt: nullable(time),
    updatedAt: time,
    version: count,
    streams: z.record(z.string(), z.object({ state: streamState, error: z.string().optional() })),
  })
  .describe('Times are ms since the epoch; `version` counts commits from 1.') as unknown as z.ZodType<Run>

export const runHandle: z.ZodType<RunHandle> = z.object({ id: runId, publicAccessToken: z.string().optional() }) as z.ZodType<RunHandle>
export const runPage: z.ZodType<RunPage> = z.object({ runs: z.array(run), next: z.string().optional() }) as z.ZodType<RunPage>
export const runs: z.ZodType<{ readonly runs: readonly Run[]; readonly handles: readonly RunHandle[] }> = z.object({
  runs: z.array(run),
  handles: z.array(runHandle).describe('As a trigger answers them: a run that is no child brings a token that reads it, where there are keys.'),
})

export const patch: z.ZodType<Patch> = z
  .array(z.object({ op: z.enum(['add', 'remove', 'replace']), path: z.string(), value: anything.optional() }))
  .describe('RFC 6902, over the whole record but for version and updatedAt.') as unknown as z.ZodType<Patch>

export const history: z.ZodType<RunHistory> = z.object({
  oldest: count,
  versions: z.array(z.object({ version: count, at: time, by: nullable(runId), patch })),
}) as unknown as z.ZodType<RunHistory>

export const error: z.ZodType<ErrorBody> = z.object({ type: z.string(), message: z.string() }) as unknown as z.ZodType<ErrorBody>

const refused = z.array(z.object({ index: count, error }))
export const commitAnswer: z.ZodType<CommitAnswer> = z.object({
  version: count,
  cursor: z.string(),
  bytes: count,
  refused,
  since: z.union([z.object({ patch, isOwn: z.literal(true).optional() }), z.object({ run })]).optional(),
}) as z.ZodType<CommitAnswer>
export const metadataAnswer: z.ZodType<Pick<CommitAnswer, 'version' | 'refused'>> = z.object({ version: count, refused }) as z.ZodType<
  Pick<CommitAnswer, 'version' | 'refused'>
>
export const tagsAnswer: z.ZodType<{ version: number; tags: readonly string[] }> = z.object({ version: count, tags: z.array(z.string()) })
export const settled: z.ZodType<{ settled: boolean }> = z.object({ settled: z.boolean() })

export const claim: z.ZodType<Claim> = z.object({
  run,
  isFirst: z.boolean().describe('Whether no attempt before this one was executed.'),
  leaseUntil: time,
  maxAttempts: count,
  maxDuration: nullable(time),
  concurrencyKey: z.string(),
  metadataLimit: count.describe('Bytes of JSON that the metadata may be.'),
}) as unknown as z.ZodType<Claim>
export const claims: z.ZodType<{ readonly claims: readonly Claim[] }> = z.object({ claims: z.array(claim) })
export const heldRuns: z.ZodType<{ readonly runs: readonly string[] }> = z.object({ runs: z.array(runId) })

/** Of a stream; what was asked for beside is there too. */
export type ChunkAnswer = StreamInfo & Partial<ChunkRead> & { readonly holds?: boolean }
export const chunkAnswer: z.ZodType<ChunkAnswer> = z.object({
  state: streamState.optional(),
  start: count,
  length: count,
  first: count,
  error: z.string().optional(),
  index: count.optional(),
  chunks: z.array(anything).optional(),
  cursor: z.string().optional(),
  by: nullable(runId).optional(),
  holds: z.boolean().optional(),
}) as unknown as z.ZodType<ChunkAnswer>
export const appended: z.ZodType<{ index: number }> = z.object({ index: count })
