// What a run hook gives: the data's state, the wire's state, and the value in the field of the hook's noun.
import type { RunClient } from '../client/run-client.ts'
import type { Issue } from '../contract/judge.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'

/** The state of the connection that a client's hooks share. */
export type ConnectionSnapshot = ReturnType<RunClient['connection']['getSnapshot']>
export type ConnectionStatus = ConnectionSnapshot['status']

export type State<S extends string, N extends string, V, E> = {
  /** The state of the data, apart from the run's (`run.status`) and the wire's (`connectionStatus`). */
  readonly status: S
  readonly isPending: S extends 'pending' ? true : false
  readonly isSuccess: S extends 'success' ? true : false
  readonly isError: S extends 'error' ? true : false
  readonly error: E
} & { readonly [K in N]: V }

/** What every hook that follows a run tells beside its value. */
export interface Wire {
  /** The state of the connection that the client's hooks share. */
  readonly connectionStatus: ConnectionStatus
  /** What is shown may be behind: the connection is not open though the run has not ended. */
  readonly isStale: boolean
  /** False with `enabled: false` or without an id: nothing is asked for then. */
  readonly isEnabled: boolean
  /** What the schema refuses in the newest document. */
  readonly issues: readonly Issue[]
  /** The newest document as it is stored, while the schema refuses something in it. */
  readonly raw: Json | undefined
  /** Stops following until another run or stream is given; what is shown stays. The run goes on. */
  readonly stop: () => void
}

/** A discriminated union over `status`; `isPending`, `isSuccess` and `isError` narrow it too. */
export type Result<N extends string, T, X = unknown> = Wire &
  X &
  (State<'pending', N, undefined, undefined> | State<'success', N, T, undefined> | State<'error', N, T | undefined, RunfeedError>)

export const NO_ISSUES: readonly Issue[] = Object.freeze([])
const nothing = (): void => {}

/** What a hook that asks for nothing gives. */
export const disabledFields: Wire & State<'pending', never, undefined, undefined> = {
  status: 'pending',
  isPending: true,
  isSuccess: false,
  isError: false,
  error: undefined,
  connectionStatus: 'idle',
  isStale: false,
  isEnabled: false,
  issues: NO_ISSUES,
  raw: undefined,
  stop: nothing,
}

/** The fields of `status`, for a result that is built in steps. */
export function stateFields(error: RunfeedError | undefined, hasValue: boolean): { readonly [field: string]: unknown } {
  const status = error ? 'error' : hasValue ? 'success' : 'pending'
  return { status, isPending: status === 'pending', isSuccess: status === 'success', isError: status === 'error', error }
}

/** `previous` where every field of `next` is the same in it: a result's identity says whether it shows something else. */
export function keepSame<T extends object>(previous: T | undefined, next: T): T {
  if (!previous) return next
  for (const key of Object.keys(next) as (keyof T)[]) if (!Object.is(previous[key], next[key])) return next
  return previous
}
