'use client'
// The run hooks for Suspense: they wait for the first data, once, and never again for the same run.
import { useEffect } from 'react'
import { refused } from '../contract/parse.ts'
import type { LooseMetadata, MetadataOf, MetadataSchema, RunContract, RunOf } from '../contract/types.ts'
import { RunfeedError } from '../protocol/errors.ts'
import type { RunHandle } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import { readContractRun } from './contract-run.ts'
import type { RunOptions } from './options.ts'
import { noClient, useOptionalClient } from './provider.ts'
import type { State, Wire } from './result.ts'
import type { ReadRun } from './run-view.ts'
import { release, untilChanged } from './suspended.ts'
import { readRun } from './use-run.ts'
import { readMetadata } from './use-run-metadata.ts'
import { useRunValue } from './use-run-value.ts'

/** A Suspense hook is never pending and never disabled; what fails before the first data is thrown. */
export type SuspenseOptions<V, T, M = MetadataSchema> = Omit<RunOptions<V, T, M>, 'enabled' | 'throwOnError'>
/** With `status: 'error'` the value is the last good one. */
export type SuspenseResult<N extends string, T> = Wire & (State<'success', N, T, undefined> | State<'error', N, T, RunfeedError>)

/**
 * `useRun` that suspends until the run is known. On a server it renders with `initialData`, else in the browser alone.
 * @throws RunfeedError to the error boundary, when the run cannot be read.
 */
export function useSuspenseRun<T = Run>(run: string | RunHandle, options: Omit<SuspenseOptions<Run, T>, 'schema' | 'mode'> = {}): SuspenseResult<'run', T> {
  return useSuspended('run', run, readRun, options)
}

export function useSuspenseContractRun<C extends RunContract, T = RunOf<C>>(
  contract: C,
  run: string | RunHandle,
  options: Omit<SuspenseOptions<RunOf<C>, T>, 'schema'> = {},
): SuspenseResult<'run', T> {
  return useSuspended('run', run, readContractRun<C>(contract, options.mode), options)
}

/**
 * `useRunMetadata` that suspends until there is a good document.
 * @throws RunfeedError to the error boundary: when the run cannot be read; `invalid_data` when it has ended without a good document.
 */
export function useSuspenseRunMetadata<M extends MetadataSchema = LooseMetadata, T = MetadataOf<M>>(
  run: string | RunHandle,
  options: SuspenseOptions<MetadataOf<M>, T, M> = {},
): SuspenseResult<'metadata', T> {
  return useSuspended('metadata', run, readMetadata(options), options)
}

function useSuspended<N extends 'run' | 'metadata', V, T>(
  noun: N,
  run: string | RunHandle,
  read: ReadRun<V>,
  options: Omit<SuspenseOptions<V, T>, 'schema' | 'mode'>,
): SuspenseResult<N, T> {
  const { result, memory } = useRunValue<N, V, T>(noun, run, read, options)
  const client = useOptionalClient(options.client)
  const source = result.isEnabled ? client?.run(run) : undefined
  useEffect(() => {
    if (source) release(source)
  }, [source])
  const { error, issues } = result
  // what is selected may be `undefined`
  if (memory.selected) return result as SuspenseResult<N, T>
  if (error) throw error
  if (!result.isEnabled) throw new RunfeedError('no_run', 'a Suspense hook needs a run: render it once there is an id')
  if (!source) throw noClient()
  // it would wait for ever: nothing more comes
  if (source.getSnapshot().end)
    throw issues[0]
      ? refused(issues[0])
      : new RunfeedError('invalid_data', `${source.getSnapshot().run?.id} has ended without metadata that its schema accepts`)
  // what React takes as "wait": a promise
  throw untilChanged(source)
}
