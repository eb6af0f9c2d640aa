// Which rows are accepted. A reason is one of few sentences, never made of the row's own text: reasons are counted by their words.
import { z } from 'zod'
import { MAX_FIELD_LENGTH } from './limits.ts'
import type { Cut } from './read-csv.ts'

export type RowRule = 'airports' | 'any'
/** Why a row is rejected, or `undefined`. */
export type RowCheck = (fields: readonly string[], width: number) => string | undefined

const present = z
  .string()
  .trim()
  .min(1)
  .refine((text) => text !== 'NA')
const degrees = (limit: number) => z.string().trim().min(1).transform(Number).pipe(z.number().min(-limit).max(limit))

const airport = z.object({
  iata: z.string().regex(/^[0-9A-Z]{3,4}$/),
  name: present,
  city: present,
  state: present,
  country: present,
  latitude: degrees(90),
  longitude: degrees(180),
})
const COLUMNS = Object.keys(airport.shape)

const LIST = new Intl.ListFormat('en')

const nonEmpty = z.string().min(1)

const width: RowCheck = (fields, expected) =>
  fields.length < expected ? 'fewer fields than the header' : fields.length > expected ? 'more fields than the header' : undefined

/** What NUL bytes, and bytes that are not UTF-8, have become. */
// eslint-disable-next-line no-control-regex
const BROKEN = /[\0\uFFFD]/

const checks: { readonly [rule in RowRule]: RowCheck } = {
  airports: (fields, expected) => {
    const ragged = width(fields, expected)
    if (ragged) return ragged
    const result = airport.safeParse(Object.fromEntries(COLUMNS.map((column, index) => [column, fields[index]])))
    if (result.success) return undefined
    const wrong = [...new Set(result.error.issues.map(({ path }) => String(path[0])))]
    return wrong.length === 1 ? `${wrong[0]} is missing or not valid` : `${LIST.format(wrong)} are missing or not valid`
  },
  any: (fields, expected) => width(fields, expected) ?? (nonEmpty.safeParse(fields[0]).success ? undefined : 'the first field is empty'),
}

const TOO_LONG: { readonly [cut in Cut]: string } = {
  field: `a field is longer than ${MAX_FIELD_LENGTH.toLocaleString('en')} characters`,
  row: 'the row is longer than 1 MB',
}

/** @param cut - what was too long, and is not here whole. */
export function reasonToReject(rule: RowRule, fields: readonly string[], expected: number, cut: Cut | undefined): string | undefined {
  if (cut) return TOO_LONG[cut]
  if (fields.some((field) => BROKEN.test(field))) return 'a field holds a NUL or is not UTF-8 text'
  return checks[rule](fields, expected)
}
