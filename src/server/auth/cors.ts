// Pages of other origins: none, unless they are named. Credentials are headers that a page sets itself; cookies are never allowed.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { InvalidRequestError, RunfeedError } from '../../protocol/errors.ts'

export interface CorsOptions {
  /** Such as 'https://app.example'; `['*']` is every one. */
  readonly origins: readonly string[]
}

type HeaderList = Readonly<Record<string, string>>

/** Browsers keep what a preflight said for so long, in seconds; Chromium takes two hours at most. */
const MAX_AGE = '7200'

export class Cors {
  /** The origins that were named. */
  readonly origins: ReadonlySet<string>
  readonly #isOpen: boolean

  /** @throws InvalidRequestError naming what is no origin */
  constructor({ origins }: CorsOptions = { origins: [] }) {
    if (!Array.isArray(origins)) throw new InvalidRequestError('cors.origins is a list of origins', { field: 'cors' })
    this.#isOpen = origins.includes('*')
    for (const origin of origins as readonly string[])
      if (origin !== '*' && !isOrigin(origin))
        throw new InvalidRequestError(`cors.origins: ${JSON.stringify(origin)} is no origin; it is scheme, host and port, as in "https://app.example"`, {
          field: 'cors',
        })
    this.origins = new Set(origins as readonly string[])
  }

  /** What an answer to this page has beside its own headers. */
  headersFor(method: string, origin: string | null): HeaderList {
    if (this.origins.size === 0) return {}
    // a cache must not give one page's answer to another
    const vary: HeaderList = this.#isOpen ? {} : { vary: 'Origin' }
    if (origin === null || !this.#allows(origin)) return vary
    return {
      ...vary,
      'access-control-allow-origin': this.#isOpen ? '*' : origin,
      'access-control-expose-headers': 'ETag, Retry-After',
      ...(method === 'OPTIONS' && {
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH',
        'access-control-allow-headers': 'Authorization, Content-Type, If-None-Match, Last-Event-ID, X-Runfeed',
        'access-control-max-age': MAX_AGE,
      }),
    }
  }

  /** Before anything is answered: a feed writes its own headers. */
  writeTo({ url = '', method = 'GET', headers }: IncomingMessage, response: ServerResponse): void {
    if (!isApi(url)) return
    const { origin = null } = headers
    // a host's own Vary stays
    for (const [name, value] of Object.entries(this.headersFor(method, origin))) response.appendHeader(name, value)
  }

  /** The same for hosts that take a Fetch response. */
  addTo({ url, method, headers }: Request, response: Response): Response {
    const own = Object.entries(isApi(new URL(url).pathname) ? this.headersFor(method, headers.get('origin')) : {})
    if (own.length === 0) return response
    const { body, status, statusText } = response
    return new Response(body, { status, statusText, headers: [...response.headers, ...own] })
  }

  /** The answer to a preflight: a browser asks whether it may ask. */
  preflight({ method, headers }: Request): Response | undefined {
    if (method !== 'OPTIONS' || !headers.has('access-control-request-method')) return undefined
    const origin = headers.get('origin') ?? ''
    if (this.#allows(origin)) return new Response(null, { status: 204 })
    throw new RunfeedError('forbidden', `pages of ${origin} may not ask this server; name the origin in createRunServer({ cors: { origins } })`)
  }

  #allows(origin: string): boolean {
    return this.#isOpen || this.origins.has(origin)
  }
}

/** A page of the fallback is the host's own. */
const isApi = (path: string): boolean => path.startsWith('/v1/')

function isOrigin(text: string): boolean {
  try {
    return typeof text === 'string' && new URL(text).origin === text
  } catch {
    return false
  }
}
