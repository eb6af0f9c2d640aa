// The size that metadata may have, in bytes of its JSON.
import { InvalidRequestError } from '../protocol/errors.ts'
import { MAX_METADATA_BYTES } from '../protocol/limits.ts'

/**
 * `TASK_RUN_METADATA_MAXIMUM_SIZE`, else 262,144.
 * @throws InvalidRequestError when the variable is no whole number of bytes.
 */
export function metadataLimit(): number {
  const text = process.env['TASK_RUN_METADATA_MAXIMUM_SIZE']
  if (text === undefined || text === '') return MAX_METADATA_BYTES
  const bytes = Number(text)
  if (!Number.isInteger(bytes) || bytes < 2)
    throw new InvalidRequestError(`TASK_RUN_METADATA_MAXIMUM_SIZE is "${text}"; set a whole number of bytes, such as 16384`)
  return bytes
}
