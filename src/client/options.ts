// The options as they come from JavaScript: what cannot be meant is said at once, not by a request that fails later.
import { InvalidRequestError } from '../protocol/errors.ts'

/** An origin and a path; a query or a name before the host would carry a credential into logs. */
const BASE_URL = /^(https?:\/\/[^\s/?#@]+)?(\/[^\s?#]*)?$/i

/** @throws InvalidRequestError that names the option. */
export function checkOptions(options: object): void {
  const { transport, baseUrl, accessToken, fetch, linger } = options as { readonly [name: string]: unknown }
  const check = (isRight: boolean, name: string, what: string): void => {
    if (!isRight) throw new InvalidRequestError(`createRunClient: ${name} must be ${what}`, { name })
  }
  const isFunction = (value: unknown): boolean => value === undefined || typeof value === 'function'
  if (transport !== undefined) check(typeof (transport as { readonly stream?: unknown } | null)?.stream === 'function', 'transport', 'a RunTransport')
  else check(typeof baseUrl === 'string' && BASE_URL.test(baseUrl), 'baseUrl', "an http(s) address or a path without a query, or ''")
  // a line break would be refused by fetch as a TypeError, which looks like a lost network
  check(isFunction(accessToken) || (typeof accessToken === 'string' && /^[\x20-\x7e]*$/.test(accessToken)), 'accessToken', 'a token or a function')
  check(isFunction(fetch), 'fetch', 'a function')
  check(linger === undefined || (linger as number) >= 0, 'linger', 'ms, 0 or more')
}
