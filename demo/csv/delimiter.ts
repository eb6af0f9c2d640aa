// What separates the fields of a file. The name says comma; spreadsheets write what the country does.

export type Delimiter = ',' | ';' | '\t' | '|'

const NAMES: { readonly [delimiter in Delimiter]: string } = { ',': 'commas', ';': 'semicolons', '\t': 'tabs', '|': 'pipes' }

export const nameOfDelimiter = (delimiter: Delimiter): string => NAMES[delimiter]

/**
 * The one that the header has most often outside of quotes; a comma where none is ahead of it.
 * @param head - the beginning of the file.
 */
export function delimiterOf(head: string): Delimiter {
  const counts: { [delimiter in Delimiter]: number } = { ',': 0, ';': 0, '\t': 0, '|': 0 }
  let isQuoted = false
  for (const character of head) {
    // a doubled quote is two of them: nothing has changed behind it
    if (character === '"') isQuoted = !isQuoted
    else if (isQuoted) continue
    else if (character === '\n' || character === '\r') break
    else if (isDelimiter(character)) counts[character]++
  }
  let most: Delimiter = ','
  for (const delimiter of Object.keys(counts)) if (isDelimiter(delimiter) && counts[delimiter] > counts[most]) most = delimiter
  return most
}

const isDelimiter = (text: string): text is Delimiter => Object.hasOwn(NAMES, text)

/** `sep=;`, which Excel reads and is no header. It is separated by what it names, and so is the rest. */
export const isSeparatorLine = (fields: readonly string[]): boolean => fields.length === 2 && fields[0]?.toLowerCase() === 'sep=' && fields[1] === ''
