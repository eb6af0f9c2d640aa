// The leader's part, without a browser: what one connection asks for several tabs, and who is told what.
import { describe, expect, onTestFinished, test } from 'vitest'
import { Hub } from '../../src/client/share/hub.ts'
import { HttpError } from '../../src/protocol/errors.ts'
import type { Frame } from '../../src/protocol/frame.ts'
import { queryName, type Want } from '../../src/protocol/want.ts'
import type { ConnectionSnapshot } from '../../src/transport/connection-status.ts'
import { ManualEnvironment } from '../transport/manual-environment.ts'
import { ScriptedTransport } from './scripted-transport.ts'
import { record } from './setup.ts'

function setUp(own?: string) {
  const transport = new ScriptedTransport()
  const environment = new ManualEnvironment()
  const states: ConnectionSnapshot[] = []
  const told: { readonly to: string | undefined; readonly session: number | undefined; readonly frame: Frame }[] = []
  const hub = new Hub(transport, environment, {
    send: (frames, to, session) => told.push(...frames.map((frame) => ({ to, session, frame }))),
    ownToken: () => own,
    changed: (snapshot) => states.push(snapshot),
    refused: () => {},
  })
  onTestFinished(() => hub.close())
  const denials = (): readonly string[] => told.filter(({ frame }) => frame.event === 'denied').map(({ to, session }) => `${to} ${session}`)
  return { hub, transport, environment, states, told, denials }
}
const RUN: Frame = { event: 'run', data: { run: record(), cursor: '1.t' } }
const want = (token: string): readonly Want[] => [{ run: 'run_a', token }]
const deny = (code: string): Frame => ({ event: 'denied', data: { run: 'run_a', code, message: '' } })

test('a token that is over is over for who asked with it; for the others the run is asked for with theirs', async () => {
  const { hub, transport, environment, denials } = setUp('first')
  hub.want('one', 1, want('first'))
  hub.want('two', 2, want('second'))
  hub.want('three', 3, want('second'))
  await environment.advance(60)
  // the leader's own is the connection's
  expect(transport.last.wants).toEqual([{ run: 'run_a' }])
  transport.last.open()
  transport.last.send(RUN, deny('token_expired'))
  await environment.advance(250)
  expect(denials()).toEqual(['one 1'])
  expect(transport.connections).toHaveLength(2)
  expect(transport.last.wants).toEqual([{ run: 'run_a', token: 'second' }])
  // asked for anew, by another session of the same tab
  hub.want('one', 4, want('third'))
  transport.last.open()
  transport.last.send(deny('forbidden'))
  await environment.advance(250)
  expect(denials()).toEqual(['one 1', 'two 2', 'three 3'])
  expect(transport.last.wants).toEqual([{ run: 'run_a', token: 'third' }])
  transport.last.open()
  transport.last.send(deny('forbidden'))
  await environment.advance(60_000)
  // nobody is left who wants it
  expect(denials()).toEqual(['one 1', 'two 2', 'three 3', 'one 4'])
  expect(transport.live).toHaveLength(0)
})

test('a tab that needs more than the connection brings is told when its token is over, and the others go on', async () => {
  const { hub, transport, environment, told, denials } = setUp('over')
  const query = { tag: 'blue' }
  hub.want('one', 1, [{ query, token: 'good' }])
  await environment.advance(60)
  transport.last.open()
  transport.last.send({ event: 'list', data: { query: queryName(query), runs: [], hasMore: false } })
  await environment.advance(250)
  // each comes to the list anew; the last one's token is asked with
  hub.want('two', 2, [{ query, token: 'good' }])
  hub.want('three', 3, [{ query, token: 'over' }])
  await environment.advance(250)
  expect(transport.last.wants).toEqual([{ query, cursors: {} }])
  transport.last.fail(new HttpError(401, { type: 'token_expired', message: '' }))
  await environment.advance(250)
  expect(denials()).toEqual(['three 3'])
  expect(told.at(-1)?.frame.data).toMatchObject({ query: queryName(query), code: 'token_expired' })
  expect(transport.last.wants).toEqual([{ query, cursors: {}, token: 'good' }])
  transport.last.open()
  await environment.advance(10_000)
  expect(transport.connections).toHaveLength(3)
})

test('what was asked for after a connection that is refused is asked for by the next', async () => {
  const { hub, transport, environment, denials } = setUp('over')
  hub.want('one', 1, want('good'))
  await environment.advance(60)
  transport.last.open()
  transport.last.send(RUN)
  hub.want('two', 2, [{ run: 'run_b', token: 'over' }])
  await environment.advance(250)
  expect(transport.connections).toHaveLength(2)
  hub.want('three', 3, [{ run: 'run_c', token: 'good' }])
  transport.last.fail(new HttpError(401, { type: 'token_expired', message: '' }))
  await environment.advance(250)
  expect(denials()).toEqual(['two 2'])
  expect(transport.last.wants).toEqual([
    { run: 'run_a', cursor: '1.t', token: 'good' },
    { run: 'run_c', token: 'good' },
  ])
})

