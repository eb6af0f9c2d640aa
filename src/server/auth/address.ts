// Where a request comes from. `X-Forwarded-For` is what its sender likes it to be, but for what our own proxies have added at its end.
import { InvalidRequestError } from '../../protocol/errors.ts'

/** @throws InvalidRequestError. @returns how many proxies add to `X-Forwarded-For`. */
export function proxiesOf(trustProxy: boolean | number | undefined): number {
  if (trustProxy === undefined || trustProxy === false) return 0
  if (trustProxy === true) return 1
  if (Number.isSafeInteger(trustProxy) && trustProxy >= 0) return trustProxy
  throw new InvalidRequestError('trustProxy is how many proxies of yours stand before the server, or true for one', { field: 'trustProxy' })
}

/**
 * @param peer - the other end of the connection, where that is known.
 * @param proxies - how many of ours have each added the address that it saw.
 */
export function addressOf(headers: Headers, peer: string | undefined, proxies: number): string | undefined {
  if (proxies === 0) return peer?.replace(/^::ffff:/, '')
  const seen = (headers.get('x-forwarded-for') ?? '').split(',').map((one) => one.trim())
  // fewer than there are proxies: it did not come through all of them
  return seen.at(-proxies) || peer?.replace(/^::ffff:/, '')
}
