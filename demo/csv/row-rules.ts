// Which rows are accepted. A reason is one of few sentences, never made of the row's own text: reasons are counted by their words.
import { z } from 'zod'

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

export const reasonToReject = (rule: RowRule, fields: readonly string[], expected: number): string | undefined => checks[rule](fields, expected)
