// Work that runs elsewhere, by REST alone: what a script in any language does.
import type { Run } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { task } from 'runfeed/task'
import { describe, expect, test } from 'vitest'
import { startServer } from '../support/server.ts'
import { begin, send } from './elsewhere.ts'

describe('a run that is executed elsewhere', () => {
  test('is begun, reports, writes a stream and ends', async () => {
    const server = await startServer()
    const { id, attempt } = await begin(server, { payload: { file: 'a.csv' } })
    const commits = `/v1/runs/${id}/commits`
    const first = await send(server, 'POST', commits, {
      attempt,
      writer: { id: 'w_1', sequence: 1 },
      operations: [
        { op: 'set', key: 'rows', value: 1 },
        { op: 'append', key: '$.rows.x', value: 1 },
      ],
      streams: { log: { state: 'open' } },
      base: 1,
    })
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({ refused: [{ index: 1, error: { type: 'invalid_operation' } }], since: { patch: expect.any(Array) as unknown } })
    expect(await send(server, 'POST', `/v1/runs/${id}/chunks/log`, { chunks: ['a', { b: 1 }], by: id, attempt })).toEqual({ status: 200, body: { index: 0 } })
    expect((await send(server, 'GET', `/v1/runs/${id}/chunks/log?index=1&maxBytes=100`)).body).toMatchObject({
      state: 'open',
      start: 0,
      length: 2,
      first: 0,
      index: 1,
      chunks: [{ b: 1 }],
      by: id,
    })
    expect(await send(server, 'GET', `/v1/runs/${id}/settled`)).toEqual({ status: 200, body: { settled: false } })
    await send(server, 'POST', commits, { attempt, end: { status: 'COMPLETED', output: { done: true } } })
    expect(await server.run(id)).toMatchObject({
      status: 'COMPLETED',
      output: { done: true },
      metadata: { rows: 1 },
      streams: { log: { state: 'aborted' } },
    })
    expect(await send(server, 'GET', `/v1/runs/${id}/settled`)).toEqual({ status: 200, body: { settled: true } })
    expect(await send(server, 'POST', commits, { attempt, operations: [] })).toMatchObject({ status: 409, body: { error: { type: 'run_ended' } } })
  })

  test('repeats a commit whose answer was lost, and nothing is counted twice', async () => {
    const server = await startServer()
    const { id, attempt } = await begin(server)
    const commit = { attempt, writer: { id: 'w_1', sequence: 1 }, operations: [{ op: 'increment', key: 'n', by: 1 }] }
    const answers = [await send(server, 'POST', `/v1/runs/${id}/commits`, commit), await send(server, 'POST', `/v1/runs/${id}/commits`, commit)]
    expect(answers[1]).toEqual(answers[0])
    expect((await server.run(id)).metadata).toEqual({ n: 1 })
  })

  test('says whether a stream holds a cursor, and knows keys with slashes, raw and encoded', async () => {
    const server = await startServer()
    const { id, attempt } = await begin(server)
    await send(server, 'POST', `/v1/runs/${id}/commits`, { attempt, streams: { 'a/b/c': { state: 'open' } } })
    for (const key of ['a/b/c', 'a%2Fb%2fc', 'a/b%2Fc'])
      expect((await send(server, 'POST', `/v1/runs/${id}/chunks/${key}`, { chunks: [key], by: id, attempt })).status).toBe(200)
    const { body } = await send(server, 'GET', `/v1/runs/${id}/chunks/a%2Fb/c?index=0`)
    expect(body.chunks).toEqual(['a/b/c', 'a%2Fb%2fc', 'a/b%2Fc'])
    expect((await send(server, 'GET', `/v1/runs/${id}/chunks/a/b/c?cursor=${String(body.cursor)}`)).body).toMatchObject({ holds: true, length: 3 })
    expect((await send(server, 'GET', `/v1/runs/${id}/chunks/a/b/c?cursor=3.zzzzz`)).body).toMatchObject({ holds: false })
    expect((await send(server, 'GET', `/v1/runs/${id}/chunks/never`)).body).toEqual({ start: 0, length: 0, first: 0 })
  })

  test('a writer that is not there is refused by name, before anything is written', async () => {
    const server = await startServer()
    const { id, attempt } = await begin(server)
    const by = 'run_elsewhere'
    await send(server, 'POST', `/v1/runs/${id}/commits`, { attempt, streams: { log: { state: 'open' } } })
    for (const [path, body] of [
      ['commits', { by, operations: [{ op: 'set', key: 'a', value: 1 }] }],
      ['chunks/log', { by, chunks: [1] }],
    ] as const) {
      const answer = await send(server, 'POST', `/v1/runs/${id}/${path}`, body)
      expect([answer.status, answer.body.error?.message]).toEqual([400, `by: the run ${by} does not exist`])
    }
    expect(await server.run(id)).toMatchObject({ metadata: {} })
    expect((await send(server, 'GET', `/v1/runs/${id}/chunks/log`)).body).toMatchObject({ length: 0 })
  })
})

