// What a run sees of its own metadata: the last acknowledged document with its own unacknowledged operations on top.
import { Draft, sized } from '../protocol/draft.ts'
import type { CommitAnswer } from '../protocol/engine.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Json, JsonObject } from '../protocol/json.ts'
import type { Operation } from '../protocol/operation.ts'
import { applyPatch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'
import { metadataLimit } from './metadata-limit.ts'

export class LocalView {
  #acknowledged: Run
  #draft: Draft | undefined
  readonly #unacknowledged: () => readonly Operation[]

  constructor(run: Run, unacknowledged: () => readonly Operation[]) {
    this.#acknowledged = run
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
    const record = 'run' in answer.since ? answer.since.run : (applyPatch(this.#acknowledged as unknown as Json, answer.since.patch) as unknown as Run)
    this.#acknowledged = { ...record, version: answer.version }
    this.#draft = undefined
  }
  /** An answer refused something: what was said after it is applied anew. */
  rebuild(): void {
    this.#draft = undefined
  }

  #current(): Draft {
    if (this.#draft) return this.#draft
    const draft = new Draft(sized(this.#acknowledged.metadata), metadataLimit())
    for (const operation of this.#unacknowledged()) draft.apply(operation)
    return (this.#draft = draft)
  }
}
