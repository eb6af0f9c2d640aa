// Names that become part of keys, paths and patches: task ids, tags, stream keys, namespaces, ids and writers that somebody else chose.
import type { Writer } from '../protocol/engine.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import { isForbiddenName } from '../protocol/json.ts'
import { MAX_TAGS, NAME_PATTERN } from '../protocol/limits.ts'

/** @throws InvalidRequestError */
export function checkName(what: string, name: string): void {
  if (!NAME_PATTERN.test(name) || isForbiddenName(name)) {
    throw new InvalidRequestError(`${what} ${JSON.stringify(name)}: use 1 to 128 letters, digits and _ . : / -`, { field: what })
  }
}

/** @throws InvalidRequestError */
export function checkTagCount(tags: readonly string[]): void {
  if (tags.length > MAX_TAGS)
    throw new InvalidRequestError(`a run has ${MAX_TAGS} tags at most, not ${tags.length}; what is for nobody to search by is metadata`, { field: 'tags' })
}

const RUN_ID = /^run_[0-9a-z]{20}$/

/** @throws InvalidRequestError */
export function checkRunId(id: string): void {
  if (!RUN_ID.test(id)) throw new InvalidRequestError(`${JSON.stringify(id)} is no id of a run; make one with newRunId()`, { field: 'id' })
}

/** @throws InvalidRequestError */
export function checkWriter({ id, sequence }: Writer): void {
  checkName('writer', id)
  if (!Number.isSafeInteger(sequence) || sequence < 0) throw new InvalidRequestError(`sequence is ${sequence}; it is a whole number`, { field: 'sequence' })
}
