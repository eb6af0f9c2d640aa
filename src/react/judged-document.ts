// What a schema makes of a live document, which is incomplete for most of its life: once per version and schema, shared by all components.
import { type Issue, isSchema, judgeOnce, judgeShape } from '../contract/judge.ts'
import { refused } from '../contract/parse.ts'
import type { MetadataSchema } from '../contract/types.ts'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { JsonObject } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { shareEqual } from '../store/share.ts'
import { checkSchema, unnamed, warn } from './development.ts'
import { NO_ISSUES } from './result.ts'

/** A value, and the document and the schema that it was made of: another schema has to judge that document itself. */
export interface Good<V> {
  readonly value: V
  readonly document?: JsonObject
  readonly schema?: MetadataSchema
}
/** What can be shown of a document. `good` is the newest value, or the last one that was good. */
export interface Reading<V> {
  readonly good: Good<V> | undefined
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
  /** Whose it is, and its version. */
  readonly run: Pick<Run, 'id' | 'version'>
}

/**
 * @param origin - what the reading is shared under.
 * @param before - this component's own last good one: an inline schema is another one in each render and finds no shelf.
 */
export function readDocument<V>(origin: object, schema: MetadataSchema, { document, run }: DocumentAt, before: Good<V> | undefined): Reading<V> {
  let shelf = shelves.get(origin)
  if (!shelf) shelves.set(origin, (shelf = new WeakMap()))
  const known = shelf.get(schema)
  if (known?.document === document) return known.reading as Reading<V>
  const isNewer = !known || known.version <= run.version
  const last = isNewer && known ? (known.reading as Reading<V>).good : before
  const reading = judged<V>(schema, document, last)
  if (process.env.NODE_ENV !== 'production') warnOfRefusal(run, unnamed(schema, origin, reading.issues))
  if (isNewer) shelf.set(schema, { document, version: run.version, reading })
  return reading
}

function warnOfRefusal({ id, version }: DocumentAt['run'], issues: readonly Issue[]): void {
  if (issues.length === 0) return
  const list = issues.slice(0, 5).map(({ path, message }) => `\n  metadata.${path.join('.')}: ${message}`)
  warn(
    `the schema refuses version ${version} of ${id}; what was good before stays:${list.join('')}${issues.length > 5 ? `\n  and ${issues.length - 5} more` : ''}`,
  )
}

function judged<V>(schema: MetadataSchema, document: JsonObject, last: Good<V> | undefined): Reading<V> {
  const goodOf = (value: unknown, from: JsonObject): Good<V> => ({ value: (last ? shareEqual(last.value, value) : value) as V, document: from, schema })
  try {
    if (!isSchema(schema)) {
      if (process.env.NODE_ENV !== 'production') Object.values(schema).forEach(checkSchema)
      const { value, issues } = judgeShape(schema, document)
      if (issues.length === 0) return { good: goodOf(value, document), issues, raw: undefined, error: undefined }
      const kept = keptBy(schema, last)
      return {
        good: goodOf(withKept(value, issues, kept?.value), withKept(document, issues, kept?.document) as JsonObject),
        issues,
        raw: document,
        error: undefined,
      }
    }
    const verdict = judgeOnce(schema, document)
    if (verdict.ok) return { good: goodOf(verdict.value, document), issues: NO_ISSUES, raw: undefined, error: undefined }
    const good = keptBy(schema, last)
    // nothing has been written yet: that is no mistake of anybody's
    if (!good && Object.keys(document).length === 0) return { good, issues: NO_ISSUES, raw: undefined, error: undefined }
    return { good, issues: verdict.issues, raw: document, error: undefined }
  } catch (thrown) {
    return { good: keptBy(schema, last), issues: NO_ISSUES, raw: document, error: toRunfeedError(thrown) }
  }
}

/**
 * What stays of a good value. One that another schema made would be shown as a type that it is not, so its document is judged again:
 * an inline schema, another one in each render, says the same of it.
 */
function keptBy<V>(schema: MetadataSchema, last: Good<V> | undefined): Good<V> | undefined {
  if (!last || last.schema === schema) return last
  const again = last.document && judged<V>(schema, last.document, undefined).good
  return again && { ...again, value: shareEqual(last.value, again.value) }
}

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
