'use client'
// What a person's hand starts (a trigger, a cancel): the state of the newest call. An older answer never takes its place, and none is set
// after the component has gone.
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import { guarded } from '../store/topic.ts'
import type { State } from './result.ts'

/** A discriminated union over `status`; `isPending`, `isSuccess` and `isError` narrow it too. */
export type ActionState<N extends string, V> =
  | State<'idle', N, undefined, undefined>
  | State<'pending', N, undefined, undefined>
  | State<'success', N, V, undefined>
  | State<'error', N, undefined, RunfeedError>

export interface ActionOptions {
  onError?: ((error: RunfeedError) => void) | undefined
}

export interface Action<N extends string, A extends readonly unknown[], V> {
  /** The same object while nothing in it has changed. */
  readonly state: ActionState<N, V>
  readonly call: (...args: A) => Promise<V>
  readonly reset: () => void
}

interface Act<A extends readonly unknown[], V> extends ActionOptions {
  /** What it acts on: what was said of another is not said of this. */
  readonly on: string
  readonly act: (...args: A) => Promise<V>
  readonly onSuccess?: ((value: V) => void) | undefined
}

/** `call` and `reset` are the same functions for as long as the component lives. */
export function useAction<N extends string, A extends readonly unknown[], V>(noun: N, options: Act<A, V>): Action<N, A, V> {
  const { on } = options
  const idle = useMemo(() => ({ on, state: stateOf<N, V>(noun, 'idle') }), [noun, on])
  const [shown, setShown] = useState(idle)
  const now = useRef({ options, newest: 0, isGone: false })
  useEffect(() => {
    now.current.options = options
  })
  useEffect(() => {
    const { current } = now
    current.isGone = false
    return () => {
      current.isGone = true
    }
  }, [])

  const call = useCallback(
    (...args: A): Promise<V> => {
      const { current } = now
      const number = ++current.newest
      const { on: about, act } = current.options
      const show = (state: ActionState<N, V>): void => {
        if (!current.isGone && number === current.newest) setShown({ on: about, state })
      }
      show(stateOf(noun, 'pending'))
      const promise = (async () => {
        let value: V
        try {
          value = await act(...args)
        } catch (thrown) {
          const error = toRunfeedError(thrown)
          show(stateOf(noun, 'error', undefined, error))
          guarded(() => current.options.onError?.(error))
          throw error
        }
        show(stateOf(noun, 'success', value))
        // what a callback throws is no failure of the action
        guarded(() => current.options.onSuccess?.(value))
        return value
      })()
      // the failure is in `error`: who does not await the promise must not get an unhandled rejection for it
      promise.catch(() => {})
      return promise
    },
    [noun],
  )
  const reset = useCallback(() => {
    now.current.newest++
    setShown({ on: now.current.options.on, state: stateOf(noun, 'idle') })
  }, [noun])
  return { state: (shown.on === on ? shown : idle).state, call, reset }
}

function stateOf<N extends string, V>(noun: N, status: 'idle' | 'pending' | 'success' | 'error', value?: V, error?: RunfeedError): ActionState<N, V> {
  const is = { isPending: status === 'pending', isSuccess: status === 'success', isError: status === 'error' }
  return { status, ...is, error, [noun]: value } as unknown as ActionState<N, V>
}
