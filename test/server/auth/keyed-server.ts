// A server with keys of two namespaces on loopback, and requests by whoever holds what.
import { createPublicToken, createRunServer, memoryEngine, type PublicTokenContents, type RunServerOptions } from 'runfeed/server'
import type { Run } from 'runfeed'
import { onTestFinished } from 'vitest'
import { HEARTBEAT } from '../../support/server.ts'

export const KEY = 'sk_test_ours_0123456789abcdefghijklmn'
export const OTHER_KEY = 'sk_test_theirs_0123456789abcdefghijkl'
export const OTHER_NAMESPACE = 'theirs'

export interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly body: { readonly id: string; readonly publicAccessToken: string; readonly error?: { readonly type: string; readonly message: string } } & Run
  readonly text: string
  readonly headers: Headers
}

export interface KeyedServer {
  readonly url: string
  /** A request with a credential: a GET, or with a body a POST. */
  ask(credential: string | undefined, path: string, body?: unknown, init?: RequestInit): Promise<Answer>
  /** A feed's answer, to be read. */
  feed(credential: string | undefined, wants: readonly object[], signal?: AbortSignal): Promise<Response>
  /** Makes a run that waits for a worker. @returns its record */
  create(credential: string, run?: object): Promise<Run>
  close(): Promise<void>
}

export const bearer = (credential: string | undefined): Record<string, string> => (credential === undefined ? {} : { authorization: `Bearer ${credential}` })

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false
  const body = (isJson && text !== '' ? JSON.parse(text) : {}) as Answer['body']
  // an error never says what broke inside, nor what a key is
  if (text.includes(KEY) || text.includes(OTHER_KEY)) throw new Error(`an answer holds a secret key: ${text}`)
  return {
    status: response.status, // a run may have an error too
    type: response.ok ? undefined : body.error?.type,
    body,
    text,
    headers: response.headers,
  }
}

export async function startKeyedServer(options: Partial<RunServerOptions> = {}): Promise<KeyedServer> {
  const server = createRunServer({
    engine: memoryEngine(options.now ? { now: options.now } : {}),
    heartbeat: HEARTBEAT,
    auth: { secretKeys: [KEY, { secret: OTHER_KEY, namespace: OTHER_NAMESPACE }] },
    ...options,
  })
  const { url } = await server.listen()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= server.close())
  onTestFinished(close)
  const ask: KeyedServer['ask'] = async (credential, path, body, init = {}) => {
    const sent = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
    const headers = { ...bearer(credential), ...(body !== undefined && { 'content-type': 'application/json' }), ...(init.headers as Record<string, string>) }
    return await answerOf(await fetch(url + path, { ...sent, ...init, headers }))
  }
  return {
    url,
    close,
    ask,
    feed: async (credential, wants, signal) =>
      await fetch(`${url}/v1/feed`, {
        method: 'POST',
        headers: { ...bearer(credential), 'content-type': 'application/json' },
        body: JSON.stringify({ wants }),
        ...(signal && { signal }),
      }),
    create: async (credential, run = {}) => {
      const { status, text } = await ask(credential, '/v1/runs', { runs: [{ task: 'report', payload: null, ...run }] })
      if (status !== 201) throw new Error(text)
      return (JSON.parse(text) as { readonly runs: readonly Run[] }).runs[0] as Run
    },
  }
}

export const tokenFor = async (scopes: PublicTokenContents['scopes'], more: Partial<PublicTokenContents> = {}): Promise<string> =>
  await createPublicToken({ secretKey: KEY, scopes, ...more })
