// The OpenAPI document against the real server: the document says what there is, and every route and every error of it is asked for.
import { RunfeedError } from 'runfeed'
import { createPublicToken, createRunServer } from 'runfeed/server'
import { task } from 'runfeed/task'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { mounted } from '../support/mounted.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { type Operation, problemsOf, readDocument, routesOf, type Schema, typesOf } from './openapi-document.ts'
import { type Engine, makeWorld, NEEDS_KEYS, others, SECRET, works } from './openapi-cases.ts'
import { type Ask, type RawAnswer, send } from './raw-request.ts'

const document = await readDocument()
const operations = routesOf(document)
const byId = new Map(operations.map(({ operation }) => [operation.operationId, operation]))
/** Every answer that the document names: the operation, and the status of a success or the type of an error. */
const named = operations.flatMap(({ operation }) =>
  Object.keys(operation.responses).flatMap((status) =>
    Number(status) < 400
      ? [{ id: operation.operationId, status, type: undefined as string | undefined }]
      : typesOf(operation, status).map((type) => ({ id: operation.operationId, status, type: type as string | undefined })),
  ),
)

function expectDescribed({ responses }: Operation, answer: RawAnswer): void {
  const response = responses[String(answer.status)]
  const type = answer.headers['content-type']?.split(';')[0]
  const [described] = Object.keys(response?.content ?? {})
  expect(answer.text === '' ? undefined : type).toBe(described)
  expect(Object.keys(answer.headers)).toEqual(expect.arrayContaining(Object.keys(response?.headers ?? {}).map((header) => header.toLowerCase())) as unknown)
  expect(problemOf(answer.text, type, response?.content?.[type ?? '']?.schema)).toBeUndefined()
}

function problemOf(text: string, type: string | undefined, schema: Schema | undefined): string | undefined {
  switch (type) {
    case 'application/json':
      return problemsOf(document, schema ?? {}, JSON.parse(text))
    case 'text/event-stream':
      return /^event: open\ndata: \{.*"heartbeat":\d+.*\}\n\n/.test(text) ? undefined : text
    default:
      return undefined
  }
}

const echo = task({ id: 'echo', run: (payload: unknown) => payload })

/** Whose every call fails once it is told to. */
function breakable(engine: Engine): { readonly engine: Engine; breakWith(error: Error): void } {
  let broken: Error | undefined
  const wrapped = <T extends object>(part: T): T =>
    new Proxy(part, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value === 'object' && value !== null) return wrapped(value)
        if (typeof value !== 'function' || name === 'close') return value
        return (...given: unknown[]) => {
          if (broken) throw broken
          return Reflect.apply(value, target, given) as unknown
        }
      },
    })
  return {
    engine: wrapped(engine),
    breakWith: (error) => {
      broken = error
    },
  }
}

/** The request for an answer, in a server where it comes. */
async function ask(id: string, answer: string): Promise<RawAnswer> {
  const { engine, world } = await makeWorld()
  const own = others[`${id} ${answer}`]
  const right = works[id]?.(world)
  const here = async (request: Ask): Promise<RawAnswer> =>
    NEEDS_KEYS.has(id)
      ? await send((await keyed(engine)).url, { ...request, headers: { ...request.headers, authorization: `Bearer ${SECRET}` } })
      : await send((await startServer({ engine, tasks: [echo] })).url, request)
  if (own) return await here(own(world))
  if (!right) throw new Error(`no request for ${id}: add it to openapi-cases.ts`)
  const operation = byId.get(id) as Operation
  const failing = breakable(engine)
  const fail = async (error: Error): Promise<RawAnswer> => {
    const server = await startServer({ engine: failing.engine, tasks: [] })
    failing.breakWith(error)
    return await send(server.url, right)
  }
  switch (answer) {
    case 'forbidden':
      return await send((await startServer({ engine })).url, { ...right, headers: { ...right.headers, host: 'evil.example' } })
    case 'invalid_request': {
      const query = operation.parameters?.find((one) => one.in === 'query')?.name
      if (operation.requestBody) return await here({ ...right, raw: '{"' })
      return await here({ ...right, path: `${right.path.split('?')[0]}?${query === undefined ? 'token=1' : `${query}=1&${query}=2`}` })
    }
    case 'too_large':
      return await here({ ...right, headers: { 'content-length': String(2 ** 40) } })
    case 'unsupported_media_type':
      return await here({ ...right, headers: { 'content-type': 'text/plain', ...(operation.requestBody && { 'x-runfeed': '1' }) } })
    case 'internal':
      return await fail(new Error('broken'))
    case 'storage':
    case 'closed':
      return await fail(new RunfeedError(answer, 'try again'))
    case 'unauthorized':
      return await send((await keyed(engine)).url, right)
    case 'token_expired':
      return await send((await keyed(engine)).url, { ...right, headers: { ...right.headers, authorization: `Bearer ${await expiredToken()}` } })
    case 'too_many_requests':
      return await crowded(engine, world.running, right)
    case 'unavailable':
      return await send(await closedServer(engine), right)
    default:
      if (!/^2\d\d$/.test(answer)) throw new Error(`no request for ${id} ${answer}: add it to openapi-cases.ts`)
      return await here(right)
  }
}

