// A run as an engine holds it, and the step from one version to the next. Pure: a step makes a new state and the log entry that says the
// same, so the record and its log cannot disagree.
import { type Cursor, formatCursor, newTag } from '../protocol/cursor.ts'
import type { SizedDocument } from '../protocol/draft.ts'
import type { LogEntry } from '../protocol/engine.ts'
import type { Json, JsonObject } from '../protocol/json.ts'
import type { Patch, PatchOperation } from '../protocol/patch.ts'
import { toPointer } from '../protocol/path.ts'
import type { Run, StreamSummary } from '../protocol/run.ts'
import type { RunPlan } from './plan.ts'

export type RunHead = Omit<Run, 'metadata'>

declare const held: unique symbol
/** A document that the next commit changes in place: a copy for each would make a commit cost the document. `shown` makes it a value. */
export interface HeldDocument {
  readonly [held]: true
}
export type HeldRun = RunHead & { readonly metadata: HeldDocument }

/** The containers of a run's document that nobody outside has seen; one for all states of a run. */
export interface Unseen {
  containers: WeakSet<object> | undefined
}

export interface RunState {
  readonly run: HeldRun
  readonly unseen: Unseen
  /** The tag of the run's version. */
  readonly tag: string
  /** Bytes of `run.metadata` as JSON. */
  readonly bytes: number
  readonly plan: RunPlan
}

/** A run that others may have, as it is in their hands. */
export const heldRun = (run: Run): Pick<RunState, 'run' | 'unseen'> => ({ run: run as unknown as HeldRun, unseen: { containers: undefined } })

/** The run for others: what they have of it never changes. */
export function shown({ run, unseen }: RunState): Run {
  unseen.containers = undefined
  return run as unknown as Run
}

/** The document as it is now, for who neither keeps nor changes it. */
export const documentOf = ({ run }: RunState): JsonObject => run.metadata as unknown as JsonObject

export const cursorOf = (state: RunState): Cursor => formatCursor(state.run.version, state.tag)
export const isLive = (run: RunHead): boolean => run.finishedAt === null
/** Under the hands of a worker. */
export const isHeld = (run: RunHead): boolean => run.status === 'EXECUTING' || run.status === 'WAITING'

/** A new version: the state after it, and what the log keeps of it. */
export interface Step {
  readonly state: RunState
  readonly entry: LogEntry
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Plain = 'status' | 'attempt' | 'startedAt' | 'finishedAt' | 'cancelRequestedAt' | 'error'

/** Gathers what one version changes. */
export class Change {
  readonly #from: RunState
  readonly #fields: Partial<Mutable<HeldRun>> = {}
  #patch: PatchOperation[] = []
  #bytes: number
  #plan: RunPlan

  constructor(from: RunState) {
    this.#from = from
    this.#bytes = from.bytes
    this.#plan = from.plan
  }

  get isEmpty(): boolean {
    return this.#patch.length === 0
  }

  set<K extends Plain>(name: K, value: HeldRun[K]): this {
    this.#fields[name] = value
    this.#patch.push({ op: 'replace', path: `/${name}`, value: value as Json })
    return this
  }

  /** `add`, not `replace`: JSON has no `undefined`, so a reader's record lacks the member. */
  output(value: Json): this {
    this.#fields.output = value
    this.#patch.push({ op: 'add', path: '/output', value })
    return this
  }

  metadata(result: SizedDocument, patch: Patch): this {
    this.#fields.metadata = result.document as unknown as HeldDocument
    this.#bytes = result.bytes
    // as it was said: before the end
    this.#patch = [...patch, ...this.#patch]
    return this
  }

  tags(value: readonly string[]): this {
    this.#fields.tags = value
    this.#patch.push({ op: 'replace', path: '/tags', value })
    return this
  }

  stream(key: string, summary: StreamSummary): this {
    const op = Object.hasOwn(this.streams, key) ? 'replace' : 'add'
    this.#fields.streams = { ...this.streams, [key]: summary }
    this.#patch.push({ op, path: toPointer(['streams', key]), value: { ...summary } })
    return this
  }

  /** What the record does not show makes no version by itself. */
  plan(changed: Partial<RunPlan>): this {
    this.#plan = { ...this.#plan, ...changed }
    return this
  }

  get streams(): Run['streams'] {
    return this.#fields.streams ?? this.#from.run.streams
  }

  /** @param by - the run that wrote, null for the engine itself. */
  step(by: string | null, now: number): Step {
    const version = this.#from.run.version + 1
    const tag = newTag()
    return {
      state: { run: { ...this.#from.run, ...this.#fields, version, updatedAt: now }, unseen: this.#from.unseen, tag, bytes: this.#bytes, plan: this.#plan },
      entry: { cursor: formatCursor(version, tag), at: now, by, patch: this.#patch },
    }
  }
}
