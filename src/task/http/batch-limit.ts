// How many runs a server elsewhere makes at once. A batch is one request, because all of it is made or nothing.
import { InvalidRequestError } from '../../protocol/errors.ts'
import { MAX_RUNS } from '../../protocol/limits.ts'

/** @throws InvalidRequestError for more than one request takes */
export function checkBatch(runs: readonly unknown[]): void {
  if (runs.length <= MAX_RUNS) return
  throw new InvalidRequestError(`a batch of ${runs.length} is more than a server elsewhere makes at once, ${MAX_RUNS}; start it in parts`, { field: 'items' })
}
