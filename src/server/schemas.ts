// What requests may say, judged by zod; what workers say is in worker-schemas.ts. The types are the protocol's, written there once.
import { z } from 'zod'
import { MAX_WANTS } from '../protocol/limits.ts'
import type { RunListRequest, TriggerRequest } from '../protocol/rest.ts'
import { type FeedRequest, MAX_QUERY_LIMIT } from '../protocol/want.ts'
import { lenient } from './wrong-wants.ts'
import { closed, cursor, json, jsonObject, knownStatus, list, name, runId, tags, whole } from './schema-parts.ts'

// what they may be is said by the task side, which reads them
const duration = z.union([z.number(), z.string()])

export const triggerRequest: z.ZodType<TriggerRequest> = closed({
  id: runId.optional().describe('Chosen by who holds a secret key, so that the call can be repeated.'),
  payload: json('payload').optional(),
  options: closed({
    metadata: jsonObject('metadata').optional(),
    tags: tags.optional(),
    idempotencyKey: z.string().optional(),
    delay: duration.optional(),
    ttl: duration.optional(),
    maxAttempts: z.number().optional(),
    maxDuration: duration.optional(),
    concurrencyKey: z.string().optional(),
  }).optional(),
}) as z.ZodType<TriggerRequest>

const query = z.object({
  ids: z.array(runId).max(MAX_QUERY_LIMIT).optional(),
  task: name.optional(),
  tag: name.optional(),
  parent: runId.optional(),
  status: z.array(z.string().max(128)).max(MAX_QUERY_LIMIT).optional(),
  limit: z.number().int().min(1).max(MAX_QUERY_LIMIT).optional(),
})
// one shape with a rule, and not a union of two: a union's error does not say which field is wrong
const want = z
  .object({
    run: runId.optional(),
    stream: name.optional(),
    index: z.number().int().optional(),
    cursor: cursor.optional(),
    query: query.optional(),
    cursors: z.record(runId, cursor).optional(),
    token: z.string().optional(),
  })
  .refine(({ run, query: asked }) => (run === undefined) !== (asked === undefined), 'a want names either a run or a query')
export const feedRequest: z.ZodType<FeedRequest> = z.object({
  protocol: z.number().optional(),
  wants: lenient(want, MAX_WANTS),
  poll: z.boolean().optional(),
}) as z.ZodType<FeedRequest>

const place = cursor.optional().describe('Where an earlier connection got to.')
export const eventsQuery: z.ZodType<{ readonly cursor?: string | undefined }> = z.object({ cursor: place })
export const streamQuery: z.ZodType<{ readonly index?: number | undefined; readonly cursor?: string | undefined }> = z.object({
  index: whole(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER).optional().describe('The first chunk wanted; negative: from the end.'),
  cursor: place,
})

export const listRequest: z.ZodType<RunListRequest> = closed({
  ids: list(200).optional().describe('Any of these.'),
  task: name.optional(),
  tag: name.optional(),
  parent: runId.optional(),
  status: list(200, knownStatus).optional().describe('Any of these.'),
  limit: whole(1, 200).optional().describe('50 without it.'),
  after: z.string().max(256).optional().describe('`next` of the page before.'),
}) as z.ZodType<RunListRequest>
