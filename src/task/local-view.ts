// What a run sees of its own metadata: the last acknowledged document with its own unacknowledged operations on top. Both are kept and
// changed in place, because copying a large document for each flush would make an update cost the document.
import { Draft } from '../protocol/draft.ts'
import type { CommitAnswer } from '../protocol/engine.ts'
import { type Json, type JsonObject, jsonBytes } from '../protocol/json.ts'
import { metadataLimitOf } from '../protocol/metadata-limit.ts'
import type { Operation } from '../protocol/operation.ts'
import { applyPatch, type Patch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'
import type { Effect, Sums } from './pending-operations.ts'

/** What is changed in place is copied anew so often: else everything that it ever held would be kept as its own. */
const MAX_KEPT = 256

export class LocalView {
  #acknowledged: Run
  #version: number
  #bytes: number
  /** Containers of the acknowledged record that are nobody else's. */
  #owned = new Set<object>()
  #draft: Draft | undefined
  /** Answers that left the draft as it is. */
  #kept = 0
  readonly #limit: number | undefined
  readonly #unacknowledged: () => readonly Operation[]

  /** @param limit - bytes of JSON, as the engine says it; `undefined` where it does not: what the environment says. */
  constructor(run: Run, limit: number | undefined, unacknowledged: () => readonly Operation[]) {
    this.#acknowledged = run
    this.#version = run.version
    this.#bytes = jsonBytes(run.metadata)
    this.#limit = limit
    this.#unacknowledged = unacknowledged
  }

  /** The version that the next commit names as its base. */
  get version(): number {
    return this.#version
  }
  get document(): JsonObject {
    return this.#current().result.document
  }

  /** Applies an operation as it is said. @throws RunfeedError when it is refused; it must then not be sent */
  say(operation: Operation): Effect {
    const draft = this.#current()
    const before = draft.bytes
    const refusal = draft.apply(operation)
    if (refusal) throw refusal
    return { grows: draft.bytes - before, bytes: draft.bytes, limit: draft.limit }
  }

  /**
   * Takes in what an answer says happened, others' writes included. Newer local operations stay on top.
   * @param sums - of the commit that is answered.
   */
  acknowledge({ version, bytes, since, refused }: CommitAnswer, sums: Sums): void {
    // what was summed before it was sent may be nothing, and yet have been rounded on its way here
    if (version <= this.#version && sums !== 'none') this.rebuild()
    if (version <= this.#version || !since) return
    if ('run' in since) {
      // the record as it is now, which may be later than the answer
      this.#begin(since.run, version)
      return
    }
    // not told by the version: one more may be another's, where ours changed nothing
    const isAlone = since.isOwn === true && refused.length === 0
    this.#acknowledged = applyPatch(this.#acknowledged as unknown as Json, since.patch, this.#owned) as unknown as Run
    this.#version = version
    this.#bytes = bytes
    // nobody else wrote, and what was said one by one is what was sent: the draft is right as it is
    if (isAlone && isSame(since.patch, sums) && ++this.#kept < MAX_KEPT) return
    this.#owned = new Set()
    this.#draft = undefined
    this.#kept = 0
  }
  /** Takes the record as it was just read, while nothing was in flight. Newer local operations stay on top. */
  refresh(run: Run): void {
    if (run.version > this.#version) this.#begin(run, run.version)
  }
  /** An answer refused something: what was said after it is applied anew. */
  rebuild(): void {
    // what is changed in place from here on is no longer the draft's, too
    this.#owned = new Set()
    this.#draft = undefined
    this.#kept = 0
  }

  #begin(run: Run, version: number): void {
    this.#acknowledged = run
    this.#version = Math.max(version, run.version)
    this.#bytes = jsonBytes(run.metadata)
    this.rebuild()
  }

  #current(): Draft {
    if (this.#draft) return this.#draft
    const limit = this.#limit ?? metadataLimitOf(process.env['TASK_RUN_METADATA_MAXIMUM_SIZE'])
    const draft = new Draft({ document: this.#acknowledged.metadata, bytes: this.#bytes }, limit, null)
    for (const operation of this.#unacknowledged()) draft.apply(operation)
    return (this.#draft = draft)
  }
}

/** Sums of whole numbers are the same in any grouping, as long as all of them are far from where whole numbers end. */
const MAX_WHOLE = 2 ** 51

function isSame(patch: Patch, sums: Sums): boolean {
  switch (sums) {
    case 'none':
      return true
    case 'whole':
      return patch.every((one) => one.op === 'remove' || typeof one.value !== 'number' || (Number.isInteger(one.value) && Math.abs(one.value) <= MAX_WHOLE))
    case 'rounded':
      return false
    default:
      sums satisfies never
      return false
  }
}
