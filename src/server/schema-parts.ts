// What the schemas of requests and answers are made of.
import { z } from 'zod'
import { isJsonObject, type Json, type JsonObject, toJson } from '../protocol/json.ts'
import { MAX_KEY_LENGTH, MAX_TAGS, NAME_PATTERN } from '../protocol/limits.ts'
import { isTerminalStatus, RUN_STATUSES, type TerminalStatus } from '../protocol/status.ts'

export const name: z.ZodString = z.string().regex(NAME_PATTERN, 'use 1 to 128 letters, digits and . : / - _')
/** Of a new run. */
export const tags: z.ZodType<string[]> = z.array(name).max(MAX_TAGS, `a run has ${MAX_TAGS} tags at most`)
export const runId: z.ZodString = z.string().min(1).max(128)
export const workerId: z.ZodString = z.string().min(1).max(128)
export const cursor: z.ZodString = z.string().max(64)
export const key: z.ZodString = z.string().min(1).max(MAX_KEY_LENGTH)
export const count: z.ZodNumber = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
/** Ms since the epoch. */
export const moment: z.ZodNumber = z.number().min(0).max(8.64e15)
export const terminalStatus: z.ZodType<TerminalStatus> = z.enum(RUN_STATUSES.filter(isTerminalStatus) as [TerminalStatus, ...TerminalStatus[]])

// what JSON.parse gave is JSON but for its depth, its names and 1e999: toJson judges those, and throws InvalidValueError
const isGiven = (value: unknown): boolean => value !== undefined

/** @param what - what an error calls it. */
export const json = (what: string): z.ZodType<Json> =>
  z
    .unknown()
    .refine(isGiven, 'it is missing')
    .transform((value) => (isGiven(value) ? toJson(value, what) : null))

export const jsonObject = (what: string): z.ZodType<JsonObject> =>
  z
    .unknown()
    .refine((value) => isJsonObject(value as Json | undefined), 'it is an object; send { ... }')
    .transform((value) => (isJsonObject(value as Json | undefined) ? (toJson(value, what) as JsonObject) : {}))
    .meta({ type: 'object' })

/**
 * An object without other members: for what a person writes. Misspelled, a member would be left out without a word. What clients and workers
 * speak among themselves stays open: a newer one may say more.
 */
export const closed = <S extends z.core.$ZodLooseShape>(shape: S): z.ZodObject<S, z.core.$strict> =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `there is no ${issue.keys.map((given) => JSON.stringify(given.slice(0, 100))).join(', ')} here, but ${Object.keys(shape).join(', ')}`
        : undefined,
  })

const WHOLE = /^-?\d{1,16}$/
/** A number in a query. */
export const whole = (min: number, max: number): z.ZodType<number> =>
  z.preprocess(
    (text) => (typeof text === 'string' && WHOLE.test(text) ? Number(text) : Number.NaN),
    z
      .number({ error: `it is a whole number from ${min} to ${max}` })
      .int()
      .min(min)
      .max(max),
  )
/** Texts with commas between them, in a query. */
export const list = (max: number, item: z.ZodType<string> = z.string().max(128)): z.ZodType<string[]> =>
  z.preprocess((text) => (typeof text === 'string' ? text.split(',').filter((one) => one !== '') : text), z.array(item).max(max))
/** Where a person writes it. A feed takes any: the page that asks may know more of them. */
export const knownStatus: z.ZodType<string> = z.enum(RUN_STATUSES, { error: `there is no such status; there are ${RUN_STATUSES.join(', ')}` })
