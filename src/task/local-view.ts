// What a run sees of its own metadata: the last acknowledged document with its own unacknowledged operations on top.
import { Draft } from '../protocol/draft.ts'
import type { CommitAnswer } from '../protocol/engine.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import { type Json, type JsonObject, jsonBytes } from '../protocol/json.ts'
import { metadataLimitOf } from '../protocol/metadata-limit.ts'
import type { Operation } from '../protocol/operation.ts'
import { applyPatch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'

export class LocalView {
  #acknowledged: Run
  #bytes: number
  #draft: Draft | undefined
  readonly #unacknowledged: () => readonly Operation[]

  constructor(run: Run, unacknowledged: () => readonly Operation[]) {
    this.#acknowledged = run
    this.#bytes = jsonBytes(run.metadata)
    this.#unacknowledged = unacknowledged
  }

  /** The version that the next commit names as its base. */
  get version(): number {
    return this.#acknowledged.version
  }
  get document(): JsonObject {
    return this.#current().result.document
  }

  /** Applies an operation as it is said. @returns why it is refused; it must then not be sent. */
  say(operation: Operation): RunfeedError | undefined {
    return this.#current().apply(operation)
  }

  /** Takes in what an answer says happened, others' writes included. Newer local operations stay on top. */
  acknowledge(answer: CommitAnswer): void {
    if (answer.version <= this.#acknowledged.version || !answer.since) return
    if ('run' in answer.since) {
      // the record as it is now, which may be later than the answer
      this.#acknowledged = answer.since.run
      this.#bytes = jsonBytes(answer.since.run.metadata)
    } else {
      const record = applyPatch(this.#acknowledged as unknown as Json, answer.since.patch) as unknown as Run
      this.#acknowledged = { ...record, version: answer.version }
      this.#bytes = answer.bytes
    }
    this.#draft = undefined
  }
  /** Takes the record as it was just read, while nothing was in flight. Newer local operations stay on top. */
  refresh(run: Run): void {
    if (run.version <= this.#acknowledged.version) return
    this.#acknowledged = run
    this.#bytes = jsonBytes(run.metadata)
    this.#draft = undefined
  }
  /** An answer refused something: what was said after it is applied anew. */
  rebuild(): void {
    this.#draft = undefined
  }

  #current(): Draft {
    if (this.#draft) return this.#draft
    const draft = new Draft({ document: this.#acknowledged.metadata, bytes: this.#bytes }, metadataLimitOf(process.env['TASK_RUN_METADATA_MAXIMUM_SIZE']))
    for (const operation of this.#unacknowledged()) draft.apply(operation)
    return (this.#draft = draft)
  }
}