describe('metadata and tags from any backend', () => {
  test('operations, the whole document, and what is refused', async () => {
    const server = await startServer()
    const { id } = await begin(server, { metadata: { a: 1 } })
    const patched = await send(server, 'PATCH', `/v1/runs/${id}/metadata`, {
      operations: [
        { op: 'increment', key: 'a', by: 2 },
        { op: 'set', key: '$.a.b', value: 1 },
      ],
    })
    expect(patched).toMatchObject({ status: 200, body: { refused: [{ index: 1, error: { type: 'invalid_operation' } }] } })
    expect(await server.run(id)).toMatchObject({ metadata: { a: 3 }, version: patched.body.version })
    expect(await send(server, 'PUT', `/v1/runs/${id}/metadata`, { metadata: { fresh: true } })).toMatchObject({ status: 200, body: { refused: [] } })
    expect((await server.run(id)).metadata).toEqual({ fresh: true })
    const large = await send(server, 'PUT', `/v1/runs/${id}/metadata`, { metadata: { x: 'x'.repeat(300_000) } })
    expect(large).toMatchObject({ status: 200, body: { refused: [{ index: 0, error: { type: 'metadata_too_large', limit: 262_144 } }] } })
    expect((await server.run(id)).metadata).toEqual({ fresh: true })
  })

  test('tags are added and removed, and lists follow', async () => {
    const server = await startServer()
    const { id } = await begin(server, { tags: ['old', 'kept'] })
    const answer = await send(server, 'POST', `/v1/runs/${id}/tags`, { add: ['new'], remove: ['old'] })
    expect(answer).toMatchObject({ status: 200, body: { tags: ['kept', 'new'] } })
    const ids = async (tag: string) => ((await (await server.get(`/v1/runs?tag=${tag}`)).json()) as { runs: Run[] }).runs.map((run) => run.id)
    expect([await ids('old'), await ids('new')]).toEqual([[], [id]])
  })
})

describe('a worker elsewhere', () => {
  test('claims what was made, renews, gives back, and runs it', async () => {
    const server = await startServer()
    const made = await send(server, 'POST', '/v1/runs', { runs: [{ task: 'resize/small', payload: 1 }, { task: 'resize/small' }, { task: 'other' }] })
    expect(made.status).toBe(201)
    const [first, second] = (made.body.runs as Run[]).map(({ id }) => id)
    const claim = { worker: 'w', tasks: ['resize/small'], max: 10 }
    const { body } = await send(server, 'POST', '/v1/queue/claim', claim)
    expect(body.claims).toMatchObject([
      { run: { id: first, status: 'EXECUTING', attempt: 1, payload: 1 }, maxAttempts: 1, maxDuration: null, concurrencyKey: '' },
      { run: { id: second, payload: null } },
    ])
    expect(await send(server, 'POST', '/v1/queue/renew', { worker: 'w', runs: [first, 'run_none'] })).toEqual({ status: 200, body: { runs: [first] } })
    expect((await send(server, 'POST', '/v1/queue/release', { worker: 'w', run: second })).status).toBe(204)
    expect(await server.run(second as string)).toMatchObject({ status: 'QUEUED' })
    expect((await send(server, 'POST', '/v1/queue/claim', claim)).body.claims).toMatchObject([{ run: { id: second, attempt: 2 } }])
  })

  test('is waited for: what is triggered before it has come is queued', async () => {
    const server = await startServer()
    expect(await server.run(await server.trigger('later', 1))).toMatchObject({ status: 'QUEUED' })
  })

  test('makes its tasks known to a server with tasks of its own, where a typing error is still one', async () => {
    const server = await startServer({ tasks: [task({ id: 'here', run: () => 1 })] })
    const trigger = async (id: string) => (await send(server, 'POST', `/v1/tasks/${id}/trigger`, {})).status
    expect(await trigger('there')).toBe(404)
    await send(server, 'POST', '/v1/queue/claim', { worker: 'w', tasks: ['there'], max: 1 })
    expect([await trigger('there'), await trigger('ther')]).toEqual([201, 404])
  })

  test('is waited for by new runs too, where they say so; else a typing error is one, and nothing is made', async () => {
    const server = await startServer({ tasks: [task({ id: 'here', run: () => 1 })] })
    const make = async (body: object) => await send(server, 'POST', '/v1/runs', body)
    const refused = await make({ runs: [{ task: 'here' }, { task: 'ther' }] })
    expect(refused).toMatchObject({ status: 404, body: { error: { type: 'not_found', message: expect.stringContaining('"ther"') as string } } })
    expect(await (await server.get('/v1/runs')).json()).toEqual({ runs: [] })
    expect((await make({ runs: [{ task: 'there' }], anyTask: true })).status).toBe(201)
  })

  test('is known to the next process by the runs that are there', async () => {
    const engine = memoryEngine()
    const [run] = await engine.record.create([{ task: 'there', payload: 1 }])
    const server = await startServer({ engine, tasks: [task({ id: 'here', run: () => 1 })] })
    expect((await send(server, 'POST', '/v1/tasks/there/trigger', {})).status).toBe(201)
    expect((await send(server, 'POST', `/v1/runs/${run?.id}/replay`)).status).toBe(201)
  })
})

