// `defineRun`: one declaration of a run that the task and the page share. It parses nothing by itself: readers do, and the task's payload.

import { InvalidRequestError } from '../protocol/errors.ts'
import type { Json, JsonObject } from '../protocol/json.ts'
import { isJsonObject } from '../protocol/json.ts'
import { NAME_PATTERN } from '../protocol/limits.ts'
import { parseRun } from './parse.ts'
import { PARSER, type RunParser } from './parser-of.ts'
import type { Schema } from './standard-schema.ts'
import type { LooseMetadata, LooseValue, MetadataSchema, RunContract, Shape } from './types.ts'

/** What takes a value as it is. */
const loose = <T>(message: string, accepts: (value: unknown) => boolean): Schema<T> => ({
  '~standard': { version: 1, vendor: 'runfeed', validate: (value) => (accepts(value) ? { value: value as T } : { issues: [{ message }] }) },
})
export const anyObject: LooseMetadata = loose<JsonObject>('expected an object', (value) => isJsonObject(value as Json | undefined))
const anyPayload: LooseValue = loose<Json>('', () => true)

/**
 * Declares a run: its task id and the schemas of what it takes, says and gives. Each schema is a Standard Schema (zod, valibot, arktype, ...).
 * @param contract - `id` matches `[\w.:/-]{1,128}`; `metadata` is one schema for the document, or one per key; what is left out takes any JSON.
 * @throws InvalidRequestError when the id or a stream's key is no such name.
 */
export function defineRun<
  const Id extends string,
  P extends Schema = LooseValue,
  M extends MetadataSchema = LooseMetadata,
  S extends Shape = Record<string, LooseValue>,
  O extends Schema = LooseValue,
>(contract: { readonly id: Id } & Partial<RunContract<Id, P, M, S, O>>): RunContract<Id, P, M, S, O> {
  for (const name of [contract.id, ...Object.keys(contract.streams ?? {})])
    if (!NAME_PATTERN.test(name)) throw new InvalidRequestError(`"${name}" is no name: use 1 to 128 letters, digits and . : / - _`)
  const made = {
    id: contract.id,
    payload: contract.payload ?? (anyPayload as unknown as P),
    metadata: contract.metadata ?? (anyObject as unknown as M),
    streams: contract.streams ?? ({} as S),
    output: contract.output ?? (anyPayload as unknown as O),
  }
  const parser: RunParser = (run) => parseRun(made, run).run as ReturnType<RunParser>
  return Object.defineProperty(made, PARSER, { value: parser })
}
