// What a scripted feed answers to calls is what a server answers: the same types and statuses, the same new runs.
import { createRunClient, HttpError, type Json, type RunClient } from 'runfeed'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { task } from 'runfeed/task'
import { createScriptedFeed } from 'runfeed/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const server = createRunServer({ engine: memoryEngine(), tasks: [task({ id: 'bake', run: () => {} })] })
let real: RunClient
beforeAll(async () => {
  real = createRunClient({ baseUrl: (await server.listen({ port: 0 })).url })
})
afterAll(() => server.close())
const scripted = (): RunClient => createScriptedFeed({ tasks: { bake: () => [] } }).client.getSnapshot()

async function outcomeOf(call: (client: RunClient) => Promise<unknown>, client: RunClient): Promise<unknown> {
  try {
    await call(client)
    return 'accepted'
  } catch (thrown) {
    return thrown instanceof HttpError ? [thrown.status, thrown.type, thrown.retryable] : thrown
  }
}

const options: readonly (readonly [string, object])[] = [
  ['none', {}],
  ['all of them', { metadata: { a: 1 }, tags: ['a', 'b:c/d.e-f'], delay: '1h', ttl: 5000, maxAttempts: 2, maxDuration: '5m', concurrencyKey: 'k' }],
  ['metadata that is no object', { metadata: [1] }],
  ['metadata that is null', { metadata: null }],
  ['metadata over its limit', { metadata: { text: 'x'.repeat(262_144) } }],
  ['a tag with a blank', { tags: ['a b'] }],
  ['an empty tag', { tags: [''] }],
  ['21 tags', { tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }],
  ['tags that are no list', { tags: 'a' }],
  ['a tag that is a number', { tags: [1] }],
  ['a tag with the name of what every object has', { tags: ['__proto__'] }],
  ['a misspelled option', { tag: 'a' }],
  ['an empty key', { idempotencyKey: '' }],
  ['a long key', { idempotencyKey: 'k'.repeat(257) }],
  ['a key that is a number', { idempotencyKey: 7 }],
  ['a delay in words', { delay: '5 minutes' }],
  ['a delay before now', { delay: -1 }],
  ['a ttl that is null', { ttl: null }],
  ['half an attempt', { maxAttempts: 0.5 }],
  ['no attempts', { maxAttempts: 0 }],
  ['no time', { maxDuration: 0 }],
  ['an empty concurrency key', { concurrencyKey: '' }],
]
const calls: readonly (readonly [string, (client: RunClient) => Promise<unknown>])[] = [
  ...options.map(([name, given]) => [`a trigger with ${name}`, ({ runs }: RunClient) => runs.trigger('bake', null, given)] as const),
  ['a trigger of a task that is not there', ({ runs }) => runs.trigger('fry', null)],
  ['a trigger of no task', ({ runs }) => runs.trigger('', null)],
  ['a trigger of a name that every object has', ({ runs }) => runs.trigger('constructor', null)],
  ['a trigger with a payload that is too deep', ({ runs }) => runs.trigger('bake', deep(70))],
  ['a trigger with a payload that is too large', ({ runs }) => runs.trigger('bake', 'x'.repeat(10 * 1024 * 1024))],
  ['a cancel of a run that is not there', ({ runs }) => runs.cancel('run_none')],
  ['a replay of a run that is not there', ({ runs }) => runs.replay('run_none')],
  ['a history of a run that is not there', ({ runs }) => runs.history('run_none')],
  ['a run that is not there', ({ runs }) => runs.retrieve('run_none')],
  ...[0, -1, 1.5, 1001].map(
    (limit) => [`a history of ${limit}`, async ({ runs }: RunClient) => runs.history(await runs.trigger('bake', null), { limit })] as const,
  ),
]
const deep = (levels: number): Json => (levels === 0 ? 1 : [deep(levels - 1)])

describe('a scripted feed answers as a server does', () => {
  test.each(calls)('%s', async (_, call) => {
    expect(await outcomeOf(call, scripted())).toEqual(await outcomeOf(call, real))
  })

  test('with the same new run', async () => {
    const given = { metadata: { note: 'rye' }, tags: ['a', 'b', 'a'], delay: 60_000 }
    const [made, wanted] = await Promise.all(
      [scripted(), real].map(async ({ runs }) => {
        const run = await runs.retrieve(await runs.trigger('bake', { loaves: [4, undefined] } as unknown as Json, given))
        return { ...run, id: '', rootId: '', createdAt: 0, updatedAt: 0 }
      }),
    )
    expect(made).toEqual(wanted)
  })
})
