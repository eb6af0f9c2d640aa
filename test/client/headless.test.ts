// The client without React, as its users have it: a real server, loops, callbacks, signals.
import { runInNewContext } from 'node:vm'
import { type ClientState, createRunClient, dehydrate, hydrate, type Json, type Run, type RunClient } from 'runfeed'
import { type Metadata, metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import { gate } from '../support/gate.ts'
import { setUp as scripted } from './setup.ts'
import { startServer } from '../support/server.ts'

let last = 0
/** A task that writes five numbers and five chunks, and waits at its gate before the last of them. */
async function setUp() {
  const id = `count-${last++}`
  const half = gate()
  const count = task({
    id,
    run: async () => {
      const say = async function* (): AsyncGenerator<string> {
        for (let n = 0; n < 5; n++) {
          if (n === 4) await half.opened
          ;(metadata as Metadata).set('n', n)
          yield `chunk ${n} </script><!-- \u2028`
        }
      }
      await metadata.stream('log', say())
      await metadata.flush()
      return 'done'
    },
  })
  const server = await startServer({ tasks: [count] })
  const client = clientOf(server.url)
  const { id: run } = await client.runs.trigger(id, null)
  return { server, client, run, half }
}
function clientOf(baseUrl: string): RunClient {
  const client = createRunClient({ baseUrl })
  onTestFinished(() => client.close())
  return client
}

test('loops go over every version and every chunk, to the end', async () => {
  const { client, run, half } = await setUp()
  half.open()
  const versions: Run[] = []
  const chunks: Json[] = []
  await Promise.all([
    (async () => {
      for await (const version of client.run(run)) versions.push(version)
    })(),
    (async () => {
      for await (const chunk of client.stream(run, 'log')) chunks.push(chunk)
    })(),
  ])
  expect(versions.at(-1)).toMatchObject({ status: 'COMPLETED', output: 'done', metadata: { n: 4 } })
  expect(versions.map(({ version }) => version)).toEqual([...new Set(versions.map(({ version }) => version))].sort((a, b) => a - b))
  expect(chunks).toEqual(Array.from({ length: 5 }, (_, n) => `chunk ${n} </script><!-- \u2028`))
  // what has ended is told again from what is known, and asks for nothing
  const again: Json[] = []
  for await (const chunk of client.stream(run, 'log')) again.push(chunk)
  expect(again).toEqual(chunks)
})

test('leaving a loop, a signal and a closed client end it', async () => {
  const { client, run, half } = await setUp()
  for await (const version of client.run(run)) {
    expect(version.id).toBe(run)
    break
  }
  const controller = new AbortController()
  const reason = new Error('enough')
  const reading = (async () => {
    for await (const _chunk of client.stream(run, 'log').values({ signal: controller.signal })) controller.abort(reason)
  })()
  await expect(reading).rejects.toBe(reason)
  const seen = gate()
  const closed = (async () => {
    for await (const _version of client.run(run)) seen.open()
  })()
  await seen.opened
  client.close()
  await closed
  half.open()
})

test('a run that is not there is thrown, and told to a subscription', async () => {
  const { client, half } = await setUp()
  half.open()
  await expect(
    (async () => {
      for await (const _version of client.run('run_nobody')) throw new Error('nothing comes')
    })(),
  ).rejects.toMatchObject({ type: 'not_found' })
  const told = gate()
  const onChange = vi.fn<(run: Run) => void>()
  const onError = vi.fn<(error: Error) => void>(() => told.open())
  client.subscribeRun('run_nowhere', { onChange, onError })
  await told.opened
  expect(onError.mock.calls).toMatchObject([[{ type: 'not_found' }]])
  expect(onChange).not.toHaveBeenCalled()
})

test('subscriptions tell each chunk once with its index, the end once, and nothing after a signal', async () => {
  const { client, run, half } = await setUp()
  const ended = gate()
  const four = gate()
  const chunks: [Json, number][] = []
  const ends = vi.fn<() => void>(() => ended.open())
  client.subscribeStream(run, 'log', {
    startIndex: 1,
    onChange: (chunk, index) => {
      chunks.push([chunk, index])
      if (index === 3) four.open()
    },
    onEnd: ends,
  })
  const controller = new AbortController()
  const cut = vi.fn<(run: Run) => void>()
  client.subscribeRun(run, { onChange: cut, signal: controller.signal })
  await four.opened
  controller.abort()
  const calls = cut.mock.calls.length
  half.open()
  await ended.opened
  expect(chunks.map(([, index]) => index)).toEqual([1, 2, 3, 4])
  expect(chunks[3]?.[0]).toContain('chunk 4')
  expect(ends).toHaveBeenCalledTimes(1)
  expect(cut).toHaveBeenCalledTimes(calls)
  // a mistake is said where it is made
  expect(() => client.subscribeRun(run, {} as never)).toThrow('onChange')
})

test('a loop is left with what is thrown into it, whether it waits or has more to say', async () => {
  const { client, transport, flush } = scripted()
  const thrown = new Error('enough')
  const waiting = client.stream('run_a', 'log').values()
  const next = waiting.next()
  await expect(waiting.throw?.(thrown)).rejects.toBe(thrown)
  expect(await next).toMatchObject({ done: true })
  const loop = client.stream('run_a', 'log').values()
  const first = loop.next()
  await flush()
  transport.last.open()
  transport.last.send({ event: 'chunks', data: { run: 'run_a', stream: 'log', index: 0, cursor: '2.c', chunks: ['a', 'b'], by: null } })
  await flush()
  expect(await first).toMatchObject({ value: 'a' })
  await expect(loop.throw?.(thrown)).rejects.toBe(thrown)
  expect(await loop.next()).toMatchObject({ done: true })
})

test('what a server knows is text that no script element ends in, and a page begins with it', async () => {
  const { server, client, run, half } = await setUp()
  half.open()
  const follow = client.stream(run, 'log').subscribe(() => {})
  for await (const version of client.run(run)) expect(version.id).toBe(run)
  for await (const chunk of client.stream(run, 'log')) expect(chunk).toContain('</script>')
  // a later part of a stream of which nothing has come is nothing that is known
  const later = client.stream(run, 'other', 5)
  const text = dehydrate(client)
  expect(text).not.toContain('"other"')
  expect(later.getSnapshot().state).toBeUndefined()
  follow()
  expect(text).not.toMatch(/[<\u2028\u2029]/)
  const asked = vi.fn<typeof fetch>(fetch)
  const page = createRunClient({ baseUrl: server.url, fetch: asked })
  onTestFinished(() => page.close())
  // as a page that has it in a script: a value, not text
  hydrate(page, runInNewContext(`(${text})`) as ClientState)
  expect(page.run(run).getSnapshot()).toMatchObject({ run: { status: 'COMPLETED', output: 'done' }, end: { settled: true, live: false } })
  expect(page.stream(run, 'log').getSnapshot()).toMatchObject({ state: 'closed', log: { length: 5 } })
  const chunks: Json[] = []
  for await (const chunk of page.stream(run, 'log')) chunks.push(chunk)
  for await (const version of page.run(run)) expect(version.status).toBe('COMPLETED')
  expect(chunks).toHaveLength(5)
  expect(asked).not.toHaveBeenCalled()
  for (const state of ['[]', '{"runs":[null],"streams":[],"lists":[]}', '{"runs":[{}],"streams":[],"lists":[]}', '{"runs":[],"streams":[],"lists":[{}]}'])
    expect(() => hydrate(page, state)).toThrow(expect.objectContaining({ type: 'invalid_request', message: expect.stringContaining('what dehydrate wrote') }))
})

test.each<[string, unknown]>([
  ['baseUrl', {}],
  ['baseUrl', { baseUrl: undefined }],
  ['baseUrl', { baseUrl: 'ftp://a' }],
  ['baseUrl', { baseUrl: 'https://host/?token=secret' }],
  ['baseUrl', { baseUrl: 'https://user:secret@host' }],
  ['accessToken', { baseUrl: '', accessToken: 7 }],
  ['accessToken', { baseUrl: '', accessToken: 'a\nb' }],
  ['fetch', { baseUrl: '', fetch: {} }],
  ['linger', { baseUrl: '', linger: Number.NaN }],
  ['transport', { transport: {} }],
])('an option that cannot be meant is named: %s of %j', (name, options) => {
  expect(() => createRunClient(options as never)).toThrow(`createRunClient: ${name} must be`)
})

test.each(['', '/api', 'http://localhost:3000', 'https://host.example/base/'])('baseUrl may be %j', (baseUrl) => {
  expect(() => createRunClient({ baseUrl }).close()).not.toThrow()
})
