import type { Run } from 'runfeed'
import { createPublicToken, createRunServer, memoryEngine, type Scope } from 'runfeed/server'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { framesUntil } from '../../support/frames.ts'
import { type Answer, bearer, KEY, type KeyedServer, OTHER_KEY, OTHER_NAMESPACE, startKeyedServer, tokenFor } from './keyed-server.ts'

/** A tree of three, a run with a tag, and one that has nothing to do with them. */
async function world(): Promise<{ server: KeyedServer; root: Run; child: Run; grandchild: Run; tagged: Run; lone: Run }> {
  const server = await startKeyedServer()
  const root = await server.create(KEY)
  const child = await server.create(KEY, { parentId: root.id, task: 'row' })
  const grandchild = await server.create(KEY, { parentId: child.id, task: 'row' })
  const tagged = await server.create(KEY, { tags: ['team:7'] })
  return { server, root, child, grandchild, tagged, lone: await server.create(KEY, { task: 'lone' }) }
}

describe('scopes', () => {
  test.each<[string, (w: Awaited<ReturnType<typeof world>>) => Scope, readonly string[]]>([
    ['read:runs', ({ root }) => `read:runs:${root.id}`, ['root']],
    ['read:tree', ({ root }) => `read:tree:${root.id}`, ['root', 'child', 'grandchild']],
    ['read:tree of a child', ({ child }) => `read:tree:${child.id}`, ['child', 'grandchild']],
    ['read:tags', () => 'read:tags:team:7', ['tagged']],
    ['read:tasks', () => 'read:tasks:row', ['child', 'grandchild']],
    ['cancel:runs', ({ root }) => `cancel:runs:${root.id}`, ['root']],
    ['read:history', ({ root }) => `read:history:${root.id}`, []],
    ['trigger:tasks', () => 'trigger:tasks:report', []],
  ])('%s reads what it says, and a feed of all shows the same', async (_name, scopeOf, readable) => {
    const made = await world()
    const { server, ...runs } = made
    const token = await tokenFor([scopeOf(made)])
    const names = Object.keys(runs) as (keyof typeof runs)[]
    const statuses = await Promise.all(names.map(async (name) => (await server.ask(token, `/v1/runs/${runs[name].id}`)).status))
    expect(names.filter((_, i) => statuses[i] === 200)).toEqual(readable)
    expect(statuses.filter((status) => status !== 200 && status !== 403)).toEqual([])
    const left = new Set(names.map((name) => runs[name].id))
    const frames = await framesUntil(
      await server.feed(
        token,
        [...left].map((run) => ({ run })),
      ),
      (frame) => {
        if (frame.event === 'run') left.delete(frame.data.run.id)
        if (frame.event === 'denied' && frame.data.run !== undefined) left.delete(frame.data.run)
        return left.size === 0
      },
    )
    expect(names.filter((name) => frames.some((frame) => frame.event === 'run' && frame.data.run.id === runs[name].id))).toEqual(readable)
    expect(frames.flatMap((frame) => (frame.event === 'denied' ? [frame.data.code] : []))).toEqual(
      Array.from({ length: names.length - readable.length }, () => 'forbidden'),
    )
  })

  test('history is a scope of its own', async () => {
    const { server, root } = await world()
    const status = async (scope: Scope): Promise<number> => (await server.ask(await tokenFor([scope]), `/v1/runs/${root.id}/history`)).status
    expect([await status(`read:history:${root.id}`), await status(`read:runs:${root.id}`), await status(`read:tree:${root.id}`)]).toEqual([200, 403, 403])
    expect((await server.ask(await tokenFor([`read:history:${root.id}`]), `/v1/runs/${root.id}/history/1`)).body.id).toBe(root.id)
  })

  test('cancel is a scope of its own', async () => {
    const { server, root } = await world()
    const cancel = async (scope: Scope): Promise<Answer> => await server.ask(await tokenFor([scope]), `/v1/runs/${root.id}/cancel`, {})
    expect((await cancel(`read:runs:${root.id}`)).type).toBe('forbidden')
    expect((await cancel(`cancel:runs:${root.id}`)).body.status).toBe('CANCELED')
  })

  test.each<[string, string, boolean]>([
    ['of its tag', 'tag=team:7', true],
    ['of its tag and more', 'tag=team:7&task=report&status=QUEUED', true],
    ['of its task', 'task=row', true],
    ['of children in its tree', 'parent=ROOT', true],
    ['of children further down', 'parent=CHILD', true],
    ['of ids it may read for good', 'ids=ROOT,CHILD', true],
    ['of no condition', '', false],
    ['of another tag', 'tag=team:8', false],
    ['of a status', 'status=QUEUED', false],
    ['of another task', 'task=report', false],
    ['of children elsewhere', 'parent=LONE', false],
    ['of children of nobody', 'parent=run_none', false],
    ['of ids of which one is not its', 'ids=ROOT,LONE', false],
    ['of ids of which one is not there', 'ids=ROOT,run_none', false],
    ['of ids of which one may lose its tag', 'ids=ROOT,CHILD,TAGGED', false],
    ['of no ids', 'ids=', false],
  ])('a query %s: %s is allowed: %s', async (_name, query, isAllowed) => {
    const { server, root, child, tagged, lone } = await world()
    const token = await tokenFor([`read:tree:${root.id}`, 'read:tags:team:7', 'read:tasks:row'])
    const filled = query.replace('ROOT', root.id).replace('CHILD', child.id).replace('TAGGED', tagged.id).replace('LONE', lone.id)
    const { status, type } = await server.ask(token, `/v1/runs?${filled}`)
    expect([status, type]).toEqual(isAllowed ? [200, undefined] : [403, 'forbidden'])
  })

  test('a run whose tag is taken away is denied to who followed it by the tag, and the others go on', async () => {
    const { server, tagged, root } = await world()
    const token = await tokenFor(['read:tags:team:7', `read:runs:${root.id}`])
    const seen: string[] = []
    let isTold = false
    const frames = await framesUntil(await server.feed(token, [{ run: tagged.id }, { run: root.id }]), (frame) => {
      if (frame.event === 'run') seen.push(frame.data.run.id)
      if (seen.length === 2 && !isTold) {
        isTold = true
        void server.ask(KEY, `/v1/runs/${tagged.id}/tags`, { remove: ['team:7'] })
      }
      if (frame.event === 'denied')
        void server.ask(KEY, `/v1/runs/${root.id}/metadata`, { operations: [{ op: 'set', key: 'n', value: 1 }] }, { method: 'PATCH' })
      return frame.event === 'patch' && frame.data.run === root.id
    })
    expect(frames.flatMap((frame) => (frame.event === 'denied' ? [[frame.data.run, frame.data.code]] : []))).toEqual([[tagged.id, 'forbidden']])
    expect((await server.ask(token, `/v1/runs/${tagged.id}`)).status).toBe(403)
  })

  test('a tag is no scope for ids: a run may lose it while the query is followed', async () => {
    const { server, tagged } = await world()
    const token = await tokenFor(['read:tags:team:7'])
    const status = async (query: string): Promise<number> => (await server.ask(token, `/v1/runs?${query}`)).status
    expect([await status(`ids=${tagged.id}`), await status(`ids=${tagged.id}&tag=team:7`)]).toEqual([403, 200])
    const wants = [{ query: { ids: [tagged.id] } }, { run: tagged.id }]
    const frames = await framesUntil(await server.feed(token, wants), ({ event }) => event === 'run')
    expect(frames.flatMap((frame) => (frame.event === 'denied' ? [frame.data.code] : []))).toEqual(['forbidden'])
  })

  test('who wrote is shown to who may read that run, and to nobody else', async () => {
    const { server, root, child } = await world()
    await server.ask(KEY, `/v1/runs/${root.id}/commits`, { by: child.id, operations: [{ op: 'set', key: 'n', value: 1 }] })
    const writers = async (scope: Scope) => {
      const { text } = await server.ask(await tokenFor([scope, `read:history:${root.id}`]), `/v1/runs/${root.id}/history`)
      return (JSON.parse(text) as { versions: { by: string | null }[] }).versions.map(({ by }) => by)
    }
    expect(await writers(`read:runs:${root.id}`)).toEqual([null])
    expect(await writers(`read:runs:${child.id}`)).toEqual([child.id])
    expect(await writers(`read:tree:${root.id}`)).toEqual([child.id])
    const following = async (...scopes: readonly Scope[]) => {
      const token = await tokenFor(scopes)
      const { cursor } = (await framesUntil(await server.feed(token, [{ run: root.id }]), ({ event }) => event === 'run')).flatMap((frame) =>
        frame.event === 'run' ? [frame.data] : [],
      )[0] as { cursor: string }
      const next = framesUntil(await server.feed(token, [{ run: root.id, cursor }]), ({ event }) => event === 'patch')
      await server.ask(KEY, `/v1/runs/${root.id}/commits`, { by: child.id, operations: [{ op: 'increment', key: 'm', by: 1 }] })
      return (await next).flatMap((frame) => (frame.event === 'patch' ? [frame.data.by] : []))
    }
    expect(await following(`read:runs:${root.id}`)).toEqual([null])
    expect(await following(`read:tree:${root.id}`)).toEqual([child.id])
    expect(await following(`read:tasks:${root.task}`)).toEqual([null])
    expect(await following(`read:tasks:${root.task}`, `read:tree:${root.id}`)).toEqual([child.id])
  })

  test('nobody writes in the name of a run that is no descendant', async () => {
    const { server, root, lone } = await world()
    const { status, type } = await server.ask(KEY, `/v1/runs/${root.id}/commits`, { by: lone.id, operations: [{ op: 'set', key: 'n', value: 1 }] })
    expect([status, type]).toEqual([400, 'invalid_request'])
  })

  test.each([
    [[]],
    [['read:runs:']],
    [['read:runs:*']],
    [['write:runs:run_x']],
    [['read:tags:a b']],
    [['read:runs:run_x\r\n']],
    [['trigger:runs:run_x']],
    ['read:runs:run_x'],
  ])('a token of %j is not made', async (scopes) => {
    await expect(createPublicToken({ secretKey: KEY, scopes: scopes as Scope[] })).rejects.toMatchObject({ type: 'invalid_request' })
    const server = await startKeyedServer()
    expect((await server.ask(KEY, '/v1/tokens', { scopes })).type).toBe('invalid_request')
  })
})

