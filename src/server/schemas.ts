// What requests may say, judged by zod. The types are the protocol's, written there once.
import { z } from 'zod'
import type { Json, JsonObject } from '../protocol/json.ts'
import { MAX_WANTS, NAME_PATTERN } from '../protocol/limits.ts'
import type { RunListRequest, TriggerRequest } from '../protocol/rest.ts'
import type { FeedRequest } from '../protocol/want.ts'

const name = z.string().regex(NAME_PATTERN, 'use 1 to 128 letters, digits and . : / - _')
const runId = z.string().min(1).max(128)
const cursor = z.string().max(64)

// what JSON.parse gave is JSON; depth, names and sizes are the protocol's to judge
const json = z.unknown() as unknown as z.ZodType<Json>
const jsonObject = z.record(z.string(), z.unknown()) as unknown as z.ZodType<JsonObject>

// what they may be is said by the task side, which reads them
const duration = z.union([z.number(), z.string()])

export const triggerRequest: z.ZodType<TriggerRequest> = z.object({
  payload: json.optional(),
  options: z
    .object({
      metadata: jsonObject.optional(),
      tags: z.array(name).max(20).optional(),
      idempotencyKey: z.string().optional(),
      delay: duration.optional(),
      ttl: duration.optional(),
      maxAttempts: z.number().optional(),
      maxDuration: duration.optional(),
      concurrencyKey: z.string().optional(),
    })
    .optional(),
}) as z.ZodType<TriggerRequest>

const want = z.object({
  run: runId,
  stream: name.optional(),
  index: z.number().int().optional(),
  cursor: cursor.optional(),
  token: z.string().optional(),
})
export const feedRequest: z.ZodType<FeedRequest> = z.object({
  protocol: z.number().optional(),
  wants: z.array(want).min(1).max(MAX_WANTS),
}) as z.ZodType<FeedRequest>

export const streamQuery: z.ZodType<{ readonly index?: number | undefined }> = z.object({ index: z.coerce.number().int().optional() })

const list = z
  .string()
  .transform((text) => text.split(',').filter((item) => item !== ''))
  .pipe(z.array(z.string().max(128)).max(200))
export const listRequest: z.ZodType<RunListRequest> = z.object({
  ids: list.optional(),
  task: name.optional(),
  tag: name.optional(),
  parent: runId.optional(),
  status: list.optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  after: z.string().max(256).optional(),
}) as z.ZodType<RunListRequest>
