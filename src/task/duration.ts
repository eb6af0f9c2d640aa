// Lengths of time as users write them.
import { InvalidRequestError } from '../protocol/errors.ts'

/** Ms as a number, or text: seconds, minutes, hours or days (`'30s'`, `'5m'`, `'2h'`, `'1d'`). */
export type Duration = number | `${number}${keyof typeof UNITS}`

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/**
 * @param option - what the error names.
 * @returns ms, from 0.
 * @throws InvalidRequestError
 */
export function msOf(option: string, given: unknown): number {
  if (typeof given === 'number' && Number.isFinite(given) && given >= 0) return Math.round(given)
  const match = typeof given === 'string' ? /^(\d+(?:\.\d+)?)([smhd])$/.exec(given) : null
  if (!match) throw refused(option, given, `it is ms as a number, or text such as '30s', '5m', '2h' or '1d'`)
  return Math.round(Number(match[1]) * UNITS[match[2] as keyof typeof UNITS])
}

/** The same, more than 0. @throws InvalidRequestError */
export function positiveMsOf(option: string, given: unknown): number {
  const ms = msOf(option, given)
  if (ms > 0) return ms
  throw refused(option, given, 'it is more than 0; leave it out for no limit')
}

/** One error for every option that is not what it may be. */
export function refused(option: string, given: unknown, what: string): InvalidRequestError {
  // a string keeps its quotes: '5' and 5 are told apart
  const shown = typeof given === 'string' ? JSON.stringify(given) : String(given)
  return new InvalidRequestError(`${option}: ${shown} is not accepted; ${what}`, { field: option })
}

/** @throws InvalidRequestError */
export function countOf(option: string, given: unknown, least = 1): number {
  if (typeof given === 'number' && Number.isSafeInteger(given) && given >= least) return given
  throw refused(option, given, `it is a whole number from ${least}`)
}
