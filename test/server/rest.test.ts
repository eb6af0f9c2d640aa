import { connect } from 'node:net'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { task } from 'runfeed/task'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { checkLoopback } from '../../src/server/loopback.ts'
import { framesUntil } from '../support/frames.ts'
import { mounted } from '../support/mounted.ts'
import { startServer } from '../support/server.ts'

const echo = task({ id: 'echo', run: (payload: unknown) => payload })
const tryTo = (work: () => void): unknown => {
  try {
    work()
    return undefined
  } catch (thrown) {
    return thrown
  }
}
const bodyOf = async (response: Response) => [response.status, (await response.json()) as { error?: { type: string; message: string } }] as const

describe('runs', () => {
  test('are triggered with metadata and tags, retrieved, listed newest first in pages, and replayed', async () => {
    const server = await startServer({ tasks: [echo] })
    const first = await server.ended(await server.trigger('echo', { a: 1 }, { tags: ['blue'], metadata: { m: 1 } }))
    expect(first).toMatchObject({
      task: 'echo',
      status: 'COMPLETED',
      payload: { a: 1 },
      output: { a: 1 },
      tags: ['blue'],
      metadata: { m: 1 },
      attempt: 1,
      parentId: null,
      rootId: first.id,
      replayOf: null,
    })

    const replay = await server.post(`/v1/runs/${first.id}/replay`)
    expect(replay.status).toBe(201)
    const second = await server.ended(((await replay.json()) as { id: string }).id)
    expect(second).toMatchObject({ payload: { a: 1 }, output: { a: 1 }, replayOf: first.id, metadata: {} })
    expect(second.id).not.toBe(first.id)

    const page = (await (await server.get('/v1/runs?task=echo&limit=1')).json()) as { runs: { id: string }[]; next: string }
    expect(page.runs.map(({ id }) => id)).toEqual([second.id])
    const rest = (await (await server.get(`/v1/runs?task=echo&limit=1&after=${page.next}`)).json()) as { runs: { id: string }[] }
    expect(rest.runs.map(({ id }) => id)).toEqual([first.id])
    const none = (await (await server.get('/v1/runs?tag=red')).json()) as { runs: unknown[] }
    expect(none.runs).toEqual([])
  })

  test('take every option of a trigger', async () => {
    const server = await startServer({ tasks: [echo] })
    const trigger = async (options: object) => {
      const [status, body] = await bodyOf(await server.post('/v1/tasks/echo/trigger', { payload: 1, options }))
      return [status, body as { id: string; error?: { type: string; message: string } }] as const
    }
    const [, first] = await trigger({ idempotencyKey: 'order-7', delay: '1h', ttl: 1000, maxAttempts: 3, maxDuration: '5m', concurrencyKey: 'a' })
    expect(await server.run(first.id)).toMatchObject({ status: 'DELAYED' })
    expect((await trigger({ idempotencyKey: 'order-7' }))[1].id).toBe(first.id)
    const [status, { error }] = await trigger({ delay: 'soon' })
    expect([status, error?.message.includes('delay')]).toEqual([400, true])
  })

  test('canceling a run that has ended changes nothing', async () => {
    const server = await startServer({ tasks: [echo] })
    const run = await server.ended(await server.trigger('echo'))
    expect(await bodyOf(await server.post(`/v1/runs/${run.id}/cancel`))).toEqual([200, run])
  })
})

