// What somebody tries who should not: each is refused with the status that it should have, and the neighbour's request still works.
import { once } from 'node:events'
import { connect } from 'node:net'
import { SignJWT, UnsecuredJWT } from 'jose'
import type { Run } from 'runfeed'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { task } from 'runfeed/task'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { framesUntil } from '../../support/frames.ts'
import { startServer } from '../../support/server.ts'
import { send } from '../raw-request.ts'
import { KEY, type KeyedServer, OTHER_KEY, OTHER_NAMESPACE, startKeyedServer, tokenFor } from './keyed-server.ts'

const secretOf = (key: string): Uint8Array => new TextEncoder().encode(key)
const headerOf = (token: string): { readonly kid: string } => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
const inMinutes = (minutes: number): number => Date.now() / 1000 + minutes * 60

/** Theirs: a run of the other namespace, with a child, a stream and an idempotency key. */
interface World {
  readonly server: KeyedServer
  readonly theirs: Run
  readonly ours: Run
}

async function makeWorld(): Promise<World> {
  const server = await startKeyedServer()
  const theirs = await server.create(OTHER_KEY, { tags: ['secret'], idempotencyKey: 'order-7', payload: 'their secret' })
  await server.create(OTHER_KEY, { parentId: theirs.id, payload: 'their secret' })
  await server.ask(OTHER_KEY, `/v1/runs/${theirs.id}/commits`, { streams: { log: { state: 'open' } } })
  return { server, theirs, ours: await server.create(KEY) }
}