describe('a trigger with a public token', () => {
  test('gives the run what the token says, and takes the payload alone from the request', async () => {
    const server = await startKeyedServer({ auth: { secretKeys: [KEY] } })
    const parent = await server.create(KEY)
    const token = await tokenFor(['trigger:tasks:report'], { trigger: { tags: ['team:7'], metadata: { by: 'page' }, parent: parent.id, delay: '1h' } })
    const { status, body } = await server.ask(token, '/v1/tasks/report/trigger', { payload: { n: 1 } })
    // nothing but the payload came from the page, and what comes back reads the run alone
    expect([status, Object.keys(body).sort()]).toEqual([201, ['id', 'publicAccessToken']])
    expect((await server.ask(body.publicAccessToken, `/v1/runs/${body.id}`)).body).toMatchObject({
      payload: { n: 1 },
      tags: ['team:7'],
      metadata: { by: 'page' },
      parentId: parent.id,
      status: 'DELAYED',
    })
    expect((await server.ask(body.publicAccessToken, `/v1/runs/${parent.id}`)).status).toBe(403)
    expect((await server.ask(body.publicAccessToken, '/v1/tasks/report/trigger', {})).status).toBe(403)
  })

  test.each([{ tags: ['x'] }, { metadata: {} }, { delay: 1 }, { ttl: 1 }, { maxAttempts: 9 }, { maxDuration: 1 }, { concurrencyKey: 'x' }])(
    'refuses %j by name instead of leaving it out',
    async (options) => {
      const server = await startKeyedServer()
      await server.create(KEY)
      const { status, type, body } = await server.ask(await tokenFor(['trigger:tasks:report']), '/v1/tasks/report/trigger', { options })
      expect([status, type]).toEqual([403, 'forbidden'])
      expect(body.error?.message).toContain(`options.${Object.keys(options)[0]}`)
    },
  )

  test('keeps idempotency keys apart by subject, and from those of the secret key', async () => {
    const server = await startKeyedServer()
    const trigger = async (credential: string): Promise<string> =>
      (await server.ask(credential, '/v1/tasks/report/trigger', { options: { idempotencyKey: 'order-7' } })).body.id
    const ours = await trigger(KEY)
    const ann = await tokenFor(['trigger:tasks:report'], { subject: 'ann' })
    const [first, again, bob, nobody, other] = [
      await trigger(ann),
      await trigger(await tokenFor(['trigger:tasks:report'], { subject: 'ann' })),
      await trigger(await tokenFor(['trigger:tasks:report'], { subject: 'bob' })),
      await trigger(await tokenFor(['trigger:tasks:report'])),
      await trigger(await tokenFor(['trigger:tasks:report'])),
    ]
    expect(again).toBe(first)
    expect(new Set([ours, first, bob, nobody, other]).size).toBe(5)
  })

  test('can be bound to one run by a key of its own', async () => {
    const server = await startKeyedServer()
    await server.create(KEY)
    const token = await tokenFor(['trigger:tasks:report'], { trigger: { idempotencyKey: 'once' } })
    const trigger = async (): Promise<string> => (await server.ask(token, '/v1/tasks/report/trigger', {})).body.id
    expect(await trigger()).toBe(await trigger())
  })

  test.each([{ tags: ['no spaces'] }, { delay: 'soon' }, { metadata: [1] }, { maxAttempts: 0 }, { unknown: 1 }])(
    'a token that is bound to %j is not made',
    async (trigger) => {
      await expect(tokenFor(['trigger:tasks:report'], { trigger: trigger as object })).rejects.toMatchObject({
        type: expect.stringMatching(/^invalid_/) as string,
      })
    },
  )
})