test('what has ended is not asked for again for a tab that is frozen and says nothing', async () => {
  const { hub, transport, environment, states } = setUp()
  hub.want('frozen', 1, [{ run: 'run_a' }, { run: 'run_a', stream: 'log' }, { run: 'run_b', stream: 'log' }])
  await environment.advance(60)
  transport.last.open()
  transport.last.send(RUN)
  for (const run of ['run_a', 'run_b']) {
    transport.last.send({ event: 'chunks', data: { run, stream: 'log', index: 0, cursor: '1.c', chunks: [1], by: null } })
    transport.last.send({ event: 'stream', data: { run, stream: 'log', state: 'closed', start: 0, length: 1 } })
  }
  transport.last.send({ event: 'end', data: { run: 'run_a', cursor: '1.t', lengths: { log: 1 }, settled: true } })
  transport.last.end()
  await environment.advance(60_000)
  expect(transport.connections).toHaveLength(1)
  expect(states.at(-1)).toMatchObject({ status: 'idle', error: undefined })
  // a tab that comes late and has nothing is told all of it
  hub.want('late', 2, [{ run: 'run_a', stream: 'log' }])
  await environment.advance(1_000)
  expect(transport.last.wants).toMatchObject([{ run: 'run_a', stream: 'log' }])
  expect((transport.last.wants[0] as { index?: number }).index ?? 0).toBe(0)
})

test('whoever begins with the first chunk of a stream that ended without any is told so, like those who begin with a later one', async () => {
  const { hub, transport, environment, told } = setUp()
  hub.want('one', 1, [{ run: 'run_a', stream: 'log', index: 1 }])
  await environment.advance(60)
  transport.last.open()
  const ended: Frame = { event: 'stream', data: { run: 'run_a', stream: 'log', state: 'aborted', start: 0, length: 0 } }
  transport.last.send(ended)
  await environment.advance(250)
  hub.want('two', 2, [{ run: 'run_a', stream: 'log', index: 0 }])
  await environment.advance(1_000)
  expect(told.at(-1)).toEqual({ to: 'two', session: undefined, frame: ended })
  expect(transport.connections).toHaveLength(1)
})

test('a stream that ended before is told to whoever comes, also while the connection is lost', async () => {
  const { hub, transport, environment, told } = setUp()
  environment.chance = 0
  hub.want('one', 1, [{ run: 'run_a', stream: 'log' }, { run: 'run_b' }])
  await environment.advance(60)
  const ended: Frame = { event: 'stream', data: { run: 'run_a', stream: 'log', state: 'closed', start: 0, length: 0 } }
  transport.last.open()
  transport.last.send(ended)
  await environment.advance(250)
  transport.last.end()
  // over: asked for no more
  await environment.advance(1_000)
  expect(transport.last.wants).toEqual([{ run: 'run_b' }])
  transport.last.open()
  hub.want('two', 2, [{ run: 'run_a', stream: 'log', index: 1 }])
  await environment.advance(250)
  expect(told.findLast(({ to }) => to === 'two')?.frame).toEqual(ended)
})

test('a stream that has ended while its run goes on is asked for again: a later attempt may open it', async () => {
  const { hub, transport, environment } = setUp()
  environment.chance = 0
  hub.want('one', 1, [{ run: 'run_a' }, { run: 'run_a', stream: 'log' }])
  await environment.advance(60)
  transport.last.open()
  transport.last.send(RUN, { event: 'stream', data: { run: 'run_a', stream: 'log', state: 'closed', start: 0, length: 0 } })
  transport.last.end()
  await environment.advance(1_000)
  expect(transport.connections).toHaveLength(2)
  expect(transport.last.wants).toEqual([
    { run: 'run_a', cursor: '1.t' },
    { run: 'run_a', stream: 'log' },
  ])
})

describe('a member that another tab follows for itself', () => {
  const QUERY = { tag: 'blue' }
  const list: Frame = { event: 'list', data: { query: queryName(QUERY), runs: [{ id: 'run_a', version: 1 }], hasMore: false } }
  const patch: Frame = { event: 'patch', data: { run: 'run_a', base: 1, cursor: '2.t', at: 2, patch: [], by: null } }

  test('is told to whoever has the list alone', async () => {
    const { hub, transport, environment, told } = setUp()
    hub.want('one', 1, [{ run: 'run_a' }])
    await environment.advance(60)
    transport.last.open()
    transport.last.send(RUN, patch)
    await environment.advance(250)
    hub.want('two', 2, [{ query: QUERY }])
    await environment.advance(250)
    expect(transport.last.wants).toEqual([
      { run: 'run_a', cursor: '2.t' },
      { query: QUERY, cursors: {} },
    ])
    transport.last.open()
    transport.last.send(list)
    await environment.advance(0)
    expect(told.slice(-2)).toMatchObject([
      { to: undefined, frame: list },
      { to: 'two', session: 2, frame: { event: 'run', data: { run: { id: 'run_a', version: 2 }, cursor: '2.t' } } },
    ])
    // and still when nobody follows it any more: the connection goes on to tell it
    hub.drop('one')
    hub.want('three', 3, [{ query: QUERY, cursors: { run_a: '1.t' } }])
    transport.last.send({ event: 'enter', data: { query: queryName(QUERY), run: { id: 'run_a', version: 2 }, before: null } })
    await environment.advance(0)
    expect(told.slice(-2).map(({ to, frame }) => [to, frame.event])).toEqual([
      ['two', 'run'],
      ['three', 'run'],
    ])
  })

  test('is asked for whole where the leader has only what came after', async () => {
    const { hub, transport, environment } = setUp()
    hub.want('one', 1, [{ run: 'run_a', cursor: '1.t' }])
    hub.want('two', 2, [{ query: QUERY }])
    await environment.advance(60)
    expect(transport.last.wants).toEqual([
      { run: 'run_a', cursor: '1.t' },
      { query: QUERY, cursors: {} },
    ])
    transport.last.open()
    transport.last.send(list)
    await environment.advance(250)
    expect(transport.last.wants).toEqual([{ run: 'run_a' }, { query: QUERY, cursors: {} }])
    // it is on its way then
    transport.last.open()
    transport.last.send(list, RUN)
    await environment.advance(1_000)
    expect(transport.connections).toHaveLength(2)
  })
})
