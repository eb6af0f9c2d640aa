// Every route of the OpenAPI document, asked with what it allows, nearly allows and never heard of: it answers as described or refuses in the one
// shape, never with a 500; it stays alive, and nothing reaches a prototype.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createRunServer, memoryEngine, type RunServer } from 'runfeed/server'
import { readDocument, routesOf } from './openapi-document.ts'
import { makeWorld, NEEDS_KEYS, SECRET, type World, works } from './openapi-cases.ts'
import { type Ask, type RawAnswer, send } from './raw-request.ts'
import { anything, mutated, type Schema, valueOf } from './schema-arbitrary.ts'

const document = await readDocument()
const routes = routesOf(document)

const RUNS = 60
const servers: RunServer[] = []
let url = ''
/** Of a server with keys: where there are none, there is nothing behind some routes. */
let keyedUrl = ''
let world: World
beforeAll(async () => {
  const made = await makeWorld()
  world = made.world
  servers.push(createRunServer({ engine: made.engine }), createRunServer({ engine: memoryEngine(), auth: { secretKeys: [SECRET] } }))
  ;[url, keyedUrl] = (await Promise.all(servers.map((server) => server.listen()))).map((one) => one.url) as [string, string]
})
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()))
})

/** What is wrong with an answer, whatever was asked. */
function faultOf({ status, text, headers }: RawAnswer): string | undefined {
  if (status >= 500) return `${status} ${text.slice(0, 500)}`
  if (text.length > 2_000_000) return `an answer of ${text.length} characters`
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {}) return `something reached a prototype: ${Object.keys(Object.prototype).join()}`
  if ('set-cookie' in headers) return 'a header came from the path'
  return status < 400 || hasOneShape(text, headers['content-type']) ? undefined : `${status} ${text.slice(0, 500)}`
}
function hasOneShape(text: string, type: string | undefined): boolean {
  const { error } = (type === 'application/json' ? JSON.parse(text) : {}) as { error?: { type: unknown; message: unknown } }
  return typeof error?.type === 'string' && typeof error.message === 'string' && error.message.length < 3000
}
async function isAlive(): Promise<boolean> {
  const { status, text } = await send(url, { method: 'GET', path: `/v1/runs/${world.ended}` })
  return status === 200 && (JSON.parse(text) as { status: string }).status === 'COMPLETED'
}
/** A failure of the server itself would be said here too. */
function quiet(): void {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  onTestFinished(() => {
    const said = logged.mock.calls.map((one) => one.map(String).join(' '))
    logged.mockRestore()
    expect(said).toEqual([])
  })
}

