import { createRunServer, memoryEngine } from 'runfeed/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { KEY, OTHER_KEY, startKeyedServer, tokenFor } from './keyed-server.ts'

const thrownBy = (work: () => unknown): { readonly type?: string; readonly message?: string } => {
  try {
    work()
  } catch (thrown) {
    return thrown as Error
  }
  return {}
}
const serverWith = (secretKeys: unknown): unknown => createRunServer({ engine: memoryEngine(), auth: { secretKeys: secretKeys as string[] } })

describe('secret keys', () => {
  test.each([
    ['none', []],
    ['one that is not set', [undefined]],
    ['a short one', ['sk_0123456789012345678901234567']],
    ['one with a line break', [`${KEY}\n`]],
    ['the same twice', [KEY, { secret: KEY, namespace: 'x' }]],
    ['no list', KEY],
  ])('%s: the server is not made, and the error does not show it', (_name, keys) => {
    const { type, message } = thrownBy(() => serverWith(keys))
    expect(type).toBe('invalid_secret_key')
    expect(message).not.toContain('sk_0123')
    expect(message).not.toContain(KEY)
  })

  test('a key that is refused comes with the line that makes a good one', () => {
    const { message } = thrownBy(() => serverWith(['short']))
    expect(message).toContain('randomBytes(32)')
  })

  test('a namespace that is no name is refused', () => {
    expect(thrownBy(() => serverWith([{ secret: KEY, namespace: 'a b' }]))).toMatchObject({ type: 'invalid_secret_key' })
  })

  test('a server with keys listens beyond loopback, and answers any Host', async () => {
    const server = createRunServer({ engine: memoryEngine(), auth: { secretKeys: [KEY] } })
    onTestFinished(() => server.close())
    const { port } = await server.listen({ host: '0.0.0.0' })
    const response = await fetch(`http://127.0.0.1:${port}/v1/runs`, { headers: { authorization: `Bearer ${KEY}` } })
    expect(response.status).toBe(200)
    expect((await server.fetch(new Request('https://runs.example/v1/runs', { headers: { authorization: `bearer ${KEY}` } }))).status).toBe(200)
  })

  test.each([
    ['nothing', undefined],
    ['another key', `${KEY.slice(0, -1)}x`],
    ['a part of a key', KEY.slice(0, -1)],
    ['no token', 'abc'],
    ['three dots', '...'],
  ])('%s is answered 401, and how to do it', async (_name, credential) => {
    const server = await startKeyedServer()
    const { status, type, headers } = await server.ask(credential, '/v1/runs')
    expect([status, type, headers.get('www-authenticate')]).toEqual([401, 'unauthorized', 'Bearer'])
  })

  test('another scheme than Bearer is answered 401', async () => {
    const server = await startKeyedServer()
    const { status, type } = await server.ask(undefined, '/v1/runs', undefined, { headers: { authorization: `Basic ${btoa(`:${KEY}`)}` } })
    expect([status, type]).toEqual([401, 'unauthorized'])
  })

  test('what has no runs in it is open: health, the API’s description, the fallback', async () => {
    const server = await startKeyedServer({ fallback: () => new Response('page') })
    const status = async (path: string): Promise<number> => (await server.ask(undefined, path)).status
    expect(await Promise.all(['/healthz', '/readyz', '/v1/openapi.json', '/'].map(status))).toEqual([200, 200, 200, 200])
    expect(await status('/metrics')).toBe(401)
  })

  test('two keys of one namespace are both good, for requests and for tokens; new tokens are made with the first', async () => {
    const engine = memoryEngine()
    const before = createRunServer({ engine, auth: { secretKeys: [KEY] } })
    const during = await startKeyedServer({ engine, auth: { secretKeys: [OTHER_KEY, KEY] } })
    const after = await startKeyedServer({ engine, auth: { secretKeys: [OTHER_KEY] } })
    const call = async (path: string, body?: object) => {
      const init = body && { method: 'POST', body: JSON.stringify(body) }
      const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
      return (await (await before.fetch(new Request(`http://x${path}`, { ...init, headers }))).json()) as { id: string; publicAccessToken: string }
    }
    const { id, publicAccessToken: old } = await call('/v1/tasks/report/trigger', {})
    for (const credential of [KEY, OTHER_KEY, old]) expect((await during.ask(credential, `/v1/runs/${id}`)).status).toBe(200)
    const { token } = (await during.ask(KEY, '/v1/tokens', { scopes: [`read:runs:${id}`] })).body as unknown as { token: string }
    expect((await after.ask(token, `/v1/runs/${id}`)).status).toBe(200)
    expect((await after.ask(old, `/v1/runs/${id}`)).type).toBe('unauthorized')
    expect((await after.ask(KEY, `/v1/runs/${id}`)).type).toBe('unauthorized')
  })
})

