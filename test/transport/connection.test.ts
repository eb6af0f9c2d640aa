// How the connection is watched, given up and opened again.
import { expect, test } from 'vitest'
import { ConnectionError, HttpError, ProtocolError } from '../../src/protocol/errors.ts'
import type { Session } from '../../src/transport/attempt.ts'
import { Connection } from '../../src/transport/connection.ts'
import type { ConnectionSnapshot } from '../../src/transport/connection-status.ts'
import { ScriptedTransport } from '../client/scripted-transport.ts'
import { ManualEnvironment, settled } from './manual-environment.ts'

function setUp(origin?: string) {
  const transport = Object.assign(new ScriptedTransport(), origin === undefined ? {} : { origin })
  const environment = new ManualEnvironment()
  const states: ConnectionSnapshot[] = []
  const refusals: { readonly error: Error; readonly kept: Session | undefined }[] = []
  const connection = new Connection(transport, environment, {
    open: () => ({ wants: [{ run: 'run_a' }], receive: () => {}, isDone: () => false, ended: () => {} }),
    changed: (snapshot) => states.push(snapshot),
    refused: (error, kept) => refusals.push({ error, kept }),
  })
  return { transport, environment, connection, states, refusals, names: () => states.map(({ status }) => status) }
}

test('a clean end of the body is a disconnect, and says so', async () => {
  const { transport, environment, connection, states, names } = setUp()
  connection.refresh()
  await settled()
  transport.last.open()
  transport.last.end()
  await environment.advance(2_000)
  transport.last.open()
  await settled()
  expect(names()).toEqual(['connecting', 'open', 'reconnecting', 'open'])
  expect(states.map(({ error }) => error?.type)).toEqual([undefined, undefined, 'connection', undefined])
})

test('waits grow while nothing works, are jittered, and begin anew only after a healthy while', async () => {
  const { transport, environment, connection } = setUp()
  connection.refresh()
  await settled()
  const waits: number[] = []
  const wait = async (): Promise<void> => {
    const opened = transport.connections.length
    const from = environment.now()
    while (transport.connections.length === opened) await environment.advance(100)
    waits.push(environment.now() - from)
  }
  for (let n = 0; n < 5; n++) {
    transport.last.fail(new ConnectionError('down'))
    await wait()
  }
  // a server that takes a connection and drops it has not recovered
  transport.last.open()
  transport.last.end()
  await wait()
  environment.chance = 0.5
  transport.last.end()
  await wait()
  environment.chance = 1
  transport.last.open()
  await environment.advance(1_000)
  transport.last.end()
  await wait()
  expect(waits).toEqual([2_000, 4_000, 8_000, 16_000, 16_000, 16_000, 8_000, 2_000])
})

test('a server that is away for 30 s costs few requests', async () => {
  const { transport, environment, connection } = setUp()
  environment.chance = 0.5
  connection.refresh()
  await settled()
  for (let second = 0; second < 300; second++) {
    for (const live of transport.live) live.fail(new ConnectionError('down'))
    await environment.advance(100)
  }
  expect(transport.connections.length).toBeLessThanOrEqual(8)
})

test('Retry-After is waited for, and nothing shortens it', async () => {
  const { transport, environment, connection } = setUp()
  environment.chance = 0
  connection.refresh()
  await settled()
  transport.last.fail(new HttpError(429, undefined, 7_000))
  await environment.advance(6_999)
  environment.wake()
  await settled()
  expect(transport.connections).toHaveLength(1)
  await environment.advance(1)
  expect(transport.connections).toHaveLength(2)
})

test.each([400, 401, 403, 404, 410, 426])('%i is terminal: one request', async (status) => {
  const { transport, environment, connection, names, refusals } = setUp()
  connection.refresh()
  await settled()
  transport.last.fail(new HttpError(status, undefined))
  await environment.advance(3_600_000)
  expect(names()).toEqual(['connecting', 'failed'])
  expect(refusals).toHaveLength(1)
  expect(transport.connections).toHaveLength(1)
})

