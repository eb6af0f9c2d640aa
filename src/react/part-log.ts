// A stream's parts as a schema gives them, each judged once; and views of a log that copy nothing.
import { type Issue, judge } from '../contract/judge.ts'
import type { Schema } from '../contract/standard-schema.ts'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import { type ChunkLog, changedFrom } from '../store/snapshot.ts'
import { checkSchema } from './development.ts'

/** Fewer are not worth a copy. */
const MIN_DEAD = 1024
/** So many refused parts are named; a stream of bad parts would otherwise be kept twice. */
const MAX_ISSUES = 100
const REFUSED: unique symbol = Symbol('refused')

/** Grows with the log, until that is cut. What it says of an index never changes, so views of it may be kept. */
export class PartJudge<T> {
  issues: readonly Issue[] = []
  raw: Json | undefined
  error: RunfeedError | undefined
  readonly #schema: Schema<unknown, T>
  readonly #firstIndex: number
  readonly #parts: (T | typeof REFUSED)[]
  /** Those of the log that it has read. */
  readonly cuts: readonly number[]

  private constructor(schema: Schema<unknown, T>, firstIndex: number, cuts: readonly number[], parts: (T | typeof REFUSED)[]) {
    this.#schema = schema
    this.#firstIndex = firstIndex
    this.cuts = cuts
    this.#parts = parts
  }

  static of<T>(schema: Schema<unknown, T>, log: ChunkLog<Json>): PartJudge<T> {
    return new PartJudge(schema, log.firstIndex, log.cuts, [])
  }

  /**
   * The one for a newer log: another one where that was cut, and goes on at the cut, or has let go of most of what this one knows.
   * So views of this one keep what they show.
   */
  after(log: ChunkLog<Json>): PartJudge<T> {
    const { firstIndex, length, cuts } = log
    const end = changedFrom(log, this.cuts)
    const dead = firstIndex - this.#firstIndex
    // a shorter log shows more of its beginning
    if (dead < 0) return PartJudge.of(this.#schema, log)
    if (this.cuts.length === cuts.length && dead < length - firstIndex + MIN_DEAD) return this
    const next = new PartJudge(this.#schema, firstIndex, cuts, this.#parts.slice(dead, Math.max(dead, end - this.#firstIndex)))
    next.issues = this.issues.filter(({ path }) => Number(path[0]) < end)
    next.raw = next.issues.length === this.issues.length ? this.raw : log.at(Number(next.issues.at(-1)?.path[0] ?? -1))
    next.error = this.error
    return next
  }

  /** Whether it can say what this log shows. */
  isOf(schema: object, { cuts, firstIndex }: ChunkLog<Json>): boolean {
    return schema === this.#schema && this.cuts.length === cuts.length && firstIndex >= this.#firstIndex
  }

  /** @returns what the schema refuses in the parts that are new. */
  read(log: ChunkLog<Json>): readonly Issue[] {
    const added: Issue[] = []
    for (let index = this.#firstIndex + this.#parts.length; index < log.length; index++) this.#parts.push(this.#judge(log.at(index), index, added))
    if (added.length > 0) {
      this.issues = [...this.issues, ...added].slice(-MAX_ISSUES)
      this.raw = log.at(Number(added.at(-1)?.path[0]))
    }
    return added
  }

  #judge(raw: Json | undefined, index: number, issues: Issue[]): T | typeof REFUSED {
    // lost to retention: the gap says so, not the schema
    if (raw === undefined) return REFUSED
    try {
      if (process.env.NODE_ENV !== 'production') checkSchema(this.#schema)
      const verdict = judge(this.#schema, raw)
      if (verdict.ok) return verdict.value
      for (const issue of verdict.issues) issues.push({ ...issue, path: [index, ...issue.path] })
    } catch (thrown) {
      this.error ??= toRunfeedError(thrown)
    }
    return REFUSED
  }

  /** What it refuses in this part, judged again: kept for all of them, it would be more than what is named at a time. */
  issuesOf(index: number, raw: Json | undefined): readonly Issue[] {
    const issues: Issue[] = []
    this.#judge(raw, index, issues)
    return issues
  }

  at(index: number): T | undefined {
    const part = this.#parts[index - this.#firstIndex]
    return part === REFUSED ? undefined : part
  }
  slice(from: number, to: number): T[] {
    return this.#parts.slice(Math.max(0, from - this.#firstIndex), Math.max(0, to - this.#firstIndex)).filter((part): part is T => part !== REFUSED)
  }
}

// whose parts -> schema -> judge: siblings with one schema judge each part once
const judges = new WeakMap<object, WeakMap<object, PartJudge<unknown>>>()

/** @param mine - the component's own last one. */
export function partJudge<T>(origin: object, schema: Schema<unknown, T>, log: ChunkLog<Json>, mine: PartJudge<T> | undefined): PartJudge<T> {
  let bySchema = judges.get(origin)
  if (!bySchema) judges.set(origin, (bySchema = new WeakMap()))
  const found = bySchema.get(schema) as PartJudge<T> | undefined
  // a component that throttles may still show the log from before a cut, or what others have let go of, and must not judge what they see
  if (found && found.cuts.length >= log.cuts.length && !found.isOf(schema, log)) return mine?.isOf(schema, log) ? mine : PartJudge.of(schema, log)
  const judge = found?.after(log) ?? PartJudge.of(schema, log)
  if (judge !== found) bySchema.set(schema, judge)
  return judge
}

interface LogSource<T> {
  at(index: number): T | undefined
  slice(from: number, to: number): T[]
}

/** From `firstIndex` to `length` of what can be read by index. */
export class LogView<T> implements ChunkLog<T> {
  readonly firstIndex: number
  readonly length: number
  readonly cuts: readonly number[]
  readonly #source: LogSource<T>

  constructor(source: LogSource<T>, firstIndex: number, { length, cuts }: { readonly length: number; readonly cuts: readonly number[] }) {
    this.#source = source
    this.firstIndex = firstIndex
    this.length = length
    this.cuts = cuts
  }
  at(index: number): T | undefined {
    return index >= this.firstIndex && index < this.length ? this.#source.at(index) : undefined
  }
  slice(from: number = this.firstIndex, to: number = this.length): T[] {
    return this.#source.slice(Math.max(from, this.firstIndex), Math.min(to, this.length))
  }
  *[Symbol.iterator](): Iterator<T> {
    for (let index = this.firstIndex; index < this.length; index++) {
      const part = this.#source.at(index)
      if (part !== undefined) yield part
    }
  }
}
