// Which options there are: misspelled, one would be left out without a word, and not every caller is checked by its types.
import { refused } from './duration.ts'

/** Every name of an options type, so that a new option cannot be forgotten. */
export type Names<O> = { readonly [name in keyof Required<O>]: true }

/** @throws InvalidRequestError naming the option that there is none of */
export function checkNames(options: object, names: { readonly [name: string]: true }): void {
  for (const [name, value] of Object.entries(options))
    if (value !== undefined && !Object.hasOwn(names, name)) throw refused(name, value, `it is no option; there are ${Object.keys(names).join(', ')}`)
}
