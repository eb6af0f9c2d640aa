'use client'
// The hooks with one contract's types, parsed by its schemas.
import type { OutputOf } from '../contract/standard-schema.ts'
import type { KeyOf, MetadataOf, RunContract, RunOf } from '../contract/types.ts'
import type { RunOptions, RunRef, StreamOptions } from './options.ts'
import type { Result } from './result.ts'
import type { StreamResult } from './stream-view.ts'
import { useContractRun } from './use-run.ts'
import { useRunMetadata } from './use-run-metadata.ts'
import { useRunStream } from './use-run-stream.ts'

export interface RunHooks<C extends RunContract> {
  useRun<T = RunOf<C>>(run: RunRef, options?: Omit<RunOptions<RunOf<C>, T>, 'schema'>): Result<'run', T>
  useRunMetadata<T = MetadataOf<C['metadata']>>(run: RunRef, options?: Omit<RunOptions<MetadataOf<C['metadata']>, T>, 'schema'>): Result<'metadata', T>
  useRunStream<K extends KeyOf<C['streams']>, A = undefined>(
    run: RunRef,
    stream: K,
    options?: Omit<StreamOptions<OutputOf<C['streams'][K]>, A>, 'schema'>,
  ): StreamResult<OutputOf<C['streams'][K]>, A>
}

/** @param contract - from `defineRun`; call this once, outside of components. */
export function createRunHooks<C extends RunContract>(contract: C): RunHooks<C> {
  return {
    useRun: (run, options) => useContractRun(contract, run, options),
    useRunMetadata: (run, options) => useRunMetadata<C['metadata'], never>(run, { ...options, schema: contract.metadata } as object) as never,
    useRunStream: (run, stream, options) => useRunStream<never, never>(run, stream, { ...options, schema: contract.streams[stream] } as object) as never,
  }
}
