// A contract carries its parser: whoever is handed one can parse by it, and a bundle without contracts has no parser in it.
import { InvalidRequestError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import type { RunContract, RunOf } from './types.ts'

export type RunParser = (run: Run) => RunOf<RunContract>

/** Not enumerable: contracts are printed and compared by their schemas. */
export const PARSER = '~parse'

/** @throws InvalidRequestError for what `defineRun` has not made. */
export function parserOf(contract: RunContract): RunParser {
  const parser = (contract as { readonly [PARSER]?: RunParser })[PARSER]
  if (!parser) throw new InvalidRequestError('pass the contract that defineRun returned, not a copy')
  return parser
}
