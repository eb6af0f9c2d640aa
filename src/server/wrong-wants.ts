// Wants that are written wrongly. What is asked for beside one goes on, so it is denied alone, as far as it says what it is; a request of nothing else is refused.
import { z } from 'zod'
import { type ErrorBody, InvalidRequestError } from '../protocol/errors.ts'
import { queryName, type Want } from '../protocol/want.ts'

/** What one denial names. */
const MAX_PROBLEMS = 10

type Issue = z.core.$ZodIssue

/** What zod says of one. */
interface Wrong {
  readonly input: unknown
  readonly error: { readonly issues: readonly Issue[] }
}

/** What is known of one: what its `denied` frame names. */
class WrongWant {
  readonly run: string | undefined
  readonly stream: string | undefined
  readonly query: object | undefined
  readonly issues: readonly Issue[]

  constructor(value: unknown, issues: readonly Issue[]) {
    const { run, stream, query } = (value ?? {}) as { readonly [name: string]: unknown }
    this.run = typeof run === 'string' ? run : undefined
    this.stream = typeof stream === 'string' ? stream : undefined
    this.query = run === undefined && isNamed(query) ? query : undefined
    this.issues = issues
  }

  get hasName(): boolean {
    return this.run !== undefined || this.query !== undefined
  }
}

/** Whether its name can be said: the lists in it are sorted for that. */
function isNamed(query: unknown): query is object {
  try {
    return typeof query === 'object' && query !== null && typeof queryName(query) === 'string'
  } catch {
    return false
  }
}

/** The wants of a request; one that is wrong takes the others with it only where there are none, or where it does not say what it is. */
export const lenient = <W extends z.ZodType>(want: W, max: number): z.ZodType<readonly Want[]> =>
  z
    // asked without a value for what it would be by default, which is nothing
    .array(want.catch(((wrong?: Wrong) => wrong && new WrongWant(wrong.input, wrong.error.issues)) as never))
    .min(1)
    .max(max)
    .superRefine((wants, context) => {
      const areAllWrong = wants.every((one) => one instanceof WrongWant)
      for (const [at, one] of wants.entries())
        if (one instanceof WrongWant && (areAllWrong || !one.hasName))
          for (const { path, message } of one.issues) context.addIssue({ code: 'custom', path: [at, ...path], message })
    }) as unknown as z.ZodType<readonly Want[]>

/** Why each of those that are wrong is denied. */
export function denialsOf(wants: readonly Want[]): ReadonlyMap<Want, ErrorBody> {
  const denials = new Map<Want, ErrorBody>()
  for (const want of wants as readonly unknown[])
    if (want instanceof WrongWant) {
      const said = want.issues.slice(0, MAX_PROBLEMS).map(({ path, message }) => `${path.join('.').slice(0, 200) || 'want'}: ${message}`)
      denials.set(want as unknown as Want, new InvalidRequestError(said.join('; ')).toJSON())
    }
  return denials
}
