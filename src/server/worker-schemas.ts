// What writers and workers may say, judged by zod. The types are the protocol's, written there once.
import { z } from 'zod'
import type { ChunkSource, ClaimRequest, Commit, RunEnd, StreamChange } from '../protocol/engine.ts'
import type { Json, JsonObject } from '../protocol/json.ts'
import { MAX_RUNS } from '../protocol/limits.ts'
import type { Operation } from '../protocol/operation.ts'
import type { NewRun, RunFailure } from '../protocol/run.ts'
import { closed, count, json, jsonObject, key, moment, name, runId, tags, terminalStatus, workerId } from './schema-parts.ts'

/** Operations of one commit, topics of one wakes stream, runs of one renewal, chunks of one append: more are several requests. */
const MAX_ITEMS = 100_000
const MAX_TOPICS = 10_000
const MAX_TASKS = 1000

const operationKey = z.string().max(4096)
const value = json('value')
export const operation: z.ZodType<Operation> = z.discriminatedUnion('op', [
  z.object({ op: z.literal('set'), key: operationKey, value }),
  z.object({ op: z.literal('delete'), key: operationKey }),
  z.object({ op: z.literal('append'), key: operationKey, value, max: z.number().optional() }),
  z.object({ op: z.literal('remove'), key: operationKey, value }),
  z.object({ op: z.literal('increment'), key: operationKey, by: z.number() }),
  z.object({ op: z.literal('replace'), value: jsonObject('value') }),
]) as z.ZodType<Operation>
const operations = z.array(operation).max(MAX_ITEMS)

const failure = z.object({
  type: z.string().max(256),
  message: z.string().max(65_536),
  stack: z.string().max(262_144).optional(),
}) as z.ZodType<RunFailure>
const writer = z.object({ id: workerId, sequence: count })
/** Of which a run may have few at once: the record says how many. */
const changedTags = z.array(name).max(1000)
const tagChange = { add: changedTags.optional(), remove: changedTags.optional() }

const streamChange: z.ZodType<StreamChange> = z.discriminatedUnion('state', [
  z.object({ state: z.literal('open') }),
  z.object({ state: z.literal('closed') }),
  z.object({ state: z.literal('errored'), error: z.string().max(65_536) }),
])
// zod leaves `__proto__` out of a record without a word: a stream that is asked for is opened or refused
const streamChanges = z
  .unknown()
  .refine((value) => !(typeof value === 'object' && value !== null && Object.hasOwn(value, '__proto__')), 'the name "__proto__" is refused')
  .pipe(z.record(name, streamChange))
const end = z.object({ status: terminalStatus, output: json('output').optional(), error: failure.optional() }) as z.ZodType<RunEnd>

/** The path names the run. */
export const commit: z.ZodType<Omit<Commit, 'run'>> = z.object({
  operations: operations.optional(),
  attempt: count.optional(),
  by: runId.optional(),
  writer: writer.optional(),
  move: z.enum(['WAITING', 'EXECUTING']).optional(),
  streams: streamChanges.optional(),
  tags: z.object(tagChange).optional(),
  end: end.optional(),
  retry: z.object({ at: moment, error: failure }).optional(),
  // one that the log does not hold is answered by the whole run
  base: z.number().int().optional(),
}) as z.ZodType<Omit<Commit, 'run'>>

const attempts = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)

export const newRun: z.ZodType<NewRun> = closed({
  id: runId.optional(),
  namespace: name.optional(),
  task: name,
  payload: json('payload').default(null),
  metadata: jsonObject('metadata').optional(),
  tags: tags.optional(),
  parentId: runId.optional(),
  isAwaited: z.boolean().optional(),
  replayOf: runId.optional(),
  delayUntil: moment.optional(),
  expiresAt: moment.optional(),
  maxAttempts: attempts.optional(),
  maxDuration: z.number().positive().optional(),
  idempotencyKey: key.optional(),
  concurrencyKey: key.optional(),
}) as z.ZodType<NewRun>

export const createRequest: z.ZodType<{ readonly runs: readonly NewRun[]; readonly anyTask?: boolean | undefined }> = z.object({
  runs: z.array(newRun).min(1).max(MAX_RUNS),
  anyTask: z.boolean().optional().describe('A task that nobody has asked for yet is no typing error: its worker may come later.'),
})
export const beginRequest: z.ZodType<{ readonly run: NewRun; readonly worker: string }> = z.object({ run: newRun, worker: workerId })

export const metadataOperations: z.ZodType<{ readonly operations: readonly Operation[] }> = closed({ operations })
export const metadataDocument: z.ZodType<{ readonly metadata: JsonObject }> = closed({ metadata: jsonObject('metadata') })
export const tagsRequest: z.ZodType<NonNullable<Commit['tags']>> = closed(tagChange) as z.ZodType<NonNullable<Commit['tags']>>

export const appendRequest: z.ZodType<ChunkSource & { readonly chunks: readonly Json[] }> = z.object({
  chunks: z.array(json('chunk')).max(MAX_ITEMS),
  by: runId,
  attempt: count.optional(),
  writer: writer.optional(),
}) as z.ZodType<ChunkSource & { readonly chunks: readonly Json[] }>

export const claimRequest: z.ZodType<Omit<ClaimRequest, 'namespace' | 'isRemote'>> = z.object({
  worker: workerId,
  tasks: z.array(name).min(1).max(MAX_TASKS),
  max: z.number().int().min(1).max(MAX_RUNS),
  sequence: count.optional(),
  limits: z.record(name, z.object({ limit: count, executing: z.record(z.string().max(256), count) })).optional(),
  settings: z
    .record(name, z.object({ maxAttempts: attempts.optional(), maxDuration: z.number().positive().optional(), ttl: z.number().nonnegative().optional() }))
    .optional(),
}) as z.ZodType<Omit<ClaimRequest, 'namespace' | 'isRemote'>>
export const renewRequest: z.ZodType<{ readonly worker: string; readonly runs: readonly string[] }> = z.object({
  worker: workerId,
  runs: z.array(runId).max(MAX_ITEMS),
})
export const releaseRequest: z.ZodType<{ readonly worker: string; readonly run: string }> = z.object({ worker: workerId, run: runId })

export const wakesRequest: z.ZodType<{ readonly topics: readonly string[] }> = z.object({
  topics: z
    .array(
      z
        .string()
        .regex(/^(queue$|(run|stream|control|members):)/, 'it is no topic')
        .max(512),
    )
    .min(1)
    .max(MAX_TOPICS),
})
