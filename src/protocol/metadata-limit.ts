// The size that metadata may have, as the environment says it: `TASK_RUN_METADATA_MAXIMUM_SIZE`, for an engine that is given none, and for a
// worker whose server does not say its own.
import { InvalidRequestError } from './errors.ts'
import { MAX_METADATA_BYTES } from './limits.ts'

/**
 * @param text - the variable as it is.
 * @returns bytes of JSON; 262,144 where it is not set.
 * @throws InvalidRequestError when it is no whole number of bytes.
 */
export function metadataLimitOf(text: string | undefined): number {
  if (text === undefined || text === '') return MAX_METADATA_BYTES
  const bytes = Number(text)
  if (!Number.isInteger(bytes) || bytes < 2)
    throw new InvalidRequestError(`TASK_RUN_METADATA_MAXIMUM_SIZE is "${text}"; set a whole number of bytes, such as 16384`)
  return bytes
}
