// Tokens that expire while a connection is open, and wants that are too many for one.
import { expect, test } from 'vitest'
import type { Frame } from '../../src/protocol/frame.ts'
import { queryName } from '../../src/protocol/want.ts'
import { follow, record, setUp } from './setup.ts'

const expired = (run: string): Frame => ({ event: 'denied', data: { run, code: 'token_expired', message: 'ask for another' } })
const runFrame = (id: string): Frame => ({ event: 'run', data: { run: record({ id }), cursor: '1.t' } })
const patch = (run: string, base: number): Frame => ({
  event: 'patch',
  data: { run, base, cursor: `${base + 1}.t`, at: base, patch: [{ op: 'add', path: '/metadata/n', value: base }], by: null },
})

test('ten wants whose token expires are asked for again by one connection, from where they are', async () => {
  const { client, transport, environment, flush } = setUp({ isRenewable: true })
  const runs = Array.from({ length: 10 }, (_, n) => `run_${n}`)
  const shown = runs.map((id) => follow(client.run(id)))
  await flush()
  transport.last.open()
  transport.last.send(...runs.map(runFrame))
  for (let expiry = 1; expiry <= 12; expiry++) {
    await environment.advance(5_000)
    const old = transport.last
    for (const id of runs) {
      old.send(expired(id))
      await flush()
    }
    await environment.advance(250)
    expect(transport.connections).toHaveLength(expiry + 1)
    expect(transport.last.wants).toEqual(runs.map((run) => ({ run, cursor: `${expiry}.t` })))
    transport.last.open()
    transport.last.send(...runs.map((id) => patch(id, expiry)))
    await flush()
  }
  expect(shown.map(({ source }) => source.getSnapshot())).toMatchObject(runs.map(() => ({ error: undefined, run: { version: 13, metadata: { n: 12 } } })))
  expect(client.connection.getSnapshot()).toMatchObject({ status: 'open', error: undefined })
})

test('a token that is refused as soon as it was asked for anew is an error of what it was for', async () => {
  const { client, transport, environment, flush } = setUp({ isRenewable: true })
  const a = follow(client.run('run_a'))
  const b = follow(client.run('run_b'))
  await flush()
  transport.last.open()
  transport.last.send(runFrame('run_b'), expired('run_a'))
  await environment.advance(250)
  expect(a.source.getSnapshot().error).toBeUndefined()
  transport.last.open()
  transport.last.send(expired('run_a'))
  await environment.advance(10_000)
  await flush()
  expect(transport.connections).toHaveLength(2)
  expect(a.source.getSnapshot().error?.type).toBe('token_expired')
  expect(b.source.getSnapshot()).toMatchObject({ error: undefined, run: { version: 1 } })
})

test('a token that ends soon after a reconnect is asked for anew, however many had ended before', async () => {
  const { client, transport, environment, flush } = setUp({ isRenewable: true })
  const shown = follow(client.run('run_a'))
  await flush()
  transport.last.open()
  transport.last.send(runFrame('run_a'))
  for (let round = 0; round < 3; round++) {
    // one ends in its time
    await environment.advance(15_000)
    transport.last.send(expired('run_a'))
    await environment.advance(250)
    transport.last.open()
    await environment.advance(5_000)
    // the connection is lost, and the token that it is opened with again, kept by the page, has half a second left
    transport.last.end()
    await environment.advance(2_000)
    transport.last.open()
    await environment.advance(500)
    transport.last.send(expired('run_a'))
    await environment.advance(250)
    transport.last.open()
    await flush()
    expect(transport.connections).toHaveLength(4 + 3 * round)
    expect(shown.source.getSnapshot().error).toBeUndefined()
  }
})

test('the token of a handle gives way to the client’s; where there is none, its end is an error', async () => {
  const handle = { id: 'run_a', publicAccessToken: 'own' }
  const renewing = setUp({ isRenewable: true })
  follow(renewing.client.run(handle))
  await renewing.flush()
  renewing.transport.last.send(expired('run_a'))
  await renewing.environment.advance(250)
  expect(renewing.transport.connections.map(({ wants }) => wants)).toEqual([[{ run: 'run_a', token: 'own' }], [{ run: 'run_a' }]])

  const fixed = setUp()
  const shown = follow(fixed.client.run(handle))
  await fixed.flush()
  fixed.transport.last.send(expired('run_a'))
  await fixed.environment.advance(10_000)
  await fixed.flush()
  expect(fixed.transport.connections).toHaveLength(1)
  expect(shown.source.getSnapshot().error?.type).toBe('token_expired')
})

