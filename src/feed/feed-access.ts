// What a session may read. The feed asks; whoever opens the session answers.
import type { ErrorBody } from '../protocol/errors.ts'
import type { Want } from '../protocol/want.ts'

/** Who opens a session without saying what it may read. */
export const OPEN_ACCESS: FeedAccess = {
  isFixed: true,
  check: async () => undefined,
  shows: () => true,
  namespaceOf: () => undefined,
  expiresAt: () => undefined,
}

export interface FeedAccess {
  /** What `check` says depends neither on a run's tags nor on a query's members: each want is asked for once. @defaultValue false */
  readonly isFixed?: boolean
  /** Asked when a want is opened, and again when the tags of its run or the members of its query have changed. @returns why it is denied: the `denied` frame says so. */
  check(want: Want): Promise<ErrorBody | undefined>
  /** Whether the reader of `run` may know that the run `by` wrote something there. */
  shows(by: string, run: string): boolean
  /** Where a query looks, and what its shared readers are told apart by: the runs of one namespace. `undefined`: every one. Known before `check` has answered, and the same for as long as the want is read. */
  namespaceOf(want: Want): string | undefined
  /** When what allows the want is over, ms since the epoch: it is then denied as `token_expired`. `undefined`: never. */
  expiresAt(want: Want): number | undefined
}
