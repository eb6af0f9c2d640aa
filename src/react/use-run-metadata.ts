'use client'
import { anyObject } from '../contract/define-run.ts'
import type { LooseMetadata, MetadataOf, MetadataSchema } from '../contract/types.ts'
import type { Run } from '../protocol/run.ts'
import { type Reading, readDocument, strictly } from './judged-document.ts'
import type { RunOptions, RunRef } from './options.ts'
import { NO_ISSUES, type Result } from './result.ts'
import type { ReadRun } from './run-view.ts'
import { useRunValue } from './use-run-value.ts'

const asStored = (run: Run): Reading<never> => ({ good: { value: run.metadata as never }, issues: NO_ISSUES, raw: undefined, error: undefined })

export function readMetadata<M extends MetadataSchema>({ schema, mode }: Pick<RunOptions<never, never, M>, 'schema' | 'mode'>): ReadRun<MetadataOf<M>> {
  if (!schema || (schema as MetadataSchema) === anyObject) return asStored
  return (run, origin, before) => {
    const reading = readDocument<MetadataOf<M>>(origin, schema, { document: run.metadata, run }, before?.good)
    return mode === 'strict' ? strictly(reading) : reading
  }
}

/**
 * Follows a run's metadata, typed by a schema: one for the whole document, or one per key (then each key is judged alone).
 * A document that the schema refuses leaves the last good one in place, with `issues`; until there is a good one, the hook is pending.
 * @param run - its id or handle; without one the hook is disabled.
 */
export function useRunMetadata<M extends MetadataSchema = LooseMetadata, T = MetadataOf<M>>(
  run: RunRef,
  options: RunOptions<MetadataOf<M>, T, M> = {},
): Result<'metadata', T> {
  return useRunValue('metadata', run, readMetadata(options), options).result
}