test('a trigger by a secret key answers a token for that run; children that a run triggers get none', async () => {
  const server = await startKeyedServer()
  const { body } = await server.ask(KEY, '/v1/tasks/report/trigger', {})
  expect((await server.ask(body.publicAccessToken, `/v1/runs/${body.id}`)).body.id).toBe(body.id)
  const { text } = await server.ask(KEY, '/v1/runs', { runs: [{ task: 'report', parentId: body.id }] })
  expect(text).not.toContain('publicAccessToken')
})

const tags = ['a', 'b'] as const
const tasks = ['x', 'y'] as const
/** Runs of a tree, by where each one's parent is among those before it. */
const trees = fc.array(
  fc.record({ parent: fc.option(fc.nat(20)), tags: fc.uniqueArray(fc.constantFrom(...tags)), task: fc.constantFrom(...tasks), isElsewhere: fc.boolean() }),
  { minLength: 1, maxLength: 8 },
)
const scopeShapes = fc.array(
  fc.oneof(
    fc.constantFrom(...tags).map((tag) => ({ kind: 'read:tags', value: tag as string })),
    fc.constantFrom(...tasks).map((task) => ({ kind: 'read:tasks', value: task as string })),
    fc.record({ kind: fc.constantFrom('read:runs', 'read:tree', 'cancel:runs', 'read:history'), value: fc.nat(20) }),
  ),
  { minLength: 1, maxLength: 3 },
)
const queries = fc.record(
  {
    tag: fc.constantFrom(...tags),
    task: fc.constantFrom(...tasks),
    parent: fc.nat(20),
    ids: fc.array(fc.nat(20), { maxLength: 3 }),
    status: fc.constantFrom('QUEUED'),
  },
  { requiredKeys: [] },
)