const keyed = async (engine: Engine): Promise<TestServer> => await startServer({ engine, auth: { secretKeys: [SECRET] }, limits: { requestsPerAddress: 1 } })

async function expiredToken(): Promise<string> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 })
  try {
    return await createPublicToken({ secretKey: SECRET, scopes: ['read:runs:run_x'], expiresIn: '1m' })
  } finally {
    vi.useRealTimers()
  }
}

/** Asked by who has no secret key, while another request of this address is being answered. */
async function crowded(engine: Engine, run: string, request: Ask): Promise<RawAnswer> {
  const { url } = await keyed(engine)
  const token = await createPublicToken({ secretKey: SECRET, scopes: [`read:runs:${run}`] })
  const cut = new AbortController()
  onTestFinished(() => cut.abort())
  const feed = await fetch(`${url}/v1/runs/${run}/events`, { headers: { authorization: `Bearer ${token}` }, signal: cut.signal })
  expect(feed.status).toBe(200)
  return await send(url, { ...request, headers: { ...request.headers, authorization: `Bearer ${token}` } })
}

/** Mounted in an http server of its own, which goes on. */
async function closedServer(engine: Engine): Promise<string> {
  const runs = createRunServer({ engine })
  const url = await mounted(runs)
  await runs.close()
  return url
}

describe('every answer that the document names is one that the server gives, and looks as described:', () => {
  test.each(named.map(({ id, status, type }) => [id, status, type] as const))('%s %s %s', async (id, status, type) => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => logged.mockRestore())
    const answer = await ask(id, type ?? status)
    const said = Number(status) < 400 ? undefined : (JSON.parse(answer.text) as { error: { type: string } }).error.type
    expect([answer.status, said]).toEqual([Number(status), type])
    expectDescribed(byId.get(id) as Operation, answer)
    expect(answer.headers['cache-control']).toMatch(/^no-(store|cache)/)
  })

  test('and there is no case for what it does not name', () => {
    const all = new Set(named.map(({ id, status, type }) => `${id} ${type ?? status}`))
    expect(Object.keys(others).filter((one) => !all.has(one))).toEqual([])
    expect(Object.keys(works).filter((id) => !byId.has(id))).toEqual([])
  })
})

describe('every body that works is one that the document allows:', () => {
  test.each(operations.filter(({ operation }) => operation.requestBody).map(({ operation }) => [operation.operationId, operation] as const))(
    '%s',
    async (id, { requestBody }) => {
      const { world } = await makeWorld()
      const schema = requestBody?.content['application/json'].schema as Schema
      expect(problemsOf(document, schema, works[id]?.(world).body)).toBeUndefined()
    },
  )
})

test('the document is whole: 3.1, names that are unique, parameters that are described, references that lead somewhere', () => {
  expect(document.openapi).toBe('3.1.0')
  expect(byId.size).toBe(operations.length)
  for (const { path, operation } of operations) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    expect((operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name)).toEqual(inPath)
    expect(operation.summary).toMatch(/\.$/)
  }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name as string)
  expect(references.length).toBeGreaterThan(20)
  expect(references.filter((name) => !(name in document.components.schemas))).toEqual([])
  const schemes = operations.flatMap(({ operation }) => operation.security.flatMap((one) => Object.keys(one)))
  expect([...new Set(schemes)].toSorted()).toEqual(Object.keys(document.components.securitySchemes).toSorted())
})

test('HEAD is answered wherever GET is, but for streams; other methods are named', async () => {
  const { engine, world } = await makeWorld()
  const { url } = await startServer({ engine })
  for (const { path, method, operation } of operations.filter((one) => one.method === 'GET')) {
    const right = works[operation.operationId]?.(world) as Ask
    const isStream = operation.responses['200']?.content?.['text/event-stream'] !== undefined
    const head = await send(url, { ...right, method: 'HEAD' })
    expect([path, method, head.status, head.text, head.headers.allow]).toEqual([path, method, isStream ? 405 : 200, '', isStream ? 'GET' : undefined])
  }
  for (const { path, operation } of operations.filter((one) => one.path.startsWith('/v1/'))) {
    const right = works[operation.operationId]?.(world) as Ask
    const wrong = await send(url, { method: 'DELETE', path: right.path })
    const methods = operations.filter((one) => one.path === path).map((one) => one.method)
    expect([path, wrong.status]).toEqual([path, 405])
    expect(wrong.headers.allow?.split(', ')).toEqual(expect.arrayContaining(methods) as unknown)
  }
})
