// Where a page of a list goes on: what `next` of the page before said.
import { InvalidRequestError } from '../protocol/errors.ts'

/** @throws InvalidRequestError when it is none */
export function placeOf(after: string): number {
  if (!/^\d{1,15}$/.test(after)) throw new InvalidRequestError('after is not the `next` of a page')
  return Number(after)
}