describe('errors have one shape', () => {
  test.each([
    ['an unknown run', 'GET', '/v1/runs/run_none', undefined, 404, 'not_found'],
    ['an unknown run to cancel', 'POST', '/v1/runs/run_none/cancel', undefined, 404, 'not_found'],
    ['an unknown run to replay', 'POST', '/v1/runs/run_none/replay', undefined, 404, 'not_found'],
    ['an unknown task', 'POST', '/v1/tasks/nope/trigger', '{}', 404, 'not_found'],
    ['an unknown route', 'GET', '/v1/nope', undefined, 404, 'not_found'],
    ['a body that is no JSON', 'POST', '/v1/tasks/echo/trigger', '{', 400, 'invalid_request'],
    ['a tag that is no name', 'POST', '/v1/tasks/echo/trigger', '{"options":{"tags":["no spaces"]}}', 400, 'invalid_request'],
    ['metadata that is no object', 'POST', '/v1/tasks/echo/trigger', '{"options":{"metadata":[1]}}', 400, 'invalid_request'],
    ['metadata with a forbidden name', 'POST', '/v1/tasks/echo/trigger', '{"options":{"metadata":{"constructor":1}}}', 400, 'invalid_value'],
    [
      'metadata over the limit',
      'POST',
      '/v1/tasks/echo/trigger',
      JSON.stringify({ options: { metadata: { x: 'x'.repeat(262_144) } } }),
      413,
      'metadata_too_large',
    ],
    ['a payload over the limit', 'POST', '/v1/tasks/echo/trigger', JSON.stringify({ payload: 'x'.repeat(10 * 1024 * 1024) }), 413, 'too_large'],
    ['no wants', 'POST', '/v1/feed', '{"wants":[]}', 400, 'invalid_request'],
    ['too many wants', 'POST', '/v1/feed', JSON.stringify({ wants: Array.from({ length: 5001 }, () => ({ run: 'r' })) }), 400, 'invalid_request'],
    ['another protocol', 'POST', '/v1/feed', '{"protocol":2,"wants":[{"run":"run_x"}]}', 426, 'unsupported_protocol'],
    ['a payload that is nested too deep', 'POST', '/v1/tasks/echo/trigger', `{"payload":${'['.repeat(20_000)}${']'.repeat(20_000)}}`, 400, 'invalid_value'],
    ['a payload with a forbidden name', 'POST', '/v1/tasks/echo/trigger', '{"payload":{"__proto__":{"a":1}}}', 400, 'invalid_value'],
    ['an index that is no number', 'GET', '/v1/runs/run_x/streams/s?index=abc', undefined, 400, 'invalid_request'],
    ['a limit that is no number', 'GET', '/v1/runs?limit=x', undefined, 400, 'invalid_request'],
  ])('%s', async (_name, method, path, body, status, type) => {
    const server = await startServer({ tasks: [echo] })
    const response = await fetch(server.url + path, { method, headers: { 'content-type': 'application/json' }, ...(body !== undefined && { body }) })
    const [code, { error }] = await bodyOf(response)
    expect([code, error?.type]).toEqual([status, type])
    expect(error?.message).toBeTruthy()
  })

  test.each([
    ['an option', '/v1/tasks/echo/trigger', { options: { idempotencykey: 'once' } }, 'options', 'idempotencykey'],
    ['a payload that is the body', '/v1/tasks/echo/trigger', { files: ['a.png'] }, 'body', 'files'],
    ['a field of a new run', '/v1/runs', { runs: [{ task: 'echo', options: { tags: ['x'] } }] }, 'runs.0', 'options'],
    ['a field of a token', '/v1/tokens', { scopes: ['read:runs:a'], expires_in: '1h' }, 'body', 'expires_in'],
    ['an option that a token binds', '/v1/tokens', { scopes: ['trigger:tasks:a'], trigger: { tag: ['x'] } }, 'trigger', 'tag'],
  ])('%s that there is not: refused by name, with those that there are, and nothing is made', async (_name, path, body, where, name) => {
    const server = await startServer({ tasks: [echo] })
    const [status, { error }] = await bodyOf(await server.post(path, body))
    expect([status, error?.type]).toEqual([400, 'invalid_request'])
    expect(error?.message).toMatch(new RegExp(`^${where}: there is no "${name}" here, but \\w+(, \\w+)*$`))
    expect(await (await server.get('/v1/runs')).json()).toEqual({ runs: [] })
  })

  test('what is written about a run has no unknown members, and a list no unknown filters', async () => {
    const server = await startServer({ tasks: [echo] })
    const { id } = await server.ended(await server.trigger('echo'))
    for (const [path, method, body, name] of [
      [`/v1/runs/${id}/tags`, 'POST', { adds: ['x'] }, 'adds'],
      [`/v1/runs/${id}/metadata`, 'PUT', { metadata: {}, merge: true }, 'merge'],
      [`/v1/runs/${id}/metadata`, 'PATCH', { operations: [], by: id }, 'by'],
      ['/v1/runs?tsk=echo', 'GET', undefined, 'tsk'],
    ] as const) {
      const [status, { error }] = await bodyOf(await server.post(path, body, { method }))
      expect([status, error?.message]).toEqual([400, expect.stringContaining(`"${name}"`) as string])
    }
    // what a later client says about itself is no mistake
    expect((await server.post(`/v1/runs/${id}/cancel?later=1`, { later: 1 })).status).toBe(200)
  })

  test.each([
    ['another filter', 'foo[]=1', 'query: there is no "foo[]" here, but ids, task'],
    ['a status that is none', 'status=FAILED,CANCELLED', 'status.1: there is no such status; there are PENDING_VERSION, DELAYED'],
  ])('%s in a query is said to be in the query', async (_name, query, says) => {
    const server = await startServer({ tasks: [echo] })
    const [status, { error }] = await bodyOf(await server.get(`/v1/runs?${query}`))
    expect([status, error?.message]).toEqual([400, expect.stringContaining(says) as string])
  })

  test('a feed of a status that this version does not know is an empty list: a newer page may ask', async () => {
    const server = await startServer({ tasks: [echo] })
    await server.ended(await server.trigger('echo'))
    const wants = [{ query: { task: 'echo', status: ['PAUSED'] } }]
    const frames = await framesUntil(await server.post('/v1/feed', { wants }), ({ event }) => event === 'list' || event === 'denied')
    expect(frames.at(-1)).toMatchObject({ event: 'list', data: { runs: [] } })
  })

  test('a body of another type is refused', async () => {
    const server = await startServer({ tasks: [echo] })
    expect(
      (await bodyOf(await fetch(`${server.url}/v1/tasks/echo/trigger`, { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } })))[0],
    ).toBe(415)
  })
})