test('a query is answered only if each run that it returns, now or after others came, may be read', { timeout: 60_000 }, async () => {
  let allowed = 0
  await fc.assert(
    fc.asyncProperty(trees, trees, scopeShapes, queries, async (before, after, shapes, query) => {
      const server = createRunServer({ engine: memoryEngine(), auth: { secretKeys: [KEY, { secret: OTHER_KEY, namespace: OTHER_NAMESPACE }] } })
      const call = async (credential: string, path: string, body?: object): Promise<{ status: number; body: { runs: Run[] } }> => {
        const init = body && { method: 'POST', body: JSON.stringify(body) }
        const response = await server.fetch(
          new Request(`https://x${path}`, { ...init, headers: { ...bearer(credential), 'content-type': 'application/json' } }),
        )
        return { status: response.status, body: (await response.json()) as { runs: Run[] } }
      }
      const runs: Run[] = []
      const make = async (shapesOfRuns: typeof before): Promise<void> => {
        for (const { parent, isElsewhere, ...run } of shapesOfRuns) {
          const near = runs.filter(({ namespace }) => (namespace === OTHER_NAMESPACE) === isElsewhere)
          const above = parent === null ? undefined : near[parent % (near.length || 1)]
          const { body } = await call(isElsewhere ? OTHER_KEY : KEY, '/v1/runs', { runs: [{ ...run, ...(above && { parentId: above.id }) }] })
          runs.push(body.runs[0] as Run)
        }
      }
      const idAt = (n: number): string => runs[n % runs.length]?.id ?? ''
      await make(before)
      const token = await tokenFor(shapes.map(({ kind, value }) => `${kind}:${typeof value === 'number' ? idAt(value) : value}` as Scope))
      const asked = new URLSearchParams()
      const { parent, ids, ...plain } = query
      for (const [name, value] of Object.entries(plain)) asked.set(name, value)
      if (parent !== undefined) asked.set('parent', idAt(parent))
      if (ids !== undefined) asked.set('ids', ids.map(idAt).join(','))
      for (const more of [[], after]) {
        await make(more)
        const { status, body } = await call(token, `/v1/runs?${asked}`)
        expect([200, 403]).toContain(status)
        if (status === 403) continue
        allowed += body.runs.length
        for (const { id } of body.runs) expect((await call(token, `/v1/runs/${id}`)).status).toBe(200)
      }
      await server.close()
    }),
    { numRuns: 150 },
  )
  // a property that nothing ever reaches holds nothing
  expect(allowed).toBeGreaterThan(0)
})

