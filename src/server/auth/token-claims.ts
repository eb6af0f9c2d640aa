// The claims of a public token: `{ ns, sub, scopes, trigger?, iat, exp }`. Whoever makes tokens in another language makes these.
import { z } from 'zod'
import { InvalidRequestError } from '../../protocol/errors.ts'
import type { JsonObject } from '../../protocol/json.ts'
import { MAX_KEY_LENGTH } from '../../protocol/limits.ts'
import { newRun } from '../../task/new-run.ts'
import type { TriggerOptions } from '../../task/task-types.ts'
import { check } from '../read-body.ts'
import { closed, key, name, runId, tags } from '../schema-parts.ts'
import type { BoundTrigger } from './rights.ts'

const duration = z.union([z.number(), z.string()])

export const boundTrigger: z.ZodType<BoundTrigger> = closed({
  metadata: z.record(z.string(), z.unknown()).optional(),
  tags: tags.optional(),
  parent: runId.optional(),
  idempotencyKey: key.optional(),
  delay: duration.optional(),
  ttl: duration.optional(),
  maxAttempts: z.number().optional(),
  maxDuration: duration.optional(),
  concurrencyKey: key.optional(),
}) as unknown as z.ZodType<BoundTrigger>

export interface TokenClaims {
  readonly ns: string
  readonly sub: string
  readonly scopes: readonly string[]
  readonly trigger?: BoundTrigger
  readonly nbf?: number
  /** Seconds since the epoch, as all times of a JWT. */
  readonly exp: number
}

/** Members that this version does not know are left alone. */
export const tokenClaims: z.ZodType<TokenClaims> = z.object({
  ns: name,
  sub: z.string().min(1).max(MAX_KEY_LENGTH),
  // a scope of a later version allows nothing here
  scopes: z.array(z.string()),
  trigger: boundTrigger.optional(),
  nbf: z.number().optional(),
  exp: z.number(),
}) as z.ZodType<TokenClaims>

/** What is wrong in it is said when the token is made, not when somebody uses it. @throws InvalidRequestError, InvalidValueError naming the option */
export function checkTrigger(given: unknown): BoundTrigger {
  const trigger = check(z.strictObject({ trigger: boundTrigger }), { trigger: given }).trigger
  optionsOf(trigger)
  return trigger
}

/** What the engine is to be told, as of now. */
export function optionsOf({ parent, ...options }: BoundTrigger): Omit<ReturnType<typeof newRun>, 'task' | 'payload'> {
  const { task: _task, payload: _payload, ...bound } = newRun({ id: 'bound', options: options as TriggerOptions & { metadata?: JsonObject } })
  return { ...bound, ...(parent !== undefined && { parentId: parent }) }
}

/** @throws InvalidRequestError */
export function checkSubject(subject: unknown): string {
  if (typeof subject === 'string' && subject.length >= 1 && subject.length <= MAX_KEY_LENGTH) return subject
  throw new InvalidRequestError(`subject is text of 1 to ${MAX_KEY_LENGTH} characters: who will hold the token`, { field: 'subject' })
}