/** JSON text, as it is or broken, with what JSON.stringify cannot say. */
const textOf = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string | Buffer> =>
  fc.oneof(
    { arbitrary: value.map((one) => JSON.stringify(one)), weight: 20 },
    { arbitrary: value.map((one) => JSON.stringify(one).replace(/\d+/, '1e999')), weight: 2 },
    { arbitrary: value.map((one) => JSON.stringify(one).replace('{', '{"__proto__":{"polluted":1},')), weight: 2 },
    { arbitrary: value.map((one) => JSON.stringify(one).slice(0, -1)), weight: 1 },
    { arbitrary: fc.integer({ min: 1, max: 50_000 }).map((depth) => '['.repeat(depth)), weight: 1 },
    { arbitrary: fc.integer({ min: 1, max: 50_000 }).map((depth) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`), weight: 1 },
    { arbitrary: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)), weight: 1 },
  )

describe('bodies', () => {
  test.each(routes.filter(({ operation }) => operation.requestBody).map((one) => [one.operation.operationId, one] as const))(
    '%s',
    { timeout: 60_000 },
    async (id, { operation }) => {
      quiet()
      const schema = operation.requestBody?.content['application/json'].schema as Schema
      const right = works[id]?.(world) as Ask
      const context = { definitions: document.components.schemas, ids: [world.running, world.ended, 'run_none'] }
      const body = fc.oneof(
        { arbitrary: mutated(right.body).map((value) => JSON.stringify(value)), weight: 5 },
        { arbitrary: textOf(valueOf(schema, context)), weight: 4 },
        { arbitrary: textOf(anything), weight: 1 },
      )
      const target = fc.constantFrom(world.running, world.ended, world.long)
      await fc.assert(
        fc.asyncProperty(body, target, async (raw, run) => {
          const ask = { method: right.method, path: right.path.replace(world.running, run), raw }
          const answer = NEEDS_KEYS.has(id) ? await send(keyedUrl, { ...ask, headers: { authorization: `Bearer ${SECRET}` } }) : await send(url, ask)
          expect(faultOf(answer)).toBeUndefined()
        }),
        { numRuns: RUNS },
      )
      expect(await isAlive()).toBe(true)
    },
  )
})

const NASTY_PARTS = [
  '%',
  '%ff',
  '%00',
  '%2e%2e',
  '..',
  '.',
  '__proto__',
  'constructor',
  'a/b',
  'a%2Fb',
  '%F0%9F',
  '%25%32%66',
  '%E2%80%A8',
  '%0d%0aset-cookie:%20a=1',
  '-',
  'x'.repeat(3000),
  '999999999999999999999',
  '1e3',
  '%ED%A0%80',
]
const part = fc.oneof(
  fc.constantFrom(...NASTY_PARTS),
  fc.webPath().map((path) => path.slice(1) || '-'),
)
const value = fc.oneof(fc.constantFrom(...NASTY_PARTS, '1,2,,3', ',,,', '-1', '0', '1.5', '9007199254740993', '', 'a'.repeat(4000)), fc.webQueryParameters())

describe('paths and queries', () => {
  test.each(routes.map((one) => [one.operation.operationId, one] as const))('%s', { timeout: 60_000 }, async (id, { path, operation }) => {
    quiet()
    const right = works[id]?.(world) as Ask
    const queries = (operation.parameters ?? []).filter((one) => one.in === 'query').map(({ name }) => name)
    const query = fc
      .array(fc.tuple(fc.constantFrom(...queries, '__proto__', 'constructor', 'toString', 'nothing'), value), { maxLength: 4 })
      .map((pairs) => pairs.map(([name, text]) => `${name}=${text.replaceAll('#', '')}`).join('&'))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(part), { minLength: 2, maxLength: 2 }), query, async (parts, asked) => {
        let at = 0
        // a part that is left out is the one that works
        const names = right.path.split('?')[0]?.split('/') ?? []
        const filled = path.split('/').map((segment, place) => (segment.startsWith('{') ? (parts[at++] ?? names[place] ?? '-') : segment))
        const answer = await send(url, { ...right, path: `${filled.join('/')}?${asked}` })
        expect(faultOf(answer)).toBeUndefined()
      }),
      { numRuns: RUNS },
    )
    expect(await isAlive()).toBe(true)
  })
})

test('headers that are no headers of ours', { timeout: 60_000 }, async () => {
  quiet()
  const text = fc.string({ unit: fc.constantFrom('"', 'W', '/', ',', '*', '1', '.', 'a', ' ', '-', '%'), maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom('events', 'streams/log', ''), async (tag, kind) => {
      const path = `/v1/runs/${world.ended}${kind === '' ? '' : `/${kind}`}`
      expect(faultOf(await send(url, { method: 'GET', path, headers: { 'if-none-match': tag, 'last-event-id': tag, accept: tag || '*' } }))).toBeUndefined()
    }),
    { numRuns: 100 },
  )
  expect(await isAlive()).toBe(true)
})

test('bodies over every limit leave nothing behind in memory', { timeout: 60_000 }, async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = (): number => {
    collect()
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  }
  const big = Buffer.from(`{"payload":"${'x'.repeat(12 * 1024 * 1024)}"}`)
  const deep = Buffer.from(`{"payload":${'['.repeat(500_000)}${']'.repeat(500_000)}}`)
  const flood = async (): Promise<void> => {
    for (const raw of [big, deep]) {
      const answer = await send(url, { method: 'POST', path: '/v1/tasks/import/trigger', raw })
      expect([413, 400]).toContain(answer.status)
      expect(faultOf(answer)).toBeUndefined()
    }
  }
  await flood()
  const before = used()
  for (let round = 0; round < 3; round++) await flood()
  expect(used() - before).toBeLessThan(big.length)
  expect(await isAlive()).toBe(true)
})
