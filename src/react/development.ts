// What only development builds do: bundlers replace `process.env.NODE_ENV`, and what is behind it is not in a production build.
// Callers ask for it themselves, so that their texts go too.
import { ownAddresses } from '../client/insides.ts'
import type { Issue } from '../contract/judge.ts'
import { RunfeedError } from '../protocol/errors.ts'

export function warn(message: string): void {
  console.warn(`runfeed: ${message}`)
}

const told = new Set<string>()
/** @param message - one of a few texts: each is told once per page. */
export function warnOnce(message: string): void {
  if (told.has(message)) return
  told.add(message)
  warn(message)
}

const named = new WeakMap<object, Set<string>>()
function isFirst(of: object, text: string): boolean {
  let texts = named.get(of)
  if (!texts) named.set(of, (texts = new Set()))
  return texts.size < texts.add(text).size
}
/**
 * What a schema refuses and was not named before: each path of it once, in whichever version, part or element of a list.
 * @param origin - what is judged. An inline schema is another one in each render, and says the same of it.
 */
export function unnamed(schema: object, origin: object, issues: readonly Issue[]): readonly Issue[] {
  return issues.filter(({ path, message }) => {
    const where = path.map((key) => (typeof key === 'number' ? '*' : key)).join('.')
    const isNew = isFirst(schema, where)
    return isFirst(origin, `${where}: ${message}`) && isNew
  })
}

/** @throws RunfeedError `invalid_schema`, for what is none: without, it would be of `undefined` and `validate`. */
export function checkSchema(schema: { readonly '~standard'?: unknown } | undefined): void {
  if (!schema?.['~standard'])
    throw new RunfeedError(
      'invalid_schema',
      'this is no Standard Schema: pass one that zod, valibot or arktype made, or for metadata an object with one per key; a contract goes to createRunHooks',
    )
}

/** So many renders in a row with another object each time: it is made in render. */
const RENDERS = 3

/** Counts how often in a row a value was another one. */
export class ChangeCount {
  #value: unknown
  #changes = 0
  /** @returns whether it is made in each render. Said once. */
  isMadePerRender(value: unknown): boolean {
    this.#changes = value !== undefined && this.#value !== undefined && value !== this.#value ? this.#changes + 1 : 0
    this.#value = value
    return this.#changes === RENDERS
  }
}

const MANY_RUNS = 25
const followed = new WeakMap<object, Map<object, number>>()

/** @param connection - names the client. @param by - 1 when something begins to be followed, -1 when it ends. */
export function countFollowed(connection: object, source: object, by: 1 | -1): void {
  let sources = followed.get(connection)
  if (!sources) followed.set(connection, (sources = new Map()))
  const count = (sources.get(source) ?? 0) + by
  if (count > 0) sources.set(source, count)
  else sources.delete(source)
  const address = ownAddresses.get(connection)
  if (sources.size <= MANY_RUNS || address === undefined || typeof location === 'undefined') return
  if (/^http:/i.test(address) || (location.protocol === 'http:' && !/^https:/i.test(address)))
    warnOnce(
      `this page follows more than ${MANY_RUNS} runs and streams over http. Without HTTP/2 a browser opens six connections to an origin for all its tabs together, and each tab holds one: serve it over https or share one by acrossTabs(), and follow a list by useRuns instead of one by one`,
    )
}