test('the host’s own login is asked where no token is, and its writes come from no form', async () => {
  const engine = memoryEngine()
  const server = createRunServer({
    engine,
    auth: {
      secretKeys: [KEY],
      authorize: ({ headers }) => (headers.get('cookie') === 'user=ann' ? { scopes: ['read:tasks:report', 'trigger:tasks:report'], subject: 'ann' } : null),
    },
  })
  onTestFinished(() => server.close())
  const status = async (path: string, headers: Record<string, string>, body?: string): Promise<number> =>
    (await server.fetch(new Request(`https://x${path}`, { headers, ...(body !== undefined && { method: 'POST', body }) }))).status
  const json = { 'content-type': 'application/json' }
  await engine.record.create([{ task: 'report', payload: null }])
  expect(await status('/v1/runs?task=report', { cookie: 'user=ann' })).toBe(200)
  expect(await status('/v1/runs?task=other', { cookie: 'user=ann' })).toBe(403)
  expect(await status('/v1/runs?task=report', { cookie: 'user=bob' })).toBe(401)
  expect(await status('/v1/tasks/report/trigger', { cookie: 'user=ann', ...json }, '{}')).toBe(201)
  expect(await status('/v1/tasks/report/trigger', { cookie: 'user=ann', 'content-type': 'text/plain' }, '{}')).toBe(415)
})

test('a login of a namespace without a key starts runs there, and has no token to hand out; what cannot be a subject is said before', async () => {
  const engine = memoryEngine()
  let subject = 'ann'
  const authorize = () => ({ scopes: ['trigger:tasks:report', 'read:tasks:report'] as const, namespace: 'tenant', subject })
  const server = createRunServer({ engine, auth: { secretKeys: [KEY], authorize } })
  onTestFinished(() => server.close())
  await engine.record.create([{ task: 'report', payload: null, namespace: 'tenant' }])
  const trigger = async () =>
    await server.fetch(new Request('https://x/v1/tasks/report/trigger', { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } }))
  const made = await trigger()
  expect([made.status, Object.keys((await made.json()) as object)]).toEqual([201, ['id']])
  subject = 'a'.repeat(256)
  expect((await trigger()).status).toBe(400)
  expect((await engine.record.list({ namespace: 'tenant' })).runs).toHaveLength(2)
})