describe('a server without keys', () => {
  test.each([
    ['DELETE', '/v1/runs/run_x', 'GET, HEAD'],
    ['DELETE', '/v1/runs', 'POST, GET, HEAD'],
    ['POST', '/v1/runs/run_x', 'GET, HEAD'],
    ['PUT', '/metrics', 'GET, HEAD'],
    ['POST', '/healthz', 'GET, HEAD'],
  ])('answers %s %s with what it takes, before it asks whether a form sent it', async (method, path, allow) => {
    const server = await startServer({ tasks: [echo] })
    const response = await fetch(server.url + path, { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, allow])
  })

  test.each([
    ['a foreign Host', { host: 'evil.example' }],
    ['a foreign Host that begins like loopback', { host: '127.0.0.1.evil.example' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['a null Origin', { origin: 'null' }],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }],
  ])('refuses %s, on the API and on the fallback', async (_name, headers) => {
    const server = createRunServer({ engine: memoryEngine(), fallback: () => new Response('page') })
    onTestFinished(() => server.close())
    for (const path of ['/v1/runs', '/']) {
      const response = await server.fetch(new Request(`http://127.0.0.1:4680${path}`, { headers }))
      expect(response.status).toBe(403)
      expect(await response.json()).toMatchObject({ error: { type: 'forbidden' } })
    }
  })

  test.each(['localhost:1', '127.0.0.1', '127.1.2.3:80', '[::1]:4680'])('answers %s, and its own origin', async (host) => {
    const server = createRunServer({ engine: memoryEngine() })
    onTestFinished(() => server.close())
    expect((await server.fetch(new Request('http://127.0.0.1/v1/runs', { headers: { host, origin: `http://${host}` } }))).status).toBe(200)
  })

  test.each([
    ['127.0.0.1', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['192.168.1.7', false],
    ['::ffff:10.0.0.1', false],
  ])('a connection from %s: %s, whatever its Host says', (peer, isAnswered) => {
    const thrown = tryTo(() => checkLoopback(new Request('http://localhost/v1/runs'), peer))
    expect((thrown as { type?: string } | undefined)?.type).toBe(isAnswered ? undefined : 'forbidden')
  })

  test('does not listen beyond loopback', async () => {
    const server = createRunServer({ engine: memoryEngine() })
    onTestFinished(() => server.close())
    await expect(server.listen({ host: '0.0.0.0' })).rejects.toMatchObject({ type: 'not_loopback' })
  })
})

test('a native EventSource that comes back after the end is told to stop', async () => {
  const server = await startServer({ tasks: [echo] })
  const run = await server.ended(await server.trigger('echo'))
  const last = (await framesUntil(await server.get(`/v1/runs/${run.id}/events`), ({ event }) => event === 'end')).at(-1)?.id as string
  const again = async (cursor: string) => (await fetch(`${server.url}/v1/runs/${run.id}/events`, { headers: { 'last-event-id': cursor } })).status
  expect([await again(last), await again('1.zzzz')]).toEqual([204, 200])
})

test('a mounted server that was closed says so, and when to come back', async () => {
  const runs = createRunServer({ engine: memoryEngine(), tasks: [echo] })
  await runs.close()
  const response = await runs.fetch(new Request('http://localhost/v1/runs'))
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
})

test('a port that is taken is an error that says so', async () => {
  const one = await startServer()
  const two = createRunServer({ engine: memoryEngine() })
  onTestFinished(() => two.close())
  await expect(two.listen({ port: Number(new URL(one.url).port) })).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('the fallback answers what is outside /v1, with body and method', async () => {
  const server = await startServer({
    fallback: async (request) => {
      if (new URL(request.url).pathname === '/broken') throw new Error('secret')
      return new Response(`${request.method} ${await request.text()}`, { status: 201 })
    },
  })
  const response = await fetch(`${server.url}/upload`, { method: 'POST', body: 'a,b', headers: { 'x-runfeed': '1' } })
  expect([response.status, await response.text()]).toEqual([201, 'POST a,b'])
  expect(await (await server.get('/broken')).json()).toEqual({ error: { type: 'internal', message: 'the server failed; its log says why' } })
})

test('a client that goes away in the middle of a request is not logged as a failure', async () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => logged.mockRestore())
  let failed: (thrown: unknown) => void = () => {}
  const broken = new Promise((resolve) => {
    failed = resolve
  })
  const server = await startServer({
    fallback: async (request) => {
      try {
        return new Response(await request.text())
      } catch (thrown) {
        failed(thrown)
        throw thrown
      }
    },
  })
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  socket.write(`POST /upload HTTP/1.1\r\nhost: ${hostname}\r\nx-runfeed: 1\r\ncontent-length: 100\r\n\r\nhalf`, () => socket.destroy())
  await broken
  // an answer to another request comes after what was said about the broken one
  await server.get('/v1/runs')
  expect(logged.mock.calls).toEqual([])
})

test('the handler serves an http server of one’s own, feed included', async () => {
  const runs = createRunServer({ engine: memoryEngine(), tasks: [echo] })
  const url = await mounted(runs)
  const { id } = (await (
    await fetch(`${url}/v1/tasks/echo/trigger`, { method: 'POST', body: '{"payload":7}', headers: { 'content-type': 'application/json' } })
  ).json()) as { id: string }
  expect(await (await fetch(`${url}/v1/runs/${id}/events`)).text()).toContain('"settled":true')
})

test('the same API as a Fetch handler, feed included', async () => {
  const runs = createRunServer({ engine: memoryEngine(), tasks: [echo] })
  onTestFinished(() => runs.close())
  const { id } = await echo.trigger({ n: 1 })
  expect(await (await runs.fetch(new Request(`http://localhost/v1/runs/${id}/events`))).text()).toContain('"settled":true')
})
