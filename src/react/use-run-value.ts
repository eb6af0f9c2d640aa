'use client'
// What `useRun` and `useRunMetadata` have in common, which is all but what they read of the run.
import { useEffect, useRef } from 'react'
import type { RunOptions, RunRef } from './options.ts'
import type { Result } from './result.ts'
import { deriveRun, type ReadRun, type RunMemory } from './run-view.ts'
import { stampOf } from './use-callbacks.ts'
import { useFollowed, useTold } from './use-followed.ts'
import type { Derived } from './use-source.ts'
import { useRunTarget } from './use-target.ts'

export function useRunValue<N extends 'run' | 'metadata', V, T>(
  noun: N,
  run: RunRef,
  read: ReadRun<V>,
  options: Omit<RunOptions<V, T>, 'schema' | 'mode'> & { readonly schema?: object | undefined },
): Derived<Result<N, T>, RunMemory<V>> {
  const target = useRunTarget(run, options)
  const derived = useFollowed(target, deriveRun<V, T, Result<N, T>>(noun, target, read, options))
  const { result, memory } = derived
  useOnData(options.onData, target.origin, result.isSuccess, (result as { readonly [K in N]: T | undefined })[noun], stampOf(memory.run))
  useTold(target, derived, options)
  return derived
}

// An inline schema may make another object of the same document in each render: only a new version is new data.
export function useOnData<T>(onData: ((value: T) => void) | undefined, origin: object, isSuccess: boolean, value: T | undefined, version: unknown): void {
  const told = useRef<{ readonly origin: object; readonly value: T | undefined; readonly version: unknown } | undefined>(undefined)
  useEffect(() => {
    const before = told.current?.origin === origin ? told.current : undefined
    if (!isSuccess || (before && (before.value === value || before.version === version))) return
    told.current = { origin, value, version }
    onData?.(value as T)
  })
}
