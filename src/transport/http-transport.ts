// The feed and the REST API over fetch.
import { ConnectionError, type ErrorBody, HttpError, ProtocolError, RunfeedError } from '../protocol/errors.ts'
import { isJsonObject, type Json } from '../protocol/json.ts'
import { PROTOCOL_VERSION } from '../protocol/limits.ts'
import type { FeedRequest } from '../protocol/want.ts'
import { environment as browser, type Environment } from './environment.ts'
import { readFrames } from './read-frames.ts'
import type { RunTransport } from './run-transport.ts'

export type AccessToken = string | (() => string | Promise<string>)

export interface HttpTransportOptions {
  /** Where the server is, without `/v1`. `''` is the page's own origin. */
  readonly baseUrl: string
  /** Goes into the `authorization` header and never into a URL. A function is asked for every attempt, once for all that wait. */
  readonly accessToken?: AccessToken | undefined
  /** @defaultValue the global one */
  readonly fetch?: typeof fetch | undefined
}

/** A REST call's limit. */
const REQUEST_TIMEOUT_MS = 30_000

export function httpTransport(options: HttpTransportOptions, environment: Environment = browser): RunTransport {
  const base = options.baseUrl.replace(/\/+$/, '')
  const token = tokenReader(options.accessToken)

  async function attempt(method: string, path: string, accept: string, body: Json | undefined, signal: AbortSignal | undefined): Promise<Response> {
    const bearer = await token()
    const init: RequestInit = { method, headers: { accept, ...(bearer && { authorization: `Bearer ${bearer}` }) }, cache: 'no-store' }
    if (signal) init.signal = signal
    // without a body too: it is what a form of another page cannot say, and a server without keys asks every write for it
    if (method !== 'GET') (init.headers as { [name: string]: string })['content-type'] = 'application/json'
    if (body !== undefined) init.body = JSON.stringify(body)
    try {
      // called free of `options`: the global one refuses any other receiver
      const send = options.fetch ?? globalThis.fetch
      return await send(base + path, init)
    } catch (cause) {
      throw new ConnectionError(`${method} ${path} got no answer`, cause)
    }
  }

  async function send(method: string, path: string, accept: string, body?: Json, signal?: AbortSignal): Promise<Response> {
    let response = await attempt(method, path, accept, body, signal)
    // the token may have expired just now; a second refusal, of a fresh one, is meant
    if (response.status === 401 && typeof options.accessToken === 'function') {
      discard(response)
      response = await attempt(method, path, accept, body, signal)
    }
    if (!response.ok) throw await refusal(response, environment)
    return response
  }

  return {
    stream: (wants, signal) =>
      readFrames(async () => {
        const request: FeedRequest = { protocol: PROTOCOL_VERSION, wants }
        const response = await send('POST', '/v1/feed', 'text/event-stream', request as unknown as Json, signal)
        const type = response.headers.get('content-type') ?? 'none'
        if (type.startsWith('text/event-stream') && response.body) return response.body
        discard(response)
        throw new ProtocolError(
          `the feed answered with content type ${type} where text/event-stream was expected; does ${base || 'this origin'} serve runfeed?`,
        )
      }, signal),

    request: (method, path, body, signal) =>
      withTimeout(environment, signal, `${method} ${path}`, async (limited) => {
        const response = await send(method, path, 'application/json', body, limited)
        const broke = (cause: unknown): ConnectionError => new ConnectionError(`the answer to ${method} ${path} broke off`, cause)
        const text = await response.text().catch((cause: unknown) => {
          throw broke(cause)
        })
        if (response.status === 204) return null
        try {
          return JSON.parse(text) as Json
        } catch (cause) {
          // what says that it is JSON was cut short: proxies may end any body cleanly
          if (/^application\/json\b/i.test(response.headers.get('content-type') ?? '')) throw broke(cause)
          throw new ProtocolError(`${method} ${path} was answered with something that is not JSON; does ${base || 'this origin'} serve runfeed?`)
        }
      }),
  }
}

/** The token for one attempt. Attempts that ask at the same time share one answer: a refresh is one request. */
function tokenReader(accessToken: AccessToken | undefined): () => Promise<string | undefined> {
  let asked: Promise<string> | undefined
  return async () => {
    if (typeof accessToken !== 'function') return accessToken
    // asked from within a promise, so that it may throw at once as well
    asked ??= Promise.resolve()
      .then(accessToken)
      .finally(() => {
        asked = undefined
      })
    try {
      return await asked
    } catch (cause) {
      throw cause instanceof RunfeedError ? cause : new ConnectionError('accessToken failed', cause)
    }
  }
}

async function refusal(response: Response, environment: Environment): Promise<HttpError> {
  let body: Json = null
  try {
    body = JSON.parse(await response.text()) as Json
  } catch {
    // a proxy's page; the status says enough
  }
  const error = isJsonObject(body) && isJsonObject(body.error) && typeof body.error.type === 'string' ? (body.error as unknown as ErrorBody) : undefined
  return new HttpError(response.status, error, retryAfter(response.headers.get('retry-after'), environment.now()))
}

/** Seconds or a date (RFC 9110, 10.2.3), as ms from now. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (!header) return undefined
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isNaN(ms) ? undefined : Math.max(0, ms)
}

/** An answer that nobody reads keeps its connection. */
const discard = (response: Response): void => void response.body?.cancel().catch(() => {})

/** Without it a call hangs for ever where six feeds of one origin hold all connections of HTTP/1.1. */
async function withTimeout<T>(environment: Environment, signal: AbortSignal | undefined, what: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  // AbortSignal.any and .timeout are younger than what we run on
  const controller = new AbortController()
  const abort = (): void => controller.abort(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort)
  let late = false
  const cancel = environment.setTimer(() => {
    late = true
    controller.abort()
  }, REQUEST_TIMEOUT_MS)
  try {
    return await call(controller.signal)
  } catch (thrown) {
    if (late) throw new ConnectionError(`${what} was not answered within ${REQUEST_TIMEOUT_MS / 1000} s`)
    if (signal?.aborted) throw signal.reason
    throw thrown
  } finally {
    cancel()
    signal?.removeEventListener('abort', abort)
  }
}
