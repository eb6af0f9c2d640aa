// What a caller who is no secret key's holder may do: what its token says, or the host's own answer.
import type { TriggerOptions } from '../../protocol/rest.ts'

/** What the runs of a trigger with a public token are given: the holder chooses the payload alone. */
export interface BoundTrigger extends TriggerOptions {
  /** The new runs are its children. @defaultValue none */
  readonly parent?: string
}

export interface Rights {
  readonly namespace: string
  readonly scopes: ReadonlySet<string>
  /** Who holds it: what its idempotency keys are told apart by. */
  readonly subject: string
  /** Ms since the epoch. `undefined`: never. */
  readonly expiresAt: number | undefined
  readonly trigger: BoundTrigger
}
