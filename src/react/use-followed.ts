'use client'
// What all hooks that follow a run have in common: they read a target, tell their callbacks, and throw where they were asked to.
import type { Issue } from '../contract/judge.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import type { RunSnapshot } from '../store/snapshot.ts'
import type { Gated } from './gate.ts'
import type { FollowOptions, InvalidEvent } from './options.ts'
import { throwIfAsked, useCallbacks } from './use-callbacks.ts'
import { type Derive, type Derived, useSource } from './use-source.ts'
import type { Target } from './use-target.ts'

interface Told {
  readonly issues: readonly Issue[]
  readonly raw: Json | undefined
  readonly error: RunfeedError | undefined
}
interface Remembered {
  readonly run: Run | undefined
  readonly end: RunSnapshot['end']
}

/** Call it after what tells the data: who hears of the end has had all of it. */
export function useTold<S, M extends Remembered>(
  { origin, runId }: Target<S>,
  { result, memory }: Derived<Told, M>,
  options: FollowOptions & { readonly onInvalid?: ((event: InvalidEvent) => void) | undefined; readonly schema?: object | undefined },
): void {
  const { issues, raw, error } = result
  useCallbacks({ origin, runId, run: memory.run, end: memory.end, issues, raw, error, schema: options.schema }, options)
  throwIfAsked(error, options.throwOnError)
}

export const useFollowed = <S, R, M>({ gate, origin, initial }: Target<S>, derive: Derive<Gated<S>, R, M>): Derived<R, M> =>
  useSource(gate, derive, origin, initial)
