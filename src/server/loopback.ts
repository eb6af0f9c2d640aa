// A server without keys answers this machine alone: a loopback `Host`, and no page of another origin (DNS rebinding, cross-site requests).
import { isIP } from 'node:net'
import { RunfeedError } from '../protocol/errors.ts'

/** `localhost`, any name below it (RFC 6761, 6.3), 127.0.0.0/8 and ::1. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/^\[|\]$/g, '')
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}

/**
 * @param peer - the address that the connection comes from, where that is known.
 * @param origins - pages that may ask beside the server's own.
 * @throws RunfeedError `forbidden`
 */
export function checkLoopback(request: Request, peer: string | undefined, origins: ReadonlySet<string> = new Set()): void {
  // a mounted handler may be reached from elsewhere, whatever its requests say
  if (peer !== undefined && !isLoopback(peer.replace(/^::ffff:/, '')))
    throw new RunfeedError('forbidden', `this server has no keys and answers this machine only, not ${peer}`)
  const url = new URL(request.url)
  const host = request.headers.get('host') ?? url.host
  let hostname: string
  try {
    hostname = new URL(`http://${host}`).hostname
  } catch {
    throw new RunfeedError('forbidden', 'the Host header is no host')
  }
  if (!isLoopback(hostname)) throw new RunfeedError('forbidden', `this server has no keys and answers loopback hosts only, not ${host}`)
  const origin = request.headers.get('origin')
  if (origin !== null && origin !== `http://${host}` && origin !== `https://${host}` && !origins.has(origin))
    throw new RunfeedError('forbidden', `this server has no keys and answers pages of its own origin only, not ${origin}`)
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * A write shows that no form of another page sent it: forms can choose neither this content type nor a header (Fetch, CORS-safelisted request-header).
 * Browsers that send no `Origin` with a form are held back by this alone.
 * @throws RunfeedError `unsupported_media_type`
 */
export function checkWrite({ method, headers }: Request): void {
  if (SAFE.has(method) || mediaType(headers) === 'application/json') return
  for (const name of headers.keys()) if (name.startsWith('x-runfeed')) return
  throw new RunfeedError('unsupported_media_type', 'a write says that no form sent it: send "content-type: application/json", or a header "x-runfeed: 1"')
}

const mediaType = (headers: Headers): string | undefined => headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
