'use client'
// The hooks with one contract's types, parsed by its schemas.
import type { InputOf, OutputOf } from '../contract/standard-schema.ts'
import type { KeyOf, MetadataOf, RunContract, RunOf } from '../contract/types.ts'
import type { RunHandle } from '../protocol/rest.ts'
import type { Fold, RunOptions, RunRef, StreamChoice } from './options.ts'
import type { Result } from './result.ts'
import type { StreamResult } from './stream-view.ts'
import { useContractRun } from './use-run.ts'
import { type RunSummaryOf, type RunsOptions, type RunsQuery, type RunsResult, useContractRuns } from './use-runs.ts'
import { useRunMetadata } from './use-run-metadata.ts'
import { useRunStream } from './use-run-stream.ts'
import { type TextOptions, type TextResult, useRunText } from './use-run-text.ts'
import { type SuspenseOptions, type SuspenseResult, useSuspenseContractRun, useSuspenseRunMetadata } from './use-suspense-run.ts'
import { type TriggerResult, type TriggerRunOptions, useTriggerRun } from './use-trigger-run.ts'

/** Functions without a `this`, so that they may be destructured. */
export interface RunHooks<C extends RunContract> {
  readonly useRun: <T = RunOf<C>>(run: RunRef, options?: Omit<RunOptions<RunOf<C>, T>, 'schema'>) => Result<'run', T>
  readonly useRunMetadata: <T = MetadataOf<C['metadata']>>(
    run: RunRef,
    options?: Omit<RunOptions<MetadataOf<C['metadata']>, T>, 'schema'>,
  ) => Result<'metadata', T>
  readonly useRunStream: <K extends KeyOf<C['streams']>, A = undefined>(
    run: RunRef,
    stream: K,
    options?: StreamChoice<OutputOf<C['streams'][K]>, A> & Fold<A>,
  ) => StreamResult<OutputOf<C['streams'][K]>, A>
  /** Parts are not parsed: `format` gets them as the task wrote them. */
  readonly useRunText: <K extends KeyOf<C['streams']>>(run: RunRef, stream: K, options?: TextOptions<InputOf<C['streams'][K]>>) => TextResult
  /** Of the contract's task, unless the query names another. */
  readonly useRuns: <T = readonly RunSummaryOf<C>[]>(
    query: RunsQuery | null | undefined,
    options?: RunsOptions<RunSummaryOf<C>, T> & { readonly mode?: 'keep-last' | 'strict' | undefined },
  ) => RunsResult<T>
  readonly useSuspenseRun: <T = RunOf<C>>(run: string | RunHandle, options?: Omit<SuspenseOptions<RunOf<C>, T>, 'schema'>) => SuspenseResult<'run', T>
  readonly useSuspenseRunMetadata: <T = MetadataOf<C['metadata']>>(
    run: string | RunHandle,
    options?: Omit<SuspenseOptions<MetadataOf<C['metadata']>, T>, 'schema'>,
  ) => SuspenseResult<'metadata', T>
  readonly useTriggerRun: (options?: TriggerRunOptions) => TriggerResult<InputOf<C['payload']>>
}

/** @param contract - from `defineRun`; call this once, outside of components. */
export function createRunHooks<C extends RunContract>(contract: C): RunHooks<C> {
  return {
    useRun: (run, options) => useContractRun(contract, run, options),
    useRunMetadata: (run, options) => useRunMetadata<C['metadata'], never>(run, { ...options, schema: contract.metadata } as object) as never,
    useRunStream: (run, stream, options) => useRunStream<never, never>(run, stream, { ...options, schema: contract.streams[stream] } as object) as never,
    useRunText: useRunText as RunHooks<C>['useRunText'],
    useRuns: (query, options) => useContractRuns(contract, query, options),
    useSuspenseRun: (run, options) => useSuspenseContractRun(contract, run, options),
    useSuspenseRunMetadata: (run, options) => useSuspenseRunMetadata<C['metadata'], never>(run, { ...options, schema: contract.metadata } as object) as never,
    useTriggerRun: (options) => useTriggerRun(contract.id, options),
  }
}
