// What a contract makes of a stored document or record: one judgement for hooks, calls and whoever reads records elsewhere.
import { RunfeedError } from '../protocol/errors.ts'
import type { Json, JsonObject } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { type Issue, isSchema, judgeOnce, judgeShape } from './judge.ts'
import type { MetadataOf, MetadataSchema, RunContract, RunOf } from './types.ts'

/** With `isValid: false`, `metadata` holds the keys that are good where there is one schema per key, else it is `undefined`. */
export type ParsedMetadata<T> =
  | { readonly isValid: true; readonly metadata: T; readonly issues: readonly Issue[] }
  | { readonly isValid: false; readonly metadata: T | undefined; readonly issues: readonly Issue[] }

/**
 * Judges a stored document as the hooks do, defaults and coercions applied.
 * @param contract - from `defineRun`, or its `metadata` schema alone.
 * @param raw - as stored: `run.metadata`, or a row of a database of your own.
 * @throws RunfeedError `async_schema` for a schema that validates asynchronously.
 */
export function parseMetadata<M extends MetadataSchema>(
  contract: { readonly id: string; readonly metadata: M } | M,
  raw: JsonObject,
): ParsedMetadata<MetadataOf<M>> {
  const schema = metadataSchemaOf(contract)
  if (!isSchema(schema)) {
    const { value, issues } = judgeShape(schema, raw)
    return { isValid: issues.length === 0, metadata: value as MetadataOf<M>, issues }
  }
  const verdict = judgeOnce(schema, raw)
  if (verdict.ok) return { isValid: true, metadata: verdict.value as MetadataOf<M>, issues: [] }
  return { isValid: false, metadata: undefined, issues: verdict.issues }
}

/** A schema may have an `id` or a `metadata` of its own, and schemas per key may have keys that are called so. */
function metadataSchemaOf<M extends MetadataSchema>(contract: { readonly id: string; readonly metadata: M } | M): M {
  if (isSchema(contract as M) || !('id' in contract) || typeof contract.id !== 'string') return contract as M
  return (contract as { readonly metadata: M }).metadata
}

/** What the output is to a contract. A run that has not completed has none, and that is no mistake. */
export function judgeOutput(contract: RunContract, output: Json | undefined): { readonly value: unknown; readonly issues: readonly Issue[] } {
  if (output === undefined) return { value: undefined, issues: [] }
  const verdict = judgeOnce(contract.output, output)
  return verdict.ok ? { value: verdict.value, issues: [] } : { value: undefined, issues: under('output', verdict.issues) }
}

/** A record as its contract types it, with what the contract refuses in it. @throws RunfeedError `async_schema` */
export function parseRun<C extends RunContract>(contract: C, run: Run): { readonly run: RunOf<C>; readonly issues: readonly Issue[] } {
  const { metadata, issues } = parseMetadata(contract.metadata, run.metadata)
  const output = judgeOutput(contract, run.output)
  return { run: { ...run, metadata, output: output.value } as unknown as RunOf<C>, issues: [...under('metadata', issues), ...output.issues] }
}

/** The same issues as seen from the record. */
export const under = (field: string, issues: readonly Issue[]): readonly Issue[] => issues.map((issue) => ({ ...issue, path: [field, ...issue.path] }))

export function refused({ path, message }: Issue): RunfeedError {
  const where = path.join('.') || 'the value'
  return new RunfeedError('invalid_data', `the schema refuses ${where}: ${message}`, { path: [...path] })
}
