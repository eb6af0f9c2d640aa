// Calls of a server's REST API: address, key, JSON, time limit. Every failure is one of two errors, so that `retryable` decides alone: the
// server said no (HttpError, with its type), or there was no whole answer (ConnectionError).
import { ConnectionError, type ErrorBody, HttpError, InvalidRequestError, ProtocolError } from '../../protocol/errors.ts'
import { isJsonObject, type Json } from '../../protocol/json.ts'
import { ServerClock } from './server-clock.ts'
import { Turnstile } from './turnstile.ts'

export interface ApiOptions {
  /** Where the server is, without `/v1`. */
  readonly url: string
  /** Goes into the `authorization` header. @defaultValue none, for a server of this machine that has no keys */
  readonly secretKey?: string | undefined
  /** @defaultValue the global one */
  readonly fetch?: typeof fetch | undefined
}

export interface Answer {
  readonly body: Json
  readonly headers: Headers
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH'

/** One call's limit, its answer included. */
const REQUEST_TIMEOUT_MS = 30_000
/** Event streams do not count. */
const CALLS_AT_ONCE = 32

export class Api {
  readonly clock: ServerClock = new ServerClock()
  readonly #base: string
  readonly #secretKey: string | undefined
  readonly #fetch: typeof fetch | undefined
  readonly #turnstile = new Turnstile(CALLS_AT_ONCE)

  /** @throws InvalidRequestError for what is no address, or one with a credential in it */
  constructor({ url, secretKey, fetch }: ApiOptions) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (!parsed?.protocol.startsWith('http')) throw new InvalidRequestError(`"${url}" is no address of a server; use one such as http://127.0.0.1:4680`)
    if (/[?#]/.test(url) || parsed.username + parsed.password !== '')
      throw new InvalidRequestError('the address of the server has a query or a password in it, which would go into logs; say the key by `secretKey` instead')
    this.#base = url.replace(/\/+$/, '')
    this.#secretKey = secretKey
    this.#fetch = fetch
  }

  /** @throws HttpError, ConnectionError; ProtocolError where something else than runfeed answers */
  async call(method: Method, path: string, body?: unknown): Promise<Answer> {
    return await this.#turnstile.pass(async () => await this.#call(method, path, body))
  }

  async #call(method: Method, path: string, body: unknown): Promise<Answer> {
    const controller = new AbortController()
    const timer = setTimeout(
      () => controller.abort(new ConnectionError(`${method} ${path} was not answered within ${REQUEST_TIMEOUT_MS / 1000} s`)),
      REQUEST_TIMEOUT_MS,
    )
    try {
      const response = await this.#send(method, path, 'application/json', body, controller.signal)
      const text = await textOf(response, `${method} ${path}`)
      return { body: response.status === 204 ? null : this.#parse(text, response, `${method} ${path}`), headers: response.headers }
    } catch (thrown) {
      throw controller.signal.aborted ? controller.signal.reason : thrown
    } finally {
      clearTimeout(timer)
    }
  }

  /** The body of an event stream. @throws HttpError, ConnectionError, ProtocolError */
  async open(path: string, body: unknown, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const response = await this.#send('POST', path, 'text/event-stream', body, signal)
    const type = response.headers.get('content-type') ?? 'none'
    if (type.startsWith('text/event-stream') && response.body) return response.body
    void response.body?.cancel().catch(() => {})
    throw new ProtocolError(`POST ${path} was answered with content type ${type} where text/event-stream was expected; does ${this.#base} serve runfeed?`)
  }

  async #send(method: Method, path: string, accept: string, body: unknown, signal: AbortSignal): Promise<Response> {
    // a server without keys asks for what no form of another page can send, of calls without a body too
    const headers: { [name: string]: string } = { accept, 'x-runfeed': '1' }
    if (this.#secretKey) headers['authorization'] = `Bearer ${this.#secretKey}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    // called free of `this`: the global one refuses any other receiver
    const send = this.#fetch ?? globalThis.fetch
    const init: RequestInit = { method, headers, signal, ...(body !== undefined && { body: JSON.stringify(body) }) }
    const response = await send(this.#base + path, init).catch((cause: unknown) => {
      throw new ConnectionError(`${method} ${path} got no answer from ${this.#base}: ${reasonOf(cause)}`, cause)
    })
    this.clock.hear(response.headers)
    if (!response.ok) throw await refusal(response, `${method} ${path}`)
    return response
  }

  #parse(text: string, { headers }: Response, what: string): Json {
    try {
      return JSON.parse(text) as Json
    } catch (cause) {
      if (isJson(headers)) throw brokeOff(what, cause)
      throw new ProtocolError(`${what} was answered with something that is not JSON; does ${this.#base} serve runfeed?`)
    }
  }
}

/** What says that it is JSON and is none was cut short: proxies may end any body cleanly. */
const isJson = (headers: Headers): boolean => /^application\/json\b/i.test(headers.get('content-type') ?? '')
const brokeOff = (what: string, cause: unknown): ConnectionError => new ConnectionError(`the answer to ${what} broke off`, cause)

async function textOf(response: Response, what: string): Promise<string> {
  return await response.text().catch((cause: unknown) => {
    throw brokeOff(what, cause)
  })
}

/** @throws ConnectionError for half a refusal: without its type nobody knows what was refused */
async function refusal(response: Response, what: string): Promise<HttpError> {
  const text = await textOf(response, what)
  let body: Json = null
  try {
    body = JSON.parse(text) as Json
  } catch (cause) {
    // else a proxy's page, whose status says enough
    if (isJson(response.headers)) throw brokeOff(what, cause)
  }
  const error = isJsonObject(body) && isJsonObject(body.error) && typeof body.error.type === 'string' ? (body.error as unknown as ErrorBody) : undefined
  return new HttpError(response.status, error, retryAfterOf(response.headers.get('retry-after')))
}

/** Seconds or a date (RFC 9110, 10.2.3), as ms from now. */
function retryAfterOf(header: string | null): number | undefined {
  if (!header) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** `fetch failed` says nothing; its cause (ECONNREFUSED) does. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  return thrown.cause === undefined ? thrown.message : reasonOf(thrown.cause)
}
