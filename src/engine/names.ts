// Names that become part of keys, paths and patches: task ids, tags, stream keys.
import { InvalidRequestError } from '../protocol/errors.ts'
import { isForbiddenName } from '../protocol/json.ts'
import { NAME_PATTERN } from '../protocol/limits.ts'

/** @throws InvalidRequestError */
export function checkName(what: string, name: string): void {
  if (!NAME_PATTERN.test(name) || isForbiddenName(name)) {
    throw new InvalidRequestError(`${what} ${JSON.stringify(name)}: use 1 to 128 letters, digits and _ . : / -`, { field: what })
  }
}