test.each([408, 429, 500, 502, 503])('%i is tried again', async (status) => {
  const { transport, environment, connection, names } = setUp()
  connection.refresh()
  await settled()
  transport.last.fail(new HttpError(status, undefined))
  await environment.advance(2_000)
  expect(names()).toEqual(['connecting', 'reconnecting'])
  expect(transport.connections).toHaveLength(2)
})

test('after three silent heartbeats, which the server sets, the connection counts as dead', async () => {
  const { transport, environment, connection, names } = setUp()
  connection.refresh()
  await settled()
  transport.last.open(1_000)
  for (let n = 0; n < 10; n++) {
    await environment.advance(900)
    transport.last.send({ event: 'ping', data: { time: 0 } })
  }
  await environment.advance(2_900)
  expect(names()).toEqual(['connecting', 'open'])
  await environment.advance(200)
  expect(names()).toEqual(['connecting', 'open', 'reconnecting'])
  expect(transport.live).toHaveLength(0)
})

test.each([
  ['back', -3_600_000],
  ['forward', 3_600_000],
])('a clock that is set %s by an hour neither hides a dead connection nor holds back what is wanted', async (_name, by) => {
  const { transport, environment, connection, states } = setUp()
  connection.refresh()
  await settled()
  transport.last.open(1_000)
  await environment.advance(500)
  environment.setClock(by)
  connection.refresh()
  await environment.advance(250)
  expect(transport.connections).toHaveLength(2)
  transport.last.open(1_000)
  await environment.advance(500)
  environment.setClock(by)
  await environment.advance(6_100)
  expect(states.map(({ error }) => error?.message)).toContain('nothing came for 3000 ms')
})

test('who stood still reads what has arrived before the connection counts as dead', async () => {
  const { transport, environment, connection, names } = setUp()
  connection.refresh()
  await settled()
  transport.last.open(1_000)
  await settled()
  environment.sleep(60_000)
  // its timers run first
  await environment.advance(0)
  transport.last.send({ event: 'ping', data: { time: 0 } })
  await environment.advance(1_000)
  expect([names(), transport.connections.length]).toEqual([['connecting', 'open'], 1])
})

test('what was given up is not heard any more, whether or not it takes notice of its signal', async () => {
  const { transport, environment } = setUp()
  const heard: string[] = []
  let say = (): void => {}
  const deaf = new Connection(
    {
      request: transport.request,
      stream: async function* () {
        yield { event: 'open', data: { protocol: 1, heartbeat: 1_000, time: 0 } }
        await new Promise<void>((resolve) => (say = resolve))
        yield { event: 'ping', data: { time: 1 } }
      },
    },
    environment,
    {
      open: () => ({ wants: [{ run: 'run_a' }], receive: ({ event }) => heard.push(event), isDone: () => false, ended: () => {} }),
      changed: () => {},
      refused: () => {},
    },
  )
  deaf.refresh()
  await settled()
  environment.sleep(60_000)
  await environment.advance(20)
  expect(deaf.now.status).toBe('reconnecting')
  say()
  await settled()
  expect([deaf.now.status, heard]).toEqual(['reconnecting', ['open']])
  deaf.close()
})

test('an attempt that says nothing is given up; a replacement sooner, and the old one is kept', async () => {
  const { transport, environment, connection, names } = setUp()
  environment.chance = 0
  connection.refresh()
  await environment.advance(4_999)
  expect(names()).toEqual(['connecting'])
  await environment.advance(1)
  expect(names()).toEqual(['connecting', 'reconnecting'])
  await settled()
  const old = transport.last
  old.open(60_000)
  connection.refresh()
  await environment.advance(250)
  const spare = transport.last
  expect(spare).not.toBe(old)
  await environment.advance(4_999)
  expect(spare.signal.aborted).toBe(false)
  await environment.advance(1)
  expect(spare.signal.aborted).toBe(true)
  expect(old.signal.aborted).toBe(false)
  expect(names()).toEqual(['connecting', 'reconnecting', 'open'])
  // never more than one spare, whatever is added meanwhile
  for (let n = 0; n < 10; n++) {
    connection.refresh()
    await environment.advance(250)
  }
  expect(transport.live).toHaveLength(2)
})

