'use client'
// What a person's hand starts (a trigger, a cancel): the state of the newest call. An older answer never takes its place, and none is set
// after the component has gone.
import { useCallback, useEffect, useRef, useState } from 'react'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
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

export interface Action<A extends readonly unknown[], V> {
  readonly status: 'idle' | 'pending' | 'success' | 'error'
  readonly value: V | undefined
  readonly error: RunfeedError | undefined
  readonly call: (...args: A) => Promise<V>
  readonly reset: () => void
}

const IDLE = { status: 'idle', value: undefined, error: undefined } as const

/** `call` and `reset` are the same functions for as long as the component lives. */
export function useAction<A extends readonly unknown[], V>(act: (...args: A) => Promise<V>, { onError }: ActionOptions): Action<A, V> {
  const [state, setState] = useState<Pick<Action<A, V>, 'status' | 'value' | 'error'>>(IDLE)
  const now = useRef({ act, onError, newest: 0, isMounted: false })
  useEffect(() => {
    Object.assign(now.current, { act, onError })
  })
  useEffect(() => {
    const { current } = now
    current.isMounted = true
    return () => {
      current.isMounted = false
    }
  }, [])

  const call = useCallback((...args: A): Promise<V> => {
    const { current } = now
    const number = ++current.newest
    const show = (next: typeof state): void => {
      if (current.isMounted && number === current.newest) setState(next)
    }
    show({ ...IDLE, status: 'pending' })
    const promise = (async () => {
      try {
        const value = await current.act(...args)
        show({ ...IDLE, status: 'success', value })
        return value
      } catch (thrown) {
        const error = toRunfeedError(thrown)
        show({ ...IDLE, status: 'error', error })
        current.onError?.(error)
        throw error
      }
    })()
    // the failure is in `error`: who does not await the promise must not get an unhandled rejection for it
    promise.catch(() => {})
    return promise
  }, [])
  const reset = useCallback(() => {
    now.current.newest++
    setState(IDLE)
  }, [])
  return { ...state, call, reset }
}

/** The fields of an `ActionState`, with the value in the field of the noun. */
export function actionFields<N extends string, V>({ status, value, error }: Action<never, V>, noun: N): ActionState<N, V> {
  const is = { isPending: status === 'pending', isSuccess: status === 'success', isError: status === 'error' }
  return { status, ...is, error, [noun]: value } as unknown as ActionState<N, V>
}
