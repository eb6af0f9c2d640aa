// What a schema makes of a live document, which is incomplete for most of its life: once per version and schema, shared by all components.
import { type Issue, isSchema, judgeOnce, judgeShape } from '../contract/judge.ts'
import type { MetadataSchema } from '../contract/types.ts'
import { RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { JsonObject } from '../protocol/json.ts'
import { shareEqual } from '../store/share.ts'
import { NO_ISSUES } from './result.ts'

/** What can be shown of a document. `good` is the newest value, or the last one that was good. */
export interface Reading<V> {
  readonly good: { readonly value: V } | undefined
  readonly issues: readonly Issue[]
  readonly raw: JsonObject | undefined
  readonly error: RunfeedError | undefined
}

interface Shelf {
  readonly document: JsonObject
  readonly version: number
  readonly reading: Reading<unknown>
}
// origin (whose document it is) -> schema -> the newest reading; both keys are weak, so that it ends with them
const shelves = new WeakMap<object, WeakMap<object, Shelf>>()

export interface DocumentAt {
  readonly document: JsonObject
  readonly version: number
}

/**
 * @param origin - what the reading is shared under.
 * @param before - this component's own last reading: an inline schema is another one in each render and finds no shelf.
 */
export function readDocument<V>(origin: object, schema: MetadataSchema, { document, version }: DocumentAt, before: Reading<V> | undefined): Reading<V> {
  let shelf = shelves.get(origin)
  if (!shelf) shelves.set(origin, (shelf = new WeakMap()))
  const known = shelf.get(schema)
  if (known?.document === document) return known.reading as Reading<V>
  const isNewer = !known || known.version <= version
  const last = (isNewer && known ? (known.reading as Reading<V>) : undefined) ?? before
  const reading = judged<V>(schema, document, last)
  if (isNewer) shelf.set(schema, { document, version, reading })
  return reading
}

function judged<V>(schema: MetadataSchema, document: JsonObject, last: Reading<V> | undefined): Reading<V> {
  const kept = last?.good
  try {
    if (!isSchema(schema)) {
      const { value, issues } = judgeShape(schema, document)
      return {
        good: { value: share(kept, withKept(value, issues, kept?.value)) as V },
        issues,
        raw: issues.length > 0 ? document : undefined,
        error: undefined,
      }
    }
    const verdict = judgeOnce(schema, document)
    if (verdict.ok) return { good: { value: share(kept, verdict.value) as V }, issues: NO_ISSUES, raw: undefined, error: undefined }
    // nothing has been written yet: that is no mistake of anybody's
    if (!kept && Object.keys(document).length === 0) return { good: undefined, issues: NO_ISSUES, raw: undefined, error: undefined }
    return { good: kept, issues: verdict.issues, raw: document, error: undefined }
  } catch (thrown) {
    return { good: kept, issues: NO_ISSUES, raw: document, error: toRunfeedError(thrown) }
  }
}

const share = (kept: { readonly value: unknown } | undefined, value: unknown): unknown => (kept ? shareEqual(kept.value, value) : value)

/** A key that is refused keeps its last good value; one that is gone does not. */
function withKept(value: { readonly [key: string]: unknown }, issues: readonly Issue[], kept: unknown): { readonly [key: string]: unknown } {
  if (issues.length === 0 || typeof kept !== 'object' || kept === null) return value
  const out = { ...value }
  for (const { path } of issues) {
    const key = String(path[0])
    if (Object.hasOwn(kept, key)) out[key] = (kept as { readonly [key: string]: unknown })[key]
  }
  return out
}

/** The same reading in `mode: 'strict'`: a refusal is an error. */
export function strictly<V>(reading: Reading<V>): Reading<V> {
  const first = reading.issues[0]
  if (!first || reading.error) return reading
  return { ...reading, error: refused(first) }
}

export function refused({ path, message }: Issue): RunfeedError {
  const where = path.join('.') || 'the value'
  return new RunfeedError('invalid_data', `the schema refuses ${where}: ${message}`, { path: [...path] })
}
