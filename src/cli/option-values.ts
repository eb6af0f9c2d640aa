// Values of options, checked before anything is done.
import { InvalidArgumentError } from 'commander'
import { parseKey } from '../protocol/path.ts'
import { toRunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import { MAX_KEY_LENGTH, NAME_PATTERN } from '../protocol/limits.ts'
import { RUN_STATUSES } from '../protocol/status.ts'
import { msOf } from '../task/duration.ts'

/** @returns a parser for commander, which names the option in its error. */
export const wholeNumber =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= min && value <= max) return value
    throw new InvalidArgumentError(`It is a whole number from ${min} to ${max}.`)
  }

/** Ms, or text such as 30s, 5m, 2h, 1d. */
export function duration(text: string): number {
  try {
    return msOf('it', /^\d+$/.test(text) ? Number(text) : text)
  } catch {
    throw new InvalidArgumentError('It is a length of time such as 30s, 5m, 2h or 1d, or ms as a number.')
  }
}

/** Of an option that may be given several times, and with commas. */
const listed = (text: string, before: readonly string[] = []): readonly string[] => [...before, ...text.split(',').filter((one) => one !== '')]

export function statuses(text: string, before?: readonly string[]): readonly string[] {
  const wanted = listed(text.toUpperCase(), before)
  const unknown = wanted.find((status) => !(RUN_STATUSES as readonly string[]).includes(status))
  if (unknown !== undefined) throw new InvalidArgumentError(`There are ${RUN_STATUSES.join(', ')}.`)
  return wanted
}

export const names = (text: string, before?: readonly string[]): readonly string[] => listed(text, before).map(name)

export function name(text: string): string {
  if (NAME_PATTERN.test(text)) return text
  throw new InvalidArgumentError('It is 1 to 128 letters, digits and . : / - _')
}

/** Of text that a variable may have been meant to bring, and did not. */
export function givenText(text: string): string {
  if (text.trim() !== '') return text
  throw new InvalidArgumentError('There is no text in it.')
}

/** Of what may be any text but none. */
export function someText(text: string): string {
  if (text.length >= 1 && text.length <= MAX_KEY_LENGTH) return text
  throw new InvalidArgumentError(`It is text of 1 to ${MAX_KEY_LENGTH} characters.`)
}

/** Of an option that may be given several times. */
export const texts = (text: string, before: readonly string[] = []): readonly string[] => [...before, text]

/** A key of metadata, or a path such as $.step.done. */
export function metadataKey(text: string): string {
  try {
    parseKey(text)
    return text
  } catch (thrown) {
    throw new InvalidArgumentError(toRunfeedError(thrown).message)
  }
}

/** @throws InvalidArgumentError saying what a shell may have done to it */
export function jsonText(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (thrown) {
    throw new InvalidArgumentError(`It is not JSON (${toRunfeedError(thrown).message}). Quote it for the shell: '{"n":1}', and text twice: '"text"'.`)
  }
}
