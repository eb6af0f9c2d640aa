// Validation, once per document and schema: a document keeps its identity until it changes, so the verdict is remembered beside it.
import { RunfeedError } from '../protocol/errors.ts'
import type { JsonObject } from '../protocol/json.ts'
import type { Schema } from './standard-schema.ts'
import type { MetadataSchema, Shape } from './types.ts'

export interface Issue {
  readonly path: readonly (string | number)[]
  readonly message: string
}

export type Verdict<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly issues: readonly Issue[] }

export const isSchema = (schema: MetadataSchema): schema is Schema<unknown, object> =>
  '~standard' in schema && typeof schema['~standard'] === 'object' && 'validate' in schema['~standard']

/**
 * What a schema makes of a value.
 * @throws RunfeedError `async_schema`, because a live value cannot wait for one.
 */
export function judge<T>(schema: Schema<unknown, T>, value: unknown): Verdict<T> {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) {
    // it is refused either way; its own failure must not go unhandled
    result.catch(() => {})
    throw new RunfeedError('async_schema', 'this schema validates asynchronously; only a payload may have one, use a synchronous schema here')
  }
  if (!result.issues) return { ok: true, value: result.value }
  return {
    ok: false,
    // not by `map`: arktype's lists are of a class of their own, and so would the result be
    issues: Array.from(result.issues, ({ message, path }) => ({
      message,
      path: Array.from(path ?? [], (segment) => {
        const key = typeof segment === 'object' ? segment.key : segment
        return typeof key === 'symbol' ? String(key) : key
      }),
    })),
  }
}

/** `judge` for a payload, whose schema may be asynchronous. */
export async function judgePayload<T>(schema: Schema<unknown, T>, value: unknown): Promise<Verdict<T>> {
  const result = await schema['~standard'].validate(value)
  return judge({ '~standard': { version: 1, vendor: 'runfeed', validate: () => result } }, value)
}

const verdicts = new WeakMap<object, WeakMap<object, Verdict<unknown>>>()

/** `judge`, remembered for this very object. Scalars are judged each time. */
export function judgeOnce<T>(schema: Schema<unknown, T>, value: unknown): Verdict<T> {
  if (typeof value !== 'object' || value === null) return judge(schema, value)
  let bySchema = verdicts.get(value)
  if (!bySchema) verdicts.set(value, (bySchema = new WeakMap()))
  const known = bySchema.get(schema)
  if (known) return known as Verdict<T>
  const verdict = judge(schema, value)
  bySchema.set(schema, verdict)
  return verdict
}

/** A document under one schema per key. A key that is refused has its schema's default, or is absent; one that was never written gives no issue. */
export interface ShapeVerdict {
  readonly value: { readonly [key: string]: unknown }
  readonly issues: readonly Issue[]
}

export function judgeShape(shape: Shape, document: JsonObject): ShapeVerdict {
  const value: { [key: string]: unknown } = {}
  const issues: Issue[] = []
  for (const [key, schema] of Object.entries(shape)) {
    const member = Object.hasOwn(document, key) ? document[key] : undefined
    const verdict = judgeOnce(schema, member)
    if (verdict.ok) value[key] = verdict.value
    else if (member !== undefined) {
      issues.push(...verdict.issues.map((issue) => ({ ...issue, path: [key, ...issue.path] })))
      // its type says that it is always there
      const byDefault = judgeOnce(schema, undefined)
      if (byDefault.ok) value[key] = byDefault.value
    }
  }
  return { value, issues }
}
