// Where streams do not come through: the same feed, asked for again and again, until they do.
import { type ConnectionSnapshot, createRunClient, type Json, poll, type PollOptions, type RunClient } from 'runfeed'
import { metadata, task } from 'runfeed/task'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { Frame } from '../../src/protocol/frame.ts'
import { Positions } from '../../src/transport/positions.ts'
import { ScriptedTransport } from '../client/scripted-transport.ts'
import { type Gate, gate } from '../support/gate.ts'
import { startServer } from '../support/server.ts'
import { gatheringProxy } from './gathering-proxy.ts'
import { ManualEnvironment, settled } from './manual-environment.ts'

/** Writes as many chunks as there are gates, each when its gate opens. */
async function serve(name: string, gates: readonly Gate[]) {
  const say = task({
    id: name,
    run: async () => {
      async function* chunks(): AsyncGenerator<number> {
        for (const [n, { opened }] of gates.entries()) {
          await opened
          yield n
        }
      }
      await metadata.stream('log', chunks())
    },
  })
  const server = await startServer({ tasks: [say] })
  return { server, run: await server.trigger(name) }
}

function watch(client: RunClient, run: string) {
  onTestFinished(() => client.close())
  const chunks: Json[] = []
  const states: ConnectionSnapshot[] = []
  client.connection.subscribe(() => states.push(client.connection.getSnapshot()))
  const ended = new Promise<void>((resolve, reject) => {
    client.subscribeRun(run, { onChange: () => {}, onEnd: resolve, onError: reject })
  })
  client.subscribeStream(run, 'log', { onChange: (chunk) => void chunks.push(chunk) })
  const at = (transport: string): Promise<void> =>
    vi.waitFor(() => expect(client.connection.getSnapshot()).toMatchObject({ status: 'open', transport }), 20_000)
  return { chunks, states, ended, at }
}

test('behind a proxy that gathers answers it polls, says why, and streams again once it can', async () => {
  const gates = [gate(), gate(), gate()]
  const { server, run } = await serve('say-gathered', gates)
  const proxy = await gatheringProxy(server.url)
  const client = createRunClient({ baseUrl: proxy.url, poll: poll({ interval: 50, patience: 300, retryStream: 600 }) })
  const { chunks, ended, at } = watch(client, run)
  await at('poll')
  expect(client.connection.getSnapshot().reason).toMatch(/nothing came through a stream/)
  gates[0]?.open()
  await vi.waitFor(() => expect(chunks).toEqual([0]), 20_000)
  proxy.isGathering = false
  await at('stream')
  expect(client.connection.getSnapshot().reason).toBeUndefined()
  gates[1]?.open()
  await vi.waitFor(() => expect(chunks).toEqual([0, 1]), 20_000)
  gates[2]?.open()
  await ended
  expect(chunks).toEqual([0, 1, 2])
}, 60_000)

test('a fetch that gives no body to read, as that of React Native, is polled', async () => {
  const gates = [gate(), gate()]
  const { server, run } = await serve('say-native', gates)
  const native = (async (input: string, init?: RequestInit): Promise<Response> => {
    const { ok, status, headers, ...answer } = await fetch(input, init).then((response) => ({
      ok: response.ok,
      status: response.status,
      headers: response.headers,
      // what is left is all that there is
      text: () => response.text(),
      json: () => response.json() as Promise<unknown>,
    }))
    return { ok, status, headers, ...answer } as unknown as Response
  }) as typeof fetch
  const client = createRunClient({ baseUrl: server.url, fetch: native, poll: poll({ interval: 50 }) })
  const { chunks, ended, at } = watch(client, run)
  await at('poll')
  // what it polls for, and not that it should
  expect(client.connection.getSnapshot().reason).toBe('this fetch streams no body')
  for (const one of gates) one.open()
  await ended
  expect(chunks).toEqual([0, 1])
  // without it the error says what to import
  const lone = createRunClient({ baseUrl: server.url, fetch: native })
  onTestFinished(() => lone.close())
  await expect(
    (async () => {
      for await (const _version of lone.run(run)) throw new Error('nothing comes')
    })(),
  ).rejects.toMatchObject({ type: 'no_body_stream', message: expect.stringContaining('poll()') })
}, 60_000)

function scripted() {
  const below = new ScriptedTransport()
  const environment = new ManualEnvironment()
  const layer = poll({ interval: 1_000 })(below, environment)
  const controller = new AbortController()
  const frames: Frame[] = []
  const reading = (async () => {
    for await (const frame of layer.stream([{ run: 'run_a' }], controller.signal)) frames.push(frame)
  })()
  reading.catch(() => {})
  return { below, environment, layer, controller, frames, reading }
}

