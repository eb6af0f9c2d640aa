// What a trigger says, as the run that the engine is to make. Every option is checked here, before anything is made.
import { InvalidRequestError, InvalidValueError } from '../protocol/errors.ts'
import { isJsonObject, type JsonObject, toJson } from '../protocol/json.ts'
import { MAX_KEY_LENGTH, MAX_TAGS } from '../protocol/limits.ts'
import type { NewRun } from '../protocol/run.ts'
import { countOf, msOf, positiveMsOf, refused } from './duration.ts'
import { checkNames, type Names } from './option-names.ts'
import type { TriggerOptions } from './task-types.ts'

/** One run to be: the id of its task, and what it takes. */
export interface TriggerItem {
  readonly id: string
  readonly payload?: unknown
  readonly options?: TriggerOptions
}

/** JavaScript knows no types. @param names - what an item has. @throws InvalidRequestError for what is no list of items */
export function itemsOf<T extends object>(given: readonly T[], names: Names<T>): readonly T[] {
  const items: unknown = given
  if (!Array.isArray(items) || !items.every((item) => typeof item === 'object' && item !== null))
    throw new InvalidRequestError('a batch is an array of items; pass [{ payload, options }], by id [{ id, payload, options }]', { field: 'items' })
  for (const item of given) checkNames(item, names)
  return given
}

const OPTIONS: Names<TriggerOptions> = {
  metadata: true,
  tags: true,
  idempotencyKey: true,
  delay: true,
  ttl: true,
  maxAttempts: true,
  maxDuration: true,
  concurrencyKey: true,
}

/** @throws InvalidValueError, InvalidRequestError naming the option */
export function newRun({ id, payload, options = {} }: TriggerItem): NewRun {
  checkNames(options, OPTIONS)
  const { metadata, tags, delay, ttl, maxAttempts, maxDuration, idempotencyKey, concurrencyKey } = options
  const delayUntil = delay === undefined ? undefined : momentOf(delay)
  return {
    task: id,
    payload: payload === undefined ? null : toJson(payload, 'payload'),
    ...(metadata !== undefined && { metadata: startingMetadata(metadata) }),
    ...(tags !== undefined && { tags: tagsOf(tags) }),
    ...(delayUntil !== undefined && { delayUntil }),
    ...(ttl !== undefined && { expiresAt: expiryOf(delayUntil, msOf('ttl', ttl)) }),
    ...(maxAttempts !== undefined && { maxAttempts: countOf('maxAttempts', maxAttempts) }),
    ...(maxDuration !== undefined && { maxDuration: positiveMsOf('maxDuration', maxDuration) }),
    ...(idempotencyKey !== undefined && { idempotencyKey: keyOf('idempotencyKey', idempotencyKey) }),
    ...(concurrencyKey !== undefined && { concurrencyKey: keyOf('concurrencyKey', concurrencyKey) }),
  }
}

/** When a run that waits for `ttl` ms is given up: a delayed one begins to wait when its delay is over. */
export const expiryOf = (delayUntil: number | undefined, ttl: number): number => Math.max(delayUntil ?? 0, Date.now()) + ttl

function startingMetadata(metadata: unknown): JsonObject {
  const value = toJson(metadata, 'metadata')
  if (!isJsonObject(value)) throw new InvalidValueError('metadata', 'it is an object; pass { ... }')
  return value
}

function momentOf(delay: unknown): number {
  if (!(delay instanceof Date)) return Date.now() + msOf('delay', delay)
  if (Number.isNaN(delay.getTime())) throw refused('delay', delay, 'it is a valid Date')
  return delay.getTime()
}

function tagsOf(tags: unknown): readonly string[] {
  if (!Array.isArray(tags) || tags.length > MAX_TAGS || tags.some((tag) => typeof tag !== 'string'))
    throw refused('tags', tags, `it is an array of ${MAX_TAGS} strings at most`)
  return tags as string[]
}

function keyOf(option: string, given: unknown): string {
  if (typeof given === 'string' && given.length >= 1 && given.length <= MAX_KEY_LENGTH) return given
  throw refused(option, given, `it is text of 1 to ${MAX_KEY_LENGTH} characters`)
}