test('a replacement under way takes over when the old one breaks', async () => {
  const { transport, environment, connection, names } = setUp()
  connection.refresh()
  await settled()
  const old = transport.last
  old.open()
  connection.refresh()
  await environment.advance(250)
  old.fail(new ConnectionError('gone'))
  await settled()
  transport.last.open()
  await environment.advance(10_000)
  expect(names()).toEqual(['connecting', 'open', 'reconnecting', 'open'])
  expect(transport.connections).toHaveLength(2)
})

test('when a node drains, another connection is there before it is gone', async () => {
  const { transport, environment, connection, names } = setUp()
  connection.refresh()
  await settled()
  transport.last.open()
  transport.last.send({ event: 'bye', data: { reconnectAfter: 3_000 } })
  await environment.advance(2_999)
  expect(transport.connections).toHaveLength(1)
  await environment.advance(1)
  transport.last.open()
  await settled()
  expect(transport.live).toEqual([transport.last])
  expect(names()).toEqual(['connecting', 'open'])
})

test('when a node drains and ends at once, its wait is kept', async () => {
  const { transport, environment, connection } = setUp()
  connection.refresh()
  await settled()
  transport.last.open()
  transport.last.send({ event: 'bye', data: { reconnectAfter: 3_000 } })
  transport.last.end()
  await environment.advance(2_900)
  expect(transport.connections).toHaveLength(1)
  await environment.advance(100)
  expect(transport.connections).toHaveLength(2)
})

test('a page that is seen again does not wait', async () => {
  const { transport, environment, connection, names } = setUp()
  connection.refresh()
  await settled()
  transport.last.fail(new ConnectionError('offline'))
  await settled()
  environment.wake()
  await settled()
  expect(transport.connections).toHaveLength(2)
  transport.last.open(15_000)
  await settled()
  environment.wake()
  await environment.advance(1_000)
  expect(transport.connections).toHaveLength(2)
  // slept for a minute: whether the old connection lives is not known, and it is replaced without a word
  environment.sleep(40_000)
  environment.wake()
  await settled()
  transport.last.open()
  await settled()
  expect(transport.connections).toHaveLength(3)
  expect(names().at(-1)).toBe('open')
})

test('what a page that slept reads first, because it had arrived before, does not pass for a sign of life', async () => {
  const { transport, environment, connection, names } = setUp()
  connection.refresh()
  await settled()
  transport.last.open(15_000)
  for (let beat = 0; beat < 3; beat++) {
    await environment.advance(15_000)
    transport.last.send({ event: 'ping', data: { time: 0 } })
    await settled()
    environment.wake()
    await settled()
  }
  expect(transport.connections).toHaveLength(1)
  environment.sleep(60_000)
  transport.last.send({ event: 'ping', data: { time: 0 } })
  await settled()
  // one page may be told in several ways that it runs again
  for (let event = 0; event < 3; event++) environment.wake()
  await settled()
  expect(transport.connections).toHaveLength(2)
  environment.wake()
  transport.last.open(15_000)
  await settled()
  environment.wake()
  await environment.advance(1_000)
  expect(transport.connections).toHaveLength(2)
  expect(names()).toEqual(['connecting', 'open'])
})

test('a frame that cannot be read is terminal', async () => {
  const transport = new ScriptedTransport()
  const refused: Error[] = []
  const connection = new Connection(transport, new ManualEnvironment(), {
    open: () => ({
      wants: [],
      isDone: () => false,
      ended: () => {},
      receive: (frame) => {
        if (frame.event === 'ping') throw new TypeError('no such field')
      },
    }),
    changed: () => {},
    refused: (error) => refused.push(error),
  })
  connection.refresh()
  await settled()
  transport.last.open()
  transport.last.send({ event: 'ping', data: { time: 0 } })
  await settled()
  expect(refused).toEqual([expect.any(ProtocolError)])
  expect(transport.live).toHaveLength(0)
})