describe('the runs of another tenant', () => {
  let world: World
  beforeEach(async () => {
    world = await makeWorld()
  })
  // the neighbour's request still works, and nobody has touched what is theirs
  afterEach(async () => {
    const { server, theirs } = world
    const { status, tags, metadata } = (await server.ask(OTHER_KEY, `/v1/runs/${theirs.id}`)).body
    if (JSON.stringify([status, tags, metadata]) !== '["QUEUED",["secret"],{}]')
      throw new Error(`their run was touched: ${JSON.stringify([status, tags, metadata])}`)
  })

  test.each<[string, string, string, object | undefined]>([
    ['by id', 'GET', '/v1/runs/ID', undefined],
    ['by their history', 'GET', '/v1/runs/ID/history', undefined],
    ['as they were', 'GET', '/v1/runs/ID/history/1', undefined],
    ['by their chunks', 'GET', '/v1/runs/ID/chunks/log?index=0', undefined],
    ['by whether they have settled', 'GET', '/v1/runs/ID/settled', undefined],
    ['by cancel', 'POST', '/v1/runs/ID/cancel', {}],
    ['by replay', 'POST', '/v1/runs/ID/replay', {}],
    ['by a commit', 'POST', '/v1/runs/ID/commits', { operations: [{ op: 'set', key: 'n', value: 1 }] }],
    ['by metadata', 'PATCH', '/v1/runs/ID/metadata', { operations: [{ op: 'set', key: 'n', value: 1 }] }],
    ['by a whole document', 'PUT', '/v1/runs/ID/metadata', { metadata: { n: 1 } }],
    ['by tags', 'POST', '/v1/runs/ID/tags', { add: ['x'] }],
    ['by chunks of ours', 'POST', '/v1/runs/ID/chunks/log', { chunks: ['x'], by: 'ID' }],
    ['by a child of ours', 'POST', '/v1/runs', { runs: [{ task: 'report', parentId: 'ID' }] }],
    ['by a replay of ours', 'POST', '/v1/runs', { runs: [{ task: 'report', replayOf: 'ID' }] }],
    ['by a child that begins at once', 'POST', '/v1/runs/begin', { worker: 'w', run: { task: 'report', parentId: 'ID' } }],
    ['by giving them back to the queue', 'POST', '/v1/queue/release', { worker: 'w', run: 'ID' }],
  ])('%s are not there for our key, and not in scope for our token', async (_name, method, path, body) => {
    const { server, theirs, ours } = world
    const fill = (text: string): string => text.replaceAll('ID', theirs.id)
    const init = { method, ...(body && { body: fill(JSON.stringify(body)) }) }
    const { status, type, text } = await server.ask(KEY, fill(path), body, init)
    expect([status, type]).toEqual([404, 'not_found'])
    expect(text).not.toContain('their secret')
    const token = await tokenFor(['read:tasks:report', 'trigger:tasks:report', `cancel:runs:${ours.id}`, `read:tree:${ours.id}`])
    expect((await server.ask(token, fill(path), body, init)).type).toBe('forbidden')
    // the same by the tenant itself is answered
    expect((await server.ask(OTHER_KEY, `/v1/runs/${theirs.id}`)).status).toBe(200)
  })

  test('by id, chosen for a new run, are not answered', async () => {
    const { server, theirs } = world
    for (const path of ['/v1/runs', '/v1/runs/begin']) {
      const run = { id: theirs.id, task: 'report' }
      const { status, text } = await server.ask(KEY, path, path === '/v1/runs' ? { runs: [run] } : { run, worker: 'w' })
      expect(status).toBe(400)
      expect(text).not.toContain('their secret')
    }
  })

  test.each(['', '?tag=secret', '?task=report', '?parent=ID', '?ids=ID'])('are in no list of ours: %s', async (query) => {
    const { server, theirs, ours } = world
    const { status, text } = await server.ask(KEY, `/v1/runs${query.replace('ID', theirs.id)}`)
    expect(status).toBe(200)
    expect((JSON.parse(text) as { runs: Run[] }).runs.filter(({ id }) => id !== ours.id)).toEqual([])
  })

  test.each<[string, string]>([
    ['our key', KEY],
    ['no run of ours', ''],
  ])('are denied in a feed of ours, by run, stream and query, while ours goes on: %s', async (_name, key) => {
    const { server, theirs, ours } = world
    const credential = key || (await tokenFor([`read:runs:${ours.id}`]))
    const wants = [{ run: theirs.id }, { run: theirs.id, stream: 'log' }, { query: { tag: 'secret' } }, { run: ours.id }]
    let denied = 0
    let lists = 0
    const frames = await framesUntil(await server.feed(credential, wants), (frame) => {
      if (frame.event === 'denied') denied++
      if (frame.event === 'list') lists++
      return denied + lists === 3 && frame.event === 'run'
    }).catch((thrown: unknown) => thrown as never)
    expect(JSON.stringify(frames)).not.toContain('their secret')
    expect(frames.flatMap((frame) => (frame.event === 'run' ? [frame.data.run.id] : []))).toEqual([ours.id])
  })

  test('are claimed, renewed and woken for by nobody of ours, even by a worker of their worker’s name', async () => {
    const { server, theirs, ours } = world
    const claim = async (key: string): Promise<readonly string[]> =>
      (
        JSON.parse((await server.ask(key, '/v1/queue/claim', { worker: 'same', tasks: ['report'], max: 10, sequence: 1 })).text) as { claims: { run: Run }[] }
      ).claims.map(({ run }) => run.id)
    expect(await claim(KEY)).toEqual([ours.id])
    const { text } = await server.ask(KEY, '/v1/queue/renew', { worker: 'same', runs: [theirs.id, ours.id] })
    expect(JSON.parse(text)).toEqual({ runs: [ours.id] })
    const controller = new AbortController()
    onTestFinished(() => controller.abort())
    const response = await fetch(`${server.url}/v1/wakes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ topics: [`run:${theirs.id}`, `run:${ours.id}`] }),
      signal: controller.signal,
    })
    // both ring: the first of the two that anybody is told of is ours
    const rung: string[] = []
    await framesUntil(response, (frame) => {
      const { event, data } = frame as { event: string; data: { topics?: string[] } }
      if (event === 'open')
        void server
          .ask(OTHER_KEY, `/v1/runs/${theirs.id}/metadata`, { operations: [{ op: 'set', key: 'n', value: 1 }] }, { method: 'PATCH' })
          .then(() => server.ask(OTHER_KEY, `/v1/runs/${theirs.id}/metadata`, { operations: [{ op: 'delete', key: 'n' }] }, { method: 'PATCH' }))
          .then(() => server.ask(KEY, `/v1/runs/${ours.id}/metadata`, { operations: [{ op: 'set', key: 'n', value: 1 }] }, { method: 'PATCH' }))
      if (event === 'wake') rung.push(...(data.topics ?? []))
      return event === 'wake'
    })
    expect(rung).toEqual([`run:${ours.id}`])
  })

  test('are no news to who waits for runs of ours: of the same task, tag, or any', async () => {
    const { server } = world
    const controller = new AbortController()
    onTestFinished(() => controller.abort())
    const asked = ['queue', 'members:task:report', 'members:tag:secret', `members:task:report ${OTHER_NAMESPACE}`, 'members:task:lone']
    const response = await fetch(`${server.url}/v1/wakes`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ topics: asked }),
      signal: controller.signal,
    })
    const rung: string[] = []
    await framesUntil(response, (frame) => {
      const { event, data } = frame as { event: string; data: { topics?: string[] } }
      // theirs is answered before ours is made
      if (event === 'open') void server.create(OTHER_KEY, { tags: ['secret'] }).then(() => server.create(KEY, { task: 'lone' }))
      if (event === 'wake') rung.push(...(data.topics ?? []))
      return rung.includes('members:task:lone')
    })
    expect(rung.toSorted()).toEqual(['members:task:lone', 'queue'])
  })

  test('by what their workers ask for stay unknown', async () => {
    const server = await startKeyedServer({ tasks: [task({ id: 'here', run: () => 1 })] })
    await server.ask(OTHER_KEY, '/v1/queue/claim', { worker: 'w', tasks: ['merger'], max: 1 })
    const statuses = [KEY, await tokenFor(['trigger:tasks:merger']), OTHER_KEY].map(
      async (who) => (await server.ask(who, '/v1/tasks/merger/trigger', {})).status,
    )
    expect(await Promise.all(statuses)).toEqual([404, 404, 201])
  })

  test('by their idempotency key are another run', async () => {
    const { server, theirs } = world
    const { body } = await server.ask(KEY, '/v1/tasks/report/trigger', { options: { idempotencyKey: 'order-7' } })
    expect(body.id).not.toBe(theirs.id)
    expect((await server.ask(KEY, `/v1/runs/${body.id}`)).body.payload).toBe(null)
  })

  test('an id that is not there and one that is not ours look the same to a token', async () => {
    const { server, theirs } = world
    const lone = await server.create(KEY)
    const token = await tokenFor(['read:tags:ours', 'trigger:tasks:report'])
    for (const path of ['/v1/runs/ID', '/v1/runs/ID/history', '/v1/runs?ids=ID', '/v1/runs?parent=ID']) {
      const answers = await Promise.all(
        [lone.id, theirs.id, 'run_00000000000000000000'].map(async (id) => {
          const { status, text } = await server.ask(token, path.replace('ID', id))
          return [status, text.replaceAll(id, 'ID')]
        }),
      )
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
      expect(answers[0]?.[0]).toBe(403)
    }
  })
})

describe('a token', () => {
  const claims = { ns: 'default', sub: 'x', scopes: ['read:tasks:report'] }
  const sign = async (more: object, header: object = {}, key = KEY): Promise<string> => {
    const { kid } = headerOf(await tokenFor(['read:tasks:report']))
    return await new SignJWT({ ...claims, exp: inMinutes(5), ...more }).setProtectedHeader({ alg: 'HS256', kid, ...header }).sign(secretOf(key))
  }
  const tampered = async (): Promise<string> => {
    const [head, , signature] = (await sign({})).split('.')
    return `${head}.${Buffer.from(JSON.stringify({ ...claims, scopes: ['read:tasks:other'], exp: inMinutes(5) })).toString('base64url')}.${signature}`
  }
  const unsigned = async (): Promise<string> => {
    const { kid } = headerOf(await sign({}))
    const [, body] = new UnsecuredJWT({ ...claims, exp: inMinutes(5) }).encode().split('.')
    return `${Buffer.from(JSON.stringify({ alg: 'none', kid })).toString('base64url')}.${body}.`
  }

  test('that is right is answered', async () => {
    const server = await startKeyedServer()
    expect((await server.ask(await sign({}), '/v1/runs?task=report')).status).toBe(200)
  })

  test.each<[string, () => Promise<string>, string]>([
    ['with algorithm none', unsigned, 'unauthorized'],
    ['with another algorithm', async () => await sign({}, { alg: 'HS512' }), 'unauthorized'],
    ['with an unknown kid', async () => await sign({}, { kid: 'AAAAAAAAAAAAAAAA' }), 'unauthorized'],
    ['without a kid', async () => await sign({}, { kid: undefined }), 'unauthorized'],
    ['with a kid that is a path', async () => await sign({}, { kid: '../../dev/null' }), 'unauthorized'],
    ['with a kid of the prototype', async () => await sign({}, { kid: '__proto__' }), 'unauthorized'],
    ['with our kid and another key', async () => await sign({}, {}, OTHER_KEY), 'unauthorized'],
    ['with a header that asks for more than we know', async () => await sign({}, { crit: ['x'], x: 1 }).catch(() => 'a.b.c'), 'unauthorized'],
    ['whose claims were changed', tampered, 'unauthorized'],
    ['that names another namespace', async () => await sign({ ns: OTHER_NAMESPACE }), 'unauthorized'],
    ['that never ends', async () => await sign({ exp: undefined }), 'unauthorized'],
    ['that ends at no time', async () => await sign({ exp: 'never' }).catch(() => 'a.b.c'), 'unauthorized'],
    ['without a subject', async () => await sign({ sub: undefined }), 'unauthorized'],
    ['whose scopes are no list', async () => await sign({ scopes: 'read:tasks:report' }), 'unauthorized'],
    ['that is not valid yet', async () => await sign({ nbf: inMinutes(1) }), 'unauthorized'],
    ['that has ended', async () => await sign({ exp: inMinutes(-0.001) }), 'token_expired'],
  ])('%s is answered 401', async (_name, make, expected) => {
    const server = await startKeyedServer()
    const token = await make()
    const { status, type, text } = await server.ask(token, '/v1/runs?task=report')
    expect([status, type]).toEqual([401, expected])
    expect(text).not.toContain(token)
    expect((await server.ask(await tokenFor(['read:tasks:report']), '/v1/runs?task=report')).status).toBe(200)
  })

  test('with headers that no request may have is refused before it is read', async () => {
    const server = await startKeyedServer()
    const { status, type, body } = await server.ask('x'.repeat(40_000), '/v1/runs')
    expect([status, type]).toEqual([431, 'headers_too_large'])
    // whoever counts scopes would look in the wrong place
    expect(body.error?.message).not.toContain('scopes')
  })

  test('with a scope of a later version has what is known of it, and no more', async () => {
    const server = await startKeyedServer()
    const token = await sign({ scopes: ['read:everything:*', 'read:runs:*', 'read:tasks:report'] })
    expect((await server.ask(token, '/v1/runs?task=report')).status).toBe(200)
    expect((await server.ask(token, '/v1/runs')).status).toBe(403)
  })

  test('that is late denies its own wants alone; with none that is good the feed is not opened', async () => {
    const server = await startKeyedServer()
    const [one, two] = [await server.create(KEY), await server.create(KEY)]
    const late = await sign({ scopes: [`read:runs:${one.id}`], exp: inMinutes(-1) })
    const good = await tokenFor([`read:runs:${two.id}`])
    const frames = await framesUntil(await server.feed(late, [{ run: one.id }, { run: two.id, token: good }]), ({ event }) => event === 'run')
    expect(frames.flatMap((frame) => (frame.event === 'denied' ? [[frame.data.run, frame.data.code]] : []))).toEqual([[one.id, 'token_expired']])
    expect((await server.feed(late, [{ run: one.id }])).status).toBe(401)
    expect((await server.feed(undefined, [{ run: one.id, token: late }])).status).toBe(401)
    expect((await server.feed(undefined, [{ run: one.id, token: 'x.y.z' }])).status).toBe(401)
    expect((await server.feed(undefined, [{ run: one.id, token: `${good}${'x'.repeat(20_000)}` }])).status).toBe(401)
    const swapped = await framesUntil(await server.feed(good, [{ run: one.id, token: good }, { run: two.id }]), ({ event }) => event === 'run')
    expect(swapped.flatMap((frame) => (frame.event === 'denied' ? [frame.data.code] : []))).toEqual(['forbidden'])
  })

  test.each([
    ['POST', '/v1/runs', { runs: [{ task: 'report' }] }],
    ['POST', '/v1/tokens', { scopes: ['read:tasks:report'] }],
    ['POST', '/v1/queue/claim', { worker: 'w', tasks: ['report'], max: 1 }],
    ['POST', '/v1/wakes', { topics: ['queue'] }],
    ['POST', '/v1/runs/ID/replay', {}],
    ['POST', '/v1/runs/ID/cancel', {}],
    ['POST', '/v1/runs/ID/tags', { add: ['x'] }],
    ['PATCH', '/v1/runs/ID/metadata', { operations: [] }],
    ['GET', '/v1/runs/ID/chunks/log', undefined],
    ['GET', '/metrics', undefined],
  ])('that reads everything of a task may not %s %s', async (method, path, body) => {
    const server = await startKeyedServer()
    const { id } = await server.create(KEY)
    const { status, type } = await server.ask(await tokenFor(['read:tasks:report']), path.replace('ID', id), body, { method })
    expect([status, type]).toEqual([403, 'forbidden'])
  })
})

describe('bodies', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  test.each<[string, string, string, number, string]>([
    ['an oversized trigger', '/v1/tasks/report/trigger', `{"payload":"${'x'.repeat(12 * 1024 * 1024)}"}`, 413, 'too_large'],
    [
      'an oversized feed',
      '/v1/feed',
      JSON.stringify({ wants: Array.from({ length: 40_000 }, (_, i) => ({ run: `run_${i}`, stream: 'log' })) }),
      413,
      'too_large',
    ],
    ['10,000 wants', '/v1/feed', JSON.stringify({ wants: Array.from({ length: 10_000 }, () => ({ run: 'r' })) }), 400, 'invalid_request'],
    ['10,001 topics', '/v1/wakes', JSON.stringify({ topics: Array.from({ length: 10_001 }, () => 'queue') }), 400, 'invalid_request'],
    ['an oversized token', '/v1/tokens', JSON.stringify({ scopes: ['read:tags:x'], subject: 'x'.repeat(300_000) }), 413, 'too_large'],
    ['a deeply nested payload', '/v1/tasks/report/trigger', `{"payload":${nested(100_000)}}`, 400, 'invalid_value'],
    ['deeply nested metadata', '/v1/runs', `{"runs":[{"task":"report","metadata":{"a":${nested(100_000)}}}]}`, 400, 'invalid_value'],
    ['a deeply nested want', '/v1/feed', `{"wants":${nested(100_000)}}`, 400, 'invalid_request'],
    ['a prototype', '/v1/tasks/report/trigger', '{"options":{"metadata":{"__proto__":{"isAdmin":true}}}}', 400, 'invalid_value'],
    ['CR and LF in a tag', '/v1/runs', '{"runs":[{"task":"report","tags":["a\\r\\nset-cookie: x"]}]}', 400, 'invalid_request'],
    ['CR and LF in a task', '/v1/runs', '{"runs":[{"task":"a\\r\\nb"}]}', 400, 'invalid_request'],
    ['CR and LF in a stream', '/v1/feed', '{"wants":[{"run":"run_x","stream":"a\\r\\ndata: x"}]}', 400, 'invalid_request'],
    ['CR and LF in a scope', '/v1/tokens', '{"scopes":["read:tags:a\\r\\nb"]}', 400, 'invalid_request'],
  ])('%s is refused', async (_name, path, body, status, type) => {
    const server = await startKeyedServer()
    const run = await server.create(KEY)
    const answer = await server.ask(KEY, path, undefined, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
    expect([answer.status, answer.type]).toEqual([status, type])
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
    expect((await server.ask(KEY, `/v1/runs/${run.id}`)).status).toBe(200)
  })

  test.each(['/v1/runs/ID/streams/a%0d%0adata:%20x', '/v1/runs/ID/chunks/a%0d%0ab'])('CR and LF in the key of %s are no key', async (path) => {
    const server = await startKeyedServer()
    const { id } = await server.create(KEY)
    const { status, type } = await server.ask(KEY, path.replace('ID', id))
    expect([status, type]).toEqual([404, 'not_found'])
  })

  test('that never come are answered 408, and others meanwhile', { timeout: 60_000 }, async () => {
    const server = await startKeyedServer({ requestTimeout: 1500 })
    const { id } = await server.create(KEY)
    const { port } = new URL(server.url)
    const slow = Array.from({ length: 20 }, () => {
      const socket = connect(Number(port), '127.0.0.1')
      socket.write(
        `POST /v1/tasks/report/trigger HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${KEY}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
      )
      let text = ''
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString()
      })
      return once(socket, 'close').then(() => text)
    })
    expect((await server.ask(KEY, `/v1/runs/${id}`)).status).toBe(200)
    for (const text of await Promise.all(slow)) {
      expect(text).toMatch(/^HTTP\/1\.1 408 /)
      expect(text).toContain('"type":"request_timeout"')
    }
    expect((await server.ask(KEY, `/v1/runs/${id}`)).status).toBe(200)
  })
})

