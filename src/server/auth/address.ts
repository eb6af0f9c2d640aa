// Where a request comes from. `X-Forwarded-For` is what its sender likes it to be, but for what our own proxies have added at its end.
import { isIP } from 'node:net'
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
 * @returns an IPv4 address, or an IPv6 network of 64 bits: one line has a whole one, and may change its address with each request.
 */
export function addressOf(headers: Headers, peer: string | undefined, proxies: number): string | undefined {
  const seen = proxies === 0 ? [] : (headers.get('x-forwarded-for') ?? '').split(',').map((one) => one.trim())
  // fewer than there are proxies: it did not come through all of them
  const address = (proxies > 0 && seen.at(-proxies)) || peer
  return address === undefined ? undefined : networkOf(withoutPort(address))
}

/** Some proxies add the port, which is another for each connection. */
const withoutPort = (address: string): string => /^\[([^\]]*)\](?::\d+)?$/.exec(address)?.[1] ?? /^([\d.]+):\d+$/.exec(address)?.[1] ?? address

function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [before = '', after] = (address.split('%')[0] as string).split('::')
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'))
  const [first, last] = [groups(before), groups(after ?? '')]
  // the last group may be an IPv4 address, which stands for two
  const missing = 8 - first.length - last.length - (address.includes('.') ? 1 : 0)
  const all = after === undefined ? first : [...first, ...Array.from({ length: missing }, () => '0'), ...last]
  const head = all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
  return `${head.join(':')}::/64`
}
