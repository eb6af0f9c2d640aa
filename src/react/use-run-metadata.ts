'use client'
import { anyObject } from '../contract/define-run.ts'
import type { LooseMetadata, MetadataOf, MetadataSchema } from '../contract/types.ts'
import { type Reading, readDocument, strictly } from './judged-document.ts'
import type { RunOptions, RunRef } from './options.ts'
import { NO_ISSUES, type Result } from './result.ts'
import type { ReadRun } from './run-view.ts'
import { useRunValue } from './use-run-value.ts'

const asStored: ReadRun<unknown> = (run) => ({ good: { value: run.metadata }, issues: NO_ISSUES, raw: undefined, error: undefined })

/**
 * Follows a run's metadata, typed by a schema: one for the whole document, or one per key (then each key is judged alone).
 * A document that the schema refuses leaves the last good one in place, with `issues`; until there is a good one, the hook is pending.
 * @param run - its id or handle; without one the hook is disabled.
 */
export function useRunMetadata<M extends MetadataSchema = LooseMetadata, T = MetadataOf<M>>(
  run: RunRef,
  options: RunOptions<MetadataOf<M>, T, M> = {},
): Result<'metadata', T> {
  const { schema, mode } = options
  const read: ReadRun<MetadataOf<M>> =
    !schema || (schema as MetadataSchema) === anyObject
      ? (asStored as ReadRun<MetadataOf<M>>)
      : (record, origin, before): Reading<MetadataOf<M>> => {
          const reading = readDocument<MetadataOf<M>>(origin, schema, { document: record.metadata, run: record }, before?.good)
          return mode === 'strict' ? strictly(reading) : reading
        }
  return useRunValue('metadata', run, read, options)
}