describe('a body', () => {
  test.each([
    ['that is no UTF-8', { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]) }, 400, 'invalid_request', 'UTF-8'],
    ['that is packed', { body: '{}', headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }, 415, 'unsupported_media_type', 'gzip'],
    ['of nothing', {}, 400, 'invalid_request', 'JSON'],
    ['of a thousand bad items', { body: JSON.stringify({ runs: Array.from({ length: 1000 }, () => ({})) }) }, 400, 'invalid_request', 'and 990 more'],
    [
      'with a name of a megabyte',
      { body: JSON.stringify({ runs: [{ task: 'a', payload: { ['x'.repeat(2 ** 20)]: { constructor: 1 } } }] }) },
      400,
      'invalid_value',
      '…',
    ],
  ] as const)('%s is refused, and the answer says why in a few words', async (_name, init, status, type, why) => {
    const server = await startServer()
    const response = await server.post('/v1/runs', undefined, init)
    const { error } = (await response.json()) as { error: { type: string; message: string } }
    expect([response.status, error.type]).toEqual([status, type])
    expect(error.message).toContain(why)
    expect(error.message.length).toBeLessThan(1200)
  })
})

describe('a run over REST', () => {
  test('has its cursor as ETag: who has that version is told so without a body', async () => {
    const server = await startServer()
    const { id } = await begin(server)
    const read = async (tag?: string) => await fetch(`${server.url}/v1/runs/${id}`, tag === undefined ? {} : { headers: { 'if-none-match': tag } })
    const etag = (await read()).headers.get('etag') as string
    expect(etag).toMatch(/^"\d+\.\w+"$/)
    for (const tag of [etag, `"other", W/${etag}`, '*']) {
      const response = await read(tag)
      expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag])
    }
    await send(server, 'PATCH', `/v1/runs/${id}/metadata`, { operations: [{ op: 'set', key: 'a', value: 1 }] })
    expect((await read(etag)).status).toBe(200)
  })

  test('answers HEAD, is never kept by a cache, and names the methods that there are', async () => {
    const server = await startServer()
    const { id } = await begin(server)
    const head = await fetch(`${server.url}/v1/runs/${id}`, { method: 'HEAD' })
    expect([head.status, await head.text(), head.headers.get('cache-control')]).toEqual([200, '', 'no-store'])
    const wrong = await send(server, 'PUT', `/v1/runs/${id}`)
    expect([wrong.status, wrong.body.error?.type]).toEqual([405, 'method_not_allowed'])
    const allow = async (path: string) =>
      (await fetch(server.url + path, { method: 'DELETE', headers: { 'content-type': 'application/json' } })).headers.get('allow')
    expect([await allow('/v1/runs'), await allow(`/v1/runs/${id}/metadata`), await allow(`/v1/runs/${id}/chunks/a/b`)]).toEqual([
      'POST, GET, HEAD',
      'PATCH, PUT',
      'GET, HEAD, POST',
    ])
  })
})