test('a stream whose first heartbeat never comes is given up; one that had any is the watchdog’s', async () => {
  const silent = scripted()
  await settled()
  silent.below.last.open(1_000)
  silent.below.last.send({ event: 'patch', data: { run: 'run_a', base: 1, cursor: '2.t', at: 1, patch: [], by: null } })
  await silent.environment.advance(2_400)
  expect(silent.below.connections).toHaveLength(1)
  await silent.environment.advance(100)
  expect(silent.below.connections).toHaveLength(2)
  expect(silent.below.connections[0]?.signal.aborted).toBe(true)
  // from where the stream had got to
  expect(silent.below.last.wants).toEqual([{ run: 'run_a', cursor: '2.t' }])
  expect(silent.layer.via?.()).toEqual({ transport: 'stream' })
  silent.below.last.open(1_000)
  await settled()
  expect(silent.layer.via?.()).toMatchObject({ transport: 'poll' })
  silent.controller.abort()

  const proven = scripted()
  await settled()
  proven.below.last.open(1_000)
  proven.below.last.send({ event: 'ping', data: { time: 0 } })
  await proven.environment.advance(60_000)
  expect(proven.below.connections).toHaveLength(1)
  proven.controller.abort()
})

/** A client whose streams say nothing. */
function unheard(options: PollOptions = {}) {
  const transport = new ScriptedTransport()
  const environment = new ManualEnvironment()
  const scheduler = { schedule: (task: () => void) => (queueMicrotask(task), () => {}) }
  const client = createRunClient({ transport, environment, scheduler, poll: poll(options) })
  onTestFinished(() => client.close())
  client.run('run_a').subscribe(() => {})
  return { client, transport, environment }
}

test('an interval beyond three heartbeats is no silence', async () => {
  const { client, transport, environment } = unheard({ interval: 60_000, retryStream: Number.POSITIVE_INFINITY })
  await environment.advance(4_000)
  for (let answers = 2; answers < 5; answers++) {
    expect(transport.connections).toHaveLength(answers)
    transport.last.open(15_000)
    transport.last.end()
    await environment.advance(59_000)
    expect(client.connection.getSnapshot()).toMatchObject({ status: 'open', transport: 'poll' })
    await environment.advance(1_000)
  }
})

test('a poll whose answer takes longer than an attempt may is asked first by the next one', async () => {
  const { client, transport, environment } = unheard()
  environment.chance = 0
  await environment.advance(4_999)
  expect(transport.connections).toHaveLength(2)
  // the attempt is over
  await environment.advance(1)
  expect(transport.live).toHaveLength(1)
  expect(transport.connections).toHaveLength(3)
  await environment.advance(3_000)
  transport.last.open()
  transport.last.end()
  await settled()
  expect(client.connection.getSnapshot()).toMatchObject({ status: 'open', transport: 'poll' })
})

test.each<[string, PollOptions]>([
  ['interval', { interval: 0 }],
  ['patience', { patience: 5_000 }],
  ['retryStream', { retryStream: Number.NaN }],
])('%s must be a time that can be meant', (name, options) => {
  expect(() => poll(options)).toThrow(expect.objectContaining({ type: 'invalid_request', details: { name } }) as Error)
})

test('a server that is away is no reason to poll', async () => {
  const { below, environment, layer, reading } = scripted()
  await environment.advance(4_000)
  below.last.fail(new Error('refused'))
  await expect(reading).rejects.toThrow('refused')
  expect(layer.via?.()).toEqual({ transport: 'stream' })
})

test('positions move with frames, and what is settled or denied is not asked for again', () => {
  const positions = new Positions([
    { run: 'run_a' },
    { run: 'run_b', token: 'own' },
    { run: 'run_a', stream: 'log', index: 3 },
    { query: { tag: 'x' }, cursors: { run_c: '1.c', run_d: '1.d' } },
  ])
  positions.see({ event: 'patch', data: { run: 'run_a', base: 4, cursor: '5.a', at: 1, patch: [], by: null } })
  positions.see({ event: 'chunks', data: { run: 'run_a', stream: 'log', index: 3, chunks: [1, 2], cursor: '5.s', by: null } })
  positions.see({ event: 'denied', data: { run: 'run_b', code: 'forbidden', message: '' } })
  positions.see({ event: 'leave', data: { query: '{"limit":50,"tag":"x"}', run: 'run_d' } })
  expect(positions.wants).toEqual([
    { run: 'run_a', cursor: '5.a' },
    { run: 'run_a', stream: 'log', index: 5, cursor: '5.s' },
    { query: { tag: 'x' }, cursors: { run_c: '1.c', run_a: '5.a' } },
  ])
  positions.see({ event: 'gap', data: { run: 'run_a', stream: 'log', from: 5, to: 9 } })
  positions.see({ event: 'end', data: { run: 'run_a', cursor: '5.a', lengths: {}, settled: true } })
  expect(JSON.parse(JSON.stringify(positions.wants))).toEqual([
    { run: 'run_a', stream: 'log', index: 9 },
    { query: { tag: 'x' }, cursors: { run_c: '1.c', run_a: '5.a' } },
  ])
})