test('is paused for as long as there is a reason', async () => {
  const { transport, connection, states } = setUp()
  connection.pause('hidden')
  connection.refresh()
  await settled()
  expect(transport.connections).toHaveLength(0)
  connection.pause('asked')
  connection.resume('hidden')
  await settled()
  expect(transport.connections).toHaveLength(0)
  connection.resume('asked')
  await settled()
  transport.last.open()
  await settled()
  connection.pause('asked')
  expect(transport.live).toHaveLength(0)
  expect(states.map(({ status, reason }) => [status, reason])).toEqual([
    ['connecting', undefined],
    ['paused', 'hidden'],
    ['paused', 'hidden, asked'],
    ['paused', 'asked'],
    ['reconnecting', undefined],
    ['open', undefined],
    ['paused', 'asked'],
  ])
})

test('a page that is frozen or left has no connection, and is live again as soon as it runs', async () => {
  const { transport, environment, connection, states, names } = setUp()
  connection.refresh()
  await settled()
  transport.last.open()
  await settled()
  environment.fallAsleep()
  expect(transport.live).toHaveLength(0)
  expect(states.at(-1)).toMatchObject({ status: 'paused', reason: 'page asleep', error: undefined })
  // what is wanted meanwhile waits too
  connection.refresh()
  environment.sleep(60_000)
  await environment.advance(60_000)
  expect(transport.connections).toHaveLength(1)
  environment.wake()
  await settled()
  expect(transport.connections).toHaveLength(2)
  transport.last.open()
  await settled()
  expect(names()).toEqual(['connecting', 'open', 'paused', 'reconnecting', 'open'])
  expect(states.every(({ error }) => error === undefined)).toBe(true)
  connection.stop()
  expect([environment.wakers, environment.timers]).toEqual([0, 0])
})

test('a page that is woken waits out a Retry-After all the same', async () => {
  const { transport, environment, connection } = setUp()
  environment.chance = 0
  connection.refresh()
  await settled()
  transport.last.fail(new HttpError(503, undefined, 7_000))
  await settled()
  environment.fallAsleep()
  await environment.advance(1_000)
  environment.wake()
  await environment.advance(5_999)
  expect(transport.connections).toHaveLength(1)
  await environment.advance(1)
  expect(transport.connections).toHaveLength(2)
})

test('of all clients of one origin one at a time opens a second connection', async () => {
  const clients = [setUp('http://a'), setUp('http://a'), setUp('http://b')]
  for (const { connection } of clients) connection.refresh()
  await settled()
  for (const { connection, transport } of clients) {
    transport.last.open(60_000)
    connection.refresh()
  }
  for (const { environment } of clients) await environment.advance(250)
  expect(clients.map(({ transport }) => transport.live.length)).toEqual([2, 1, 2])
  clients[0]?.transport.last.open()
  for (const { environment } of clients) await environment.advance(250)
  expect(clients.map(({ transport }) => transport.live.length)).toEqual([1, 2, 2])
  for (const { connection } of clients) connection.close()
})

test.each([
  ['', ''],
  ['', '/api'],
  ['http://a/one', 'http://a/two'],
])('of the bases %j and %j the origin is the same', async (one, two) => {
  const clients = [setUp(one), setUp(two)]
  for (const { connection } of clients) connection.refresh()
  await settled()
  for (const { connection, transport } of clients) {
    transport.last.open(60_000)
    connection.refresh()
  }
  for (const { environment } of clients) await environment.advance(250)
  expect(clients.map(({ transport }) => transport.live.length)).toEqual([2, 1])
  for (const { connection } of clients) connection.close()
})

test('which transport it is, and why, is told with each open frame', async () => {
  const { transport, connection, states } = setUp()
  connection.refresh()
  await settled()
  transport.last.open()
  await settled()
  transport.via = () => ({ transport: 'poll', reason: 'nothing came' })
  transport.last.open()
  await settled()
  expect(states.slice(1)).toMatchObject([
    { status: 'open', transport: 'stream', reason: undefined },
    { status: 'open', transport: 'poll', reason: 'nothing came' },
  ])
})
