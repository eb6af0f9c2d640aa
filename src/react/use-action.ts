'use client'
// What a person's hand starts (a trigger, a cancel): the state of the newest call. An older answer never takes its place. What comes while the
// component has no effects is kept: one that has gone does not need it, and one that an Activity hides shows it when it is back.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { guarded } from '../store/topic.ts'
import type { State } from './result.ts'
import { useCommit } from './use-commit.ts'

/** A discriminated union over `status`; `isPending`, `isSuccess` and `isError` narrow it too. */
export type ActionState<N extends string, V> =
  | State<'idle', N, undefined, undefined>
  | State<'pending', N, undefined, undefined>
  | State<'success', N, V, undefined>
  | State<'error', N, undefined, RunfeedError>

export interface ActionOptions {
  onError?: ((error: RunfeedError) => void) | undefined
}

interface Act<A extends readonly unknown[], V> extends ActionOptions {
  /** What it acts on: what was said of another is not said of this. */
  readonly on: string
  readonly act: (...args: A) => Promise<V>
  readonly onSuccess?: ((value: V) => void) | undefined
}

interface Shown<V> {
  readonly on?: string
  readonly status: 'idle' | 'pending' | 'success' | 'error'
  readonly value?: V
  readonly error?: RunfeedError
}
const IDLE: Shown<never> = { status: 'idle' }

/**
 * The same object while nothing in it has changed; its functions are the same for as long as the component lives.
 * @param noun - the field of the value. @param verb - the field of the function.
 */
export function useAction<N extends string, F extends string, A extends readonly unknown[], V>(
  noun: N,
  verb: F,
  options: Act<A, V>,
): ActionState<N, V> & { readonly reset: () => void } & { readonly [K in F]: (...args: A) => Promise<V> } {
  const [newest, show] = useState<Shown<V>>(IDLE)
  const now = useRef({ options, newest: 0, outcome: IDLE as Shown<V>, isAway: false })
  useCommit(() => {
    now.current.options = options
  })
  useEffect(() => {
    const { current } = now
    current.isAway = false
    show(current.outcome)
    return () => {
      current.isAway = true
    }
  }, [])

  const call = useCallback((...args: A): Promise<V> => {
    const { current } = now
    const number = ++current.newest
    const { on, act } = current.options
    const tell = (next: Shown<V>): void => {
      if (number !== current.newest) return
      current.outcome = { on, ...next }
      // React 17 warns of one that has gone
      if (!current.isAway) show(current.outcome)
    }
    tell({ status: 'pending' })
    const promise = (async () => {
      try {
        const value = await act(...args)
        tell({ status: 'success', value })
        // what a callback throws is no failure of the action
        guarded(() => current.options.onSuccess?.(value))
        return value
      } catch (thrown) {
        const error = toRunfeedError(thrown)
        tell({ status: 'error', error })
        guarded(() => current.options.onError?.(error))
        throw error
      }
    })()
    // the failure is in `error`: who does not await the promise must not get an unhandled rejection for it
    promise.catch(() => {})
    return promise
  }, [])
  const reset = useCallback(() => {
    now.current.newest++
    show((now.current.outcome = IDLE))
  }, [])
  const { status, value, error } = newest.on === options.on ? newest : IDLE
  return useMemo(() => {
    const is = { isPending: status === 'pending', isSuccess: status === 'success', isError: status === 'error' }
    return { status, ...is, error, [noun]: value, [verb]: call, reset } as never
  }, [noun, verb, status, value, error, call, reset])
}
