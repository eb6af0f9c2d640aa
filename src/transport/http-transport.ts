// The feed and the REST API over fetch.
import { ConnectionError, type ErrorBody, HttpError, ProtocolError, RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import { PROTOCOL_VERSION } from '../protocol/limits.ts'
import type { FeedRequest } from '../protocol/want.ts'
import { environment as browser, type Environment } from './environment.ts'
import { type FrameBody, readFrames } from './read-frames.ts'
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

/**
 * The limit of a REST call and of a token. Without it a call hangs for ever where six feeds of one origin hold all connections of HTTP/1.1, and with a
 * token function that never answers so does the client.
 */
const REQUEST_TIMEOUT_MS = 30_000

export function httpTransport({ baseUrl, accessToken, fetch: own }: HttpTransportOptions, environment: Environment = browser): RunTransport {
  const base = baseUrl.replace(/\/+$/, '')
  const isAsked = typeof accessToken === 'function'
  let asked: Promise<string> | undefined

  /** The answer, unless it is late or `signal` gives it up: whether or not what is asked takes notice of a signal, as not every `fetch` does. */
  function inTime<T>(what: string, ask: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    // AbortSignal.any and .timeout are younger than what we run on
    const controller = new AbortController()
    // asked first: what it waits for itself has its own limit, and says more
    const answer = ask(controller.signal)
    let settle = (): void => {}
    const givenUp = new Promise<never>((_, reject) => {
      const giveUp = (reason: unknown): void => {
        reject(reason)
        controller.abort()
      }
      const abort = (): void => giveUp(signal?.reason)
      const late = (): void => giveUp(new ConnectionError(`${what} was not answered within ${REQUEST_TIMEOUT_MS / 1000} s`))
      const cancel = environment.setTimer(late, REQUEST_TIMEOUT_MS)
      signal?.addEventListener('abort', abort)
      settle = () => {
        cancel()
        signal?.removeEventListener('abort', abort)
      }
    })
    return Promise.race([givenUp, answer]).finally(settle)
  }

  /** The token for one attempt. Attempts that ask at the same time share one answer: a refresh is one request. */
  async function token(): Promise<string | undefined> {
    if (!isAsked) return accessToken
    // an async function, so that it may throw at once as well
    asked ??= inTime('accessToken', async () => await accessToken()).finally(() => {
      asked = undefined
    })
    try {
      return await asked
    } catch (cause) {
      throw cause instanceof RunfeedError ? cause : new ConnectionError('accessToken failed', cause)
    }
  }

  /** @param left - called with when it left, and with nothing while it waits for a token. */
  async function send(
    method: string,
    path: string,
    accept: string,
    body: Json | undefined,
    signal: AbortSignal,
    given?: string,
    left?: (at?: number) => void,
  ): Promise<Response> {
    for (let isAgain = false; ; isAgain = true) {
      left?.()
      const bearer = given ?? (await token())
      left?.(environment.now())
      // every write says it, one without a body too: a keyless server takes no write that a form of another page could have sent
      const headers = { accept, ...(bearer && { authorization: `Bearer ${bearer}` }), ...(method !== 'GET' && { 'content-type': 'application/json' }) }
      // called free of the options: the global one refuses any other receiver. No value has no text, which is no body
      const response = await (own ?? fetch)(base + path, { method, headers, cache: 'no-store', signal, body: JSON.stringify(body) }).catch((cause: unknown) => {
        throw new ConnectionError(`${method} ${path} got no answer`, cause)
      })
      if (response.ok) return response
      // the token may have expired just now; a second refusal, of a fresh one, is meant
      if (response.status !== 401 || !isAsked || isAgain || given !== undefined) throw await refusal(response, environment)
      discard(response)
    }
  }

  const notOurs = (what: string, was: string): ProtocolError =>
    new ProtocolError(`${what} was answered with ${was}; does ${base || 'this origin'} serve runfeed?`)

  return {
    origin: base,
    token,
    isRenewable: isAsked,

    stream(wants, signal, isPoll = false) {
      let leftAt: number | undefined
      const open = async (): Promise<FrameBody> => {
        const request: FeedRequest = { protocol: PROTOCOL_VERSION, wants, ...(isPoll && { poll: true }) }
        const left = (at?: number): void => {
          leftAt = at
        }
        const response = await send('POST', '/v1/feed', 'text/event-stream', request as unknown as Json, signal, undefined, left)
        const type = response.headers.get('content-type') ?? 'none'
        if (/^text\/event-stream/i.test(type)) {
          if (response.body) return response.body
          if (isPoll) return await response.text()
          throw new RunfeedError('no_body_stream', 'this fetch streams no body; pass `poll: poll()`')
        }
        discard(response)
        throw notOurs('the feed', `content type ${type}`)
      }
      return Object.assign(readFrames(open, signal), { leftAt: () => leftAt ?? environment.now() })
    },

    async request(method, path, body, signal, given) {
      const what = `${method} ${path}`
      if (signal?.aborted) throw signal.reason
      const ask = async (ended: AbortSignal): Promise<Json> => {
        const response = await send(method, path, 'application/json', body, ended, given)
        const broke = (cause: unknown): never => {
          throw new ConnectionError(`the answer to ${what} broke off`, cause)
        }
        const text = await response.text().catch(broke)
        if (response.status === 204) return null
        try {
          return JSON.parse(text) as Json
        } catch (cause) {
          // what says that it is JSON was cut short: proxies may end any body cleanly
          if (/^application\/json\b/i.test(response.headers.get('content-type') ?? '')) broke(cause)
          throw notOurs(what, 'no JSON')
        }
      }
      return await inTime(what, ask, signal)
    },
  }
}

async function refusal(response: Response, environment: Environment): Promise<HttpError> {
  // a proxy's page; the status says enough
  const body = (await response.json().catch(() => null)) as { readonly error?: ErrorBody | null } | null
  const error = typeof body?.error?.type === 'string' ? body.error : undefined
  // seconds or a date (RFC 9110, 10.2.3)
  const after = response.headers.get('retry-after') ?? ''
  const ms = /^\d+$/.test(after) ? Number(after) * 1000 : Date.parse(after) - environment.now()
  return new HttpError(response.status, error, Number.isNaN(ms) ? undefined : Math.max(0, ms))
}

/** An answer that nobody reads keeps its connection. */
const discard = (response: Response): void => void response.body?.cancel().catch(() => {})
