// One who asks for what cannot be meant: an id from an address, a stream's key with a blank. What others ask for on the same connection goes on.
import { createRunClient, type RunClient, type RunfeedError } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { queryName } from '../../src/protocol/want.ts'
import { startServer } from '../support/server.ts'
import { Follow } from './follow.ts'

const PATIENT = { timeout: 20_000, interval: 20 }

async function setUp() {
  const engine = memoryEngine()
  const server = await startServer({ engine })
  const [run] = await engine.record.create([{ task: 'work', payload: null, tags: ['t'] }])
  const say = async (n: number): Promise<unknown> => await engine.record.commit({ run: run?.id as string, operations: [{ op: 'set', key: 'n', value: n }] })
  return { server, id: run?.id as string, say }
}

type Ask = (client: RunClient, run: string, to: { onChange(): void; onError(error: RunfeedError): void }) => () => void

test.each<[string, Ask, string]>([
  ['an id of nothing', (client, _run, to) => client.subscribeRun('', to), 'run: '],
  ['an id that is far too long', (client, _run, to) => client.subscribeRun('r'.repeat(5000), to), 'run: '],
  ['a key with a blank', (client, run, to) => client.subscribeStream(run, 'no key', to), 'stream: '],
  ['too long a list', (client, _run, to) => client.subscribeRuns({ tag: 't', limit: 1000 }, to), 'query.limit: '],
])('%s is denied by name, and two hundred others go on', async (_name, ask, named) => {
  const { server, id, say } = await setUp()
  let feeds = 0
  const client = createRunClient({
    baseUrl: server.url,
    fetch: async (...asked) => {
      feeds++
      return await fetch(...asked)
    },
  })
  onTestFinished(() => client.close())
  const onError = vi.fn<(error: RunfeedError) => void>()
  const run = client.run(id)
  onTestFinished(run.subscribe(() => {}))
  const others = Array.from({ length: 200 }, (_, n) => client.stream(id, `s${n}`))
  for (const other of others) onTestFinished(other.subscribe(() => {}))
  ask(client, id, { onChange: () => {}, onError })
  await vi.waitFor(() => expect(onError).toHaveBeenCalled(), PATIENT)
  expect(onError.mock.calls).toMatchObject([[{ type: 'invalid_request', message: expect.stringContaining(named) as string }]])
  await say(7)
  await vi.waitFor(() => expect(run.getSnapshot().run?.metadata).toEqual({ n: 7 }), PATIENT)
  expect(others.filter((other) => other.getSnapshot().error)).toEqual([])
  expect([client.connection.getSnapshot().status, feeds]).toEqual(['open', 1])
})

test('a request of nothing else, and one with a want that says not what it is, are refused whole', async () => {
  const { server, id } = await setUp()
  const refused = async (wants: readonly object[]): Promise<string> => {
    const answer = await server.post('/v1/feed', { wants })
    expect(answer.status).toBe(400)
    return ((await answer.json()) as { error: { message: string } }).error.message
  }
  expect(await refused([{ run: '' }, { run: id, stream: '' }])).toMatch(/^wants\.0\.run: .*; wants\.1\.stream: /)
  expect(await refused([{ run: id }, {}])).toMatch(/^wants\.1: /)
  expect(await refused([{ run: id }, { run: 5 }])).toMatch(/^wants\.1/)
  expect(await refused([{ run: id }, { query: { ids: 5 } }])).toMatch(/^wants\.1\.query\.ids: /)
})

test('a poll is told what is denied, and ends', async () => {
  const { server, id } = await setUp()
  const query = { tag: 'a b', limit: 3 }
  const wrong = [{ run: id, stream: 'a\r\nevent: ping' }, { run: id, stream: 'log', index: 'x' }, { run: id, stream: 'text', index: 0.5 }, { query }]
  const feed = new Follow(await server.post('/v1/feed', { poll: true, wants: [{ run: id }, ...wrong] }))
  await feed.over
  const index = expect.stringContaining('index: ') as string
  expect(feed.denied).toMatchObject([
    { run: id, stream: 'a\r\nevent: ping', code: 'invalid_request' },
    { run: id, stream: 'log', code: 'invalid_request', message: index },
    { run: id, stream: 'text', code: 'invalid_request', message: index },
    { query: queryName(query), code: 'invalid_request' },
  ])
  expect(feed.events).toEqual(['open', 'run', 'denied', 'denied', 'denied', 'denied'])
})
