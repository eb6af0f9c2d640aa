// The bell over HTTP, as a worker elsewhere hears it.
import { createParser } from 'eventsource-parser'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startServer, type TestServer } from '../support/server.ts'
import { begin, send } from './elsewhere.ts'

interface Wake {
  readonly event: string | undefined
  readonly data: { readonly topics?: readonly string[]; readonly heartbeat?: number; readonly reconnectAfter?: number }
}
/** Events as they come; the connection is cut when the test ends. */
async function wakes(server: TestServer, topics: readonly string[]): Promise<AsyncGenerator<Wake, void, undefined>> {
  const cut = new AbortController()
  onTestFinished(() => cut.abort())
  const response = await server.post('/v1/wakes', { topics }, { signal: cut.signal })
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  async function* events(): AsyncGenerator<Wake, void, undefined> {
    const ready: Wake[] = []
    const parser = createParser({ onEvent: ({ event, data }) => void ready.push({ event, data: JSON.parse(data) as Wake['data'] }) })
    const decoder = new TextDecoder()
    for await (const bytes of response.body as ReadableStream<Uint8Array<ArrayBuffer>>) {
      parser.feed(decoder.decode(bytes, { stream: true }))
      yield* ready.splice(0)
    }
  }
  return events()
}
async function nextOf(events: AsyncGenerator<Wake, void, undefined>, name: string): Promise<Wake['data']> {
  for (;;) {
    const { value } = await events.next()
    if (!value) throw new Error(`the stream ended before ${name}`)
    if (value.event === name) return value.data
  }
}

describe('wakes', () => {
  test('are heard from before the stream opens, each topic once a turn', async () => {
    const server = await startServer()
    const { id, attempt } = await begin(server)
    const events = await wakes(server, [`run:${id}`, `run:${id}`, 'queue', `stream:${id}:log`])
    expect((await events.next()).value).toMatchObject({ event: 'open', data: { heartbeat: 150 } })
    await send(server, 'POST', `/v1/runs/${id}/commits`, { attempt, operations: [{ op: 'set', key: 'a', value: 1 }] })
    expect((await nextOf(events, 'wake')).topics).toEqual([`run:${id}`])
    await send(server, 'POST', '/v1/runs', { runs: [{ task: 'a' }, { task: 'b' }] })
    expect((await nextOf(events, 'wake')).topics).toEqual(['queue'])
    expect(await nextOf(events, 'ping')).toEqual({ time: expect.any(Number) as unknown })
  })

  test('say goodbye when the server closes, and end', async () => {
    const server = await startServer()
    const events = await wakes(server, ['queue'])
    await nextOf(events, 'open')
    const closed = server.close()
    expect((await nextOf(events, 'bye')).reconnectAfter).toBeGreaterThan(0)
    expect((await events.next()).done).toBe(true)
    await closed
  })

  test('over Fetch too', async () => {
    const server = createRunServer({ engine: memoryEngine() })
    onTestFinished(() => server.close())
    const response = await server.fetch(
      new Request('http://localhost/v1/wakes', { method: 'POST', body: '{"topics":["queue"]}', headers: { 'content-type': 'application/json' } }),
    )
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toMatch(/^event: open\n/)
    await reader.cancel()
  })

  test.each([
    ['no topics', []],
    ['a topic of another kind', ['secrets:all']],
    ['too many', Array.from({ length: 10_001 }, (_, i) => `run:${i}`)],
  ])('%s: refused', async (_name, topics) => {
    const server = await startServer()
    expect((await send(server, 'POST', '/v1/wakes', { topics })).status).toBe(400)
  })
})