describe('too many', () => {
  const open = async (
    server: KeyedServer,
    token: string,
    run: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; retryAfter: string | null; close(): void }> => {
    const controller = new AbortController()
    const response = await fetch(`${server.url}/v1/runs/${run}/events`, {
      headers: { authorization: `Bearer ${token}`, ...headers },
      signal: controller.signal,
    })
    onTestFinished(() => controller.abort())
    return { status: response.status, retryAfter: response.headers.get('retry-after'), close: () => controller.abort() }
  }

  test('feeds of one token are refused, whoever else asks is not, and one that closes makes room', { timeout: 60_000 }, async () => {
    const server = await startKeyedServer({ limits: { feedsPerToken: 3 } })
    const { id } = await server.create(KEY)
    const [token, other] = [await tokenFor([`read:runs:${id}`], { subject: 'ann' }), await tokenFor([`read:runs:${id}`])]
    const [first] = await Promise.all([open(server, token, id), open(server, token, id), open(server, token, id)])
    const refused = await open(server, await tokenFor([`read:runs:${id}`], { subject: 'ann' }), id)
    expect([refused.status, refused.retryAfter]).toEqual([429, '1'])
    expect((await server.feed(undefined, [{ run: id, token }])).status).toBe(429)
    expect((await open(server, other, id)).status).toBe(200)
    expect((await open(server, KEY, id)).status).toBe(200)
    first.close()
    await expect.poll(async () => (await open(server, token, id)).status, { timeout: 10_000 }).toBe(200)
  })

  test('what the feeds of one token ask for is counted too, and given back with them', { timeout: 60_000 }, async () => {
    const server = await startKeyedServer({ limits: { wantsPerToken: 5 } })
    const { id } = await server.create(KEY)
    const [token, other] = [await tokenFor([`read:runs:${id}`], { subject: 'ann' }), await tokenFor([`read:runs:${id}`])]
    const wants = (count: number): readonly object[] => Array.from({ length: count }, (_, n) => ({ run: id, stream: `s${n}` }))
    const controller = new AbortController()
    const status = async (credential: string, count: number, signal?: AbortSignal): Promise<number> =>
      (await server.feed(credential, wants(count), signal)).status
    expect(await status(token, 3, controller.signal)).toBe(200)
    expect(await status(token, 3)).toBe(429)
    expect([await status(other, 5), await status(KEY, 9)]).toEqual([200, 200])
    controller.abort()
    await expect.poll(async () => await status(token, 3), { timeout: 10_000 }).toBe(200)
  })

  test.each([
    [undefined, [200, 429, 200]],
    [1, [200, 200, 429]],
  ])('feeds of one address are refused; what X-Forwarded-For says counts with trustProxy alone: %j', async (trustProxy, expected) => {
    const server = await startKeyedServer({ limits: { feedsPerAddress: 1 }, ...(trustProxy !== undefined && { trustProxy }) })
    const { id } = await server.create(KEY)
    const token = await tokenFor([`read:runs:${id}`])
    const first = await open(server, token, id, { 'x-forwarded-for': '10.0.0.1' })
    // what a client adds itself stands before what the proxy has seen
    const second = await open(server, token, id, { 'x-forwarded-for': '10.0.0.1, 10.0.0.2' })
    const third = await open(server, trustProxy === undefined ? KEY : token, id, { 'x-forwarded-for': '10.9.9.9, 10.0.0.2' })
    expect([first.status, second.status, third.status]).toEqual(expected)
  })

  test.each([
    ['addresses of one IPv6 line', '2001:db8:0:7::1', '2001:DB8::7:ffff:0:0:2', 429],
    ['one of another line', '2001:db8:0:7::1', '2001:db8:0:8::1', 200],
    ['an IPv4 address in both spellings', '10.0.0.1', '::ffff:10.0.0.1', 429],
    ['an address with another port', '10.0.0.1:4001', '10.0.0.1:4002', 429],
    ['an IPv6 address with a port', '[2001:db8::1]:4001', '2001:db8::1', 429],
    ['short and long', '::1', '0:0:0:0:0:0:0:1', 429],
    ['with an IPv4 end', '64:ff9b::10.0.0.1', '64:ff9b:0:0:1::', 429],
  ])('feeds of %s are counted as one place or as two', async (_name, first, second, status) => {
    const server = await startKeyedServer({ limits: { feedsPerAddress: 1 }, trustProxy: true })
    const { id } = await server.create(KEY)
    const token = await tokenFor([`read:runs:${id}`])
    expect((await open(server, token, id, { 'x-forwarded-for': first })).status).toBe(200)
    expect((await open(server, token, id, { 'x-forwarded-for': second })).status).toBe(status)
  })

  test('of 10,000 subscriptions of one token half are refused, and the neighbour’s feed goes on', { timeout: 60_000 }, async () => {
    const server = await startKeyedServer({ limits: { feedsPerToken: 5 } })
    const { text } = await server.ask(KEY, '/v1/runs', { runs: Array.from({ length: 1000 }, () => ({ task: 'report' })) })
    const wants = (JSON.parse(text) as { runs: Run[] }).runs.map(({ id }) => ({ run: id }))
    const neighbour = await server.create(KEY, { task: 'lone' })
    const token = await tokenFor(['read:tasks:report'])
    const controller = new AbortController()
    onTestFinished(() => controller.abort())
    const feeds = await Promise.all(Array.from({ length: 10 }, () => server.feed(token, wants, controller.signal)))
    expect(feeds.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 200, 200, 200, 200, 429, 429, 429, 429, 429])
    let isTold = false
    const frames = await framesUntil(await server.feed(await tokenFor(['read:tasks:lone']), [{ run: neighbour.id }]), ({ event }) => {
      if (event === 'run' && !isTold) {
        isTold = true
        void server.ask(KEY, `/v1/runs/${neighbour.id}/metadata`, { operations: [{ op: 'set', key: 'n', value: 1 }] }, { method: 'PATCH' })
      }
      return event === 'patch'
    })
    expect(frames.filter(({ event }) => event === 'denied')).toEqual([])
  })

  test('a host that speaks Fetch counts feeds too, until their bodies are over', async () => {
    const server = createRunServer({ engine: memoryEngine(), auth: { secretKeys: [KEY] }, limits: { feedsPerToken: 1 } })
    onTestFinished(() => server.close())
    const token = await tokenFor(['read:tasks:report'])
    const follow = async (): Promise<Response> =>
      await server.fetch(new Request('https://x/v1/runs/run_x/events', { headers: { authorization: `Bearer ${token}` } }))
    // it is denied what it asks for, and open until that is read
    const first = await follow()
    expect([first.status, (await follow()).status]).toEqual([200, 429])
    expect(await first.text()).toContain('"code":"forbidden"')
    const second = await follow()
    expect(second.status).toBe(200)
    await second.body?.cancel()
    expect((await follow()).status).toBe(200)
  })

  test('requests of one address that hang are refused, the key’s holder is not', async () => {
    const server = await startKeyedServer({ limits: { requestsPerAddress: 2 } })
    const { id } = await server.create(KEY)
    const token = await tokenFor([`read:runs:${id}`])
    await Promise.all([open(server, token, id), open(server, token, id)])
    const { status, headers } = await server.ask(token, `/v1/runs/${id}`)
    expect([status, headers.get('retry-after')]).toEqual([429, '1'])
    // who has no key is not let in by saying so
    expect((await server.ask('sk_no_key_of_this_server_0123456789abcd', `/v1/runs/${id}`)).status).toBe(429)
    expect((await server.ask(KEY, `/v1/runs/${id}`)).status).toBe(200)
    expect((await open(server, KEY, id)).status).toBe(200)
  })
})