test('of two handles of one run the token of the one that is followed last counts, and nothing is asked for before the first is over', async () => {
  const { client, transport, environment, flush } = setUp()
  const first = { id: 'run_a', publicAccessToken: 'first' }
  const second = { id: 'run_a', publicAccessToken: 'second' }
  const a = follow(client.run(first))
  await flush()
  transport.last.open()
  transport.last.send(runFrame('run_a'))
  await flush()
  // a render that is thrown away asks for a source and follows nothing
  client.run({ id: 'run_a', publicAccessToken: 'thrown away' })
  const b = follow(client.run(second))
  await environment.advance(5_000)
  expect(transport.connections).toHaveLength(1)
  transport.last.send(expired('run_a'))
  await environment.advance(250)
  expect(transport.connections.map(({ wants }) => wants)).toEqual([[{ run: 'run_a', token: 'first' }], [{ run: 'run_a', cursor: '1.t', token: 'second' }]])
  transport.last.open()
  transport.last.send(patch('run_a', 1))
  await flush()
  for (const { source } of [a, b]) expect(source.getSnapshot()).toMatchObject({ error: undefined, run: { version: 2 } })
  // who still has the one that is over does not bring it back
  follow(client.run(first))
  transport.last.end()
  await environment.advance(2_000)
  expect(transport.last.wants).toEqual([{ run: 'run_a', cursor: '2.t', token: 'second' }])
})

test('what failed for its token is asked for again by whoever follows it with another one', async () => {
  const { client, transport, environment, flush } = setUp()
  for (const [index, ref] of ['run_a', { id: 'run_a', publicAccessToken: 'bad' }, { id: 'run_a', publicAccessToken: 'good' }].entries()) {
    const { source } = follow(client.run(ref))
    await environment.advance(250)
    expect(transport.connections).toHaveLength(index + 1)
    transport.last.open()
    if (index < 2) transport.last.send({ event: 'denied', data: { run: 'run_a', code: 'forbidden', message: 'no' } })
    else transport.last.send(runFrame('run_a'))
    await flush()
    expect(source.getSnapshot().error?.type).toBe(index < 2 ? 'forbidden' : undefined)
  }
  expect(transport.last.wants).toEqual([{ run: 'run_a', token: 'good' }])
})

test('a list is asked for with a token of its own, and with the client’s where that does not allow it', async () => {
  const { client, transport, environment, flush } = setUp()
  const list = follow(client.runList({ parent: 'run_a' }, 'own'))
  await flush()
  const query = { parent: 'run_a' }
  expect(transport.last.wants).toEqual([{ query, cursors: {}, token: 'own' }])
  transport.last.open()
  const denied: Frame = { event: 'denied', data: { query: queryName(query), code: 'forbidden', message: 'no' } }
  transport.last.send(denied)
  await environment.advance(250)
  expect(transport.last.wants).toEqual([{ query, cursors: {} }])
  expect(list.source.getSnapshot().error).toBeUndefined()
  // another one who brings it does not bring it back
  follow(client.runList({ parent: 'run_a' }, 'own'))
  transport.last.end()
  await environment.advance(2_000)
  expect(transport.last.wants).toEqual([{ query, cursors: {} }])
  transport.last.open()
  transport.last.send(denied)
  await environment.advance(10_000)
  await flush()
  expect(transport.connections).toHaveLength(3)
  expect(list.source.getSnapshot().error?.type).toBe('forbidden')
})

test('what is too much for one connection is refused by name, and the rest goes on', async () => {
  const { client, transport, flush } = setUp()
  const runs = Array.from({ length: 5_001 }, (_, n) => follow(client.run(`run_${n}`)))
  await flush()
  expect(transport.last.wants).toHaveLength(5_000)
  expect(runs.at(-1)?.source.getSnapshot().error).toMatchObject({ type: 'too_many_wants' })
  expect(runs[0]?.source.getSnapshot().error).toBeUndefined()

  const wide = setUp()
  const handles = Array.from({ length: 2_700 }, (_, n) => follow(wide.client.run({ id: `run_${n}`, publicAccessToken: 'x'.repeat(400) })))
  await wide.flush()
  expect(JSON.stringify({ protocol: 1, wants: wide.transport.last.wants }).length).toBeLessThanOrEqual(1024 * 1024)
  expect(handles.filter(({ source }) => source.getSnapshot().error).length + wide.transport.last.wants.length).toBe(2_700)
})