describe('a token', () => {
  const scopes = ['trigger:tasks:report'] as const
  const withMetadata = (length: number) => ({ scopes, trigger: { metadata: { note: 'x'.repeat(length) } } })

  test.each<[string, object, string]>([
    ['of scopes that are all of the longest', { scopes: Array.from({ length: 200 }, (_, n) => `read:tags:${String(n).padStart(128, 'x')}`) }, 'scopes'],
    ['that binds large metadata', withMetadata(30_000), 'trigger'],
  ])('%s is refused where it is made: no request could carry it', async (_name, contents, field) => {
    const server = await startKeyedServer()
    const { status, body } = await server.ask(KEY, '/v1/tokens', contents)
    const message = expect.stringMatching(/^the token would be [34]\d{4} characters long, and 12288 are the most/) as string
    expect([status, body.error]).toEqual([400, { type: 'invalid_request', message, field }])
  })

  test('that is as long as one may be is taken, beside headers of 3 kB', async () => {
    const server = await startKeyedServer()
    await server.create(KEY)
    let [made, refused] = [0, 30_000]
    let longest = ''
    while (refused - made > 1) {
      const length = Math.floor((made + refused) / 2)
      const token = await tokenFor(scopes, withMetadata(length)).catch(() => undefined)
      if (token === undefined) refused = length
      else [made, longest] = [length, token]
    }
    expect(longest.length).toBeGreaterThan(12_000)
    const { status } = await server.ask(longest, '/v1/tasks/report/trigger', {}, { headers: { cookie: 'x'.repeat(3000) } })
    expect(status).toBe(201)
  })
})

describe('a token in a URL', () => {
  test.each(['token', 'access_token', 'accessToken', 'publicAccessToken', 'secret_key', 'Authorization'])(
    '%s is refused by name, and not repeated',
    async (name) => {
      const server = await startKeyedServer()
      const token = await tokenFor(['read:runs:run_x'])
      const { status, type, body, text } = await server.ask(token, `/v1/runs/run_x/events?${name}=${token}`)
      expect([status, type]).toEqual([400, 'invalid_request'])
      expect(body.error?.message).toContain(name)
      expect(text).not.toContain(token)
    },
  )

  test('is refused without keys too', async () => {
    const server = createRunServer({ engine: memoryEngine() })
    onTestFinished(() => server.close())
    expect((await server.fetch(new Request('http://localhost/v1/runs?token=x'))).status).toBe(400)
  })
})

test('a server without keys has no tokens to give, and hands out none', async () => {
  const server = createRunServer({ engine: memoryEngine() })
  onTestFinished(() => server.close())
  const post = async (path: string, body: object) =>
    await server.fetch(new Request(`http://localhost${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }))
  const refused = await post('/v1/tokens', { scopes: ['read:runs:run_x'] })
  expect([refused.status, ((await refused.json()) as { error: { message: string } }).error.message]).toEqual([
    400,
    // for who mounts it, and for who starts the command
    expect.stringMatching(/RUNFEED_SECRET_KEY.*secretKeys/) as string,
  ])
  expect(Object.keys((await (await post('/v1/tasks/report/trigger', {})).json()) as object)).toEqual(['id'])
})

test('a server without keys replays a run where it is', async () => {
  const engine = memoryEngine()
  const [old] = await engine.record.create([{ task: 'report', payload: null, namespace: 'tenant' }])
  const server = createRunServer({ engine })
  onTestFinished(() => server.close())
  const headers = { 'content-type': 'application/json' }
  const response = await server.fetch(new Request(`http://localhost/v1/runs/${old?.id}/replay`, { method: 'POST', headers }))
  const { id } = (await response.json()) as { id: string }
  expect((await engine.record.read(id))?.run).toMatchObject({ namespace: 'tenant', replayOf: old?.id })
})

test('an id that is taken in another namespace is refused as one that is taken here', async () => {
  const server = await startKeyedServer()
  const [ours, theirs] = [await server.create(KEY, { task: 'other' }), await server.create(OTHER_KEY)]
  const calls = [
    ['/v1/tasks/report/trigger', (id: string) => ({ id })],
    ['/v1/runs/begin', (id: string) => ({ worker: 'w', run: { id, task: 'report' } })],
    ['/v1/runs', (id: string) => ({ anyTask: true, runs: [{ id, task: 'report' }] })],
  ] as const
  for (const [path, body] of calls) {
    const [here, elsewhere] = [await server.ask(KEY, path, body(ours.id)), await server.ask(KEY, path, body(theirs.id))]
    expect([elsewhere.status, elsewhere.text.replace(theirs.id, 'it')]).toEqual([400, here.text.replace(ours.id, 'it')])
    expect(elsewhere.body.error?.message).toMatch(/^the id \S+ is taken; make one with newRunId\(\)$/)
  }
})