describe('pages of other origins', () => {
  const page = { origin: 'https://app.example' }
  const preflight = {
    method: 'OPTIONS',
    headers: { ...page, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' },
  }

  test('may ask nothing, unless they are named', async () => {
    const server = await startKeyedServer()
    const { id } = await server.create(KEY)
    expect((await server.ask(undefined, '/v1/feed', undefined, preflight)).status).toBe(403)
    const { headers } = await server.ask(KEY, `/v1/runs/${id}`, undefined, { headers: page })
    expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('that are named may, on answers, feeds and refusals, with no cookies', async () => {
    const server = await startKeyedServer({ cors: { origins: ['https://app.example'] } })
    const { id } = await server.create(KEY)
    const asked = await server.ask(undefined, '/v1/feed', undefined, preflight)
    expect(asked.status).toBe(204)
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-headers': expect.stringMatching(/authorization.*content-type/i) as string,
      'access-control-max-age': '7200',
      vary: 'Origin',
    })
    const token = await tokenFor([`read:runs:${id}`])
    const feed = await fetch(`${server.url}/v1/runs/${id}/events`, { headers: { ...page, authorization: `Bearer ${token}` } })
    const refused = await server.ask('nobody', `/v1/runs/${id}`, undefined, { headers: page })
    for (const { headers } of [feed, refused, await server.ask(token, `/v1/runs/${id}`, undefined, { headers: page })]) {
      expect(headers.get('access-control-allow-origin')).toBe('https://app.example')
      expect(headers.get('access-control-expose-headers')).toBe('ETag, Retry-After')
      expect(headers.get('access-control-allow-credentials')).toBe(null)
    }
    await feed.body?.cancel()
    const other = await server.ask(token, `/v1/runs/${id}`, undefined, { headers: { origin: 'https://app.example.evil.example' } })
    expect(other.headers.get('access-control-allow-origin')).toBe(null)
  })

  test('a host that speaks Fetch gives the same headers', async () => {
    const server = createRunServer({ engine: memoryEngine(), auth: { secretKeys: [KEY] }, cors: { origins: ['*'] } })
    onTestFinished(() => server.close())
    const { headers } = await server.fetch(new Request('https://x/v1/runs', { headers: { ...page, authorization: `Bearer ${KEY}` } }))
    expect([headers.get('access-control-allow-origin'), headers.get('access-control-allow-credentials')]).toEqual(['*', null])
  })

  test.each([['https://app.example/'], ['app.example'], ['null']])('%s is no origin', (origin) => {
    expect(() => createRunServer({ engine: memoryEngine(), auth: { secretKeys: [KEY] }, cors: { origins: [origin] } })).toThrow(/is no origin/)
  })

  test('without keys none but this machine’s may be named', () => {
    expect(() => createRunServer({ engine: memoryEngine(), cors: { origins: ['https://app.example'] } })).toThrow(/without keys/)
    expect(() => createRunServer({ engine: memoryEngine(), cors: { origins: ['*'] } })).toThrow(/without keys/)
  })
})

describe('a server without keys, through a visitor’s browser', () => {
  const echo = task({ id: 'echo', run: (payload: unknown) => payload })
  const form = 'application/x-www-form-urlencoded'
  test.each<[string, string, Record<string, string>, number]>([
    ['a name that points to 127.0.0.1', '/v1/runs', { host: 'rebound.example' }, 403],
    ['the same for a page of the fallback', '/', { host: 'rebound.example:80' }, 403],
    ['a form of another origin', '/v1/tasks/echo/trigger', { origin: 'https://evil.example', 'content-type': form }, 403],
    ['a form of another origin that is JSON', '/v1/tasks/echo/trigger', { origin: 'https://evil.example', 'content-type': 'application/json' }, 403],
    ['a sandboxed form', '/v1/tasks/echo/trigger', { origin: 'null', 'content-type': 'text/plain' }, 403],
    ['a form of a browser that says no origin', '/v1/tasks/echo/trigger', { 'content-type': 'text/plain' }, 415],
    ['a form to the fallback', '/upload', { 'content-type': 'multipart/form-data; boundary=x' }, 415],
    ['a form that cancels', '/v1/runs/ID/cancel', { 'content-type': form }, 415],
    ['a form that replays', '/v1/runs/ID/replay', { 'content-type': form }, 415],
  ])('%s is refused', async (_name, path, headers, status) => {
    const server = await startServer({ tasks: [echo], fallback: () => new Response('page') })
    const id = await server.trigger('echo')
    await server.ended(id)
    const answer = await send(server.url, { method: 'POST', path: path.replace('ID', id), headers, body: '{}' })
    expect(answer.status).toBe(status)
    // nothing was begun
    expect(((await (await server.get('/v1/runs')).json()) as { runs: Run[] }).runs.map((run) => run.id)).toEqual([id])
  })
})
