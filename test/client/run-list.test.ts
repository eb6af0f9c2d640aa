// Lists of runs that are live: who is in them, in what order, and what each of them is.
import { expect, test } from 'vitest'
import { ConnectionError, HttpError } from '../../src/protocol/errors.ts'
import type { Frame, Member } from '../../src/protocol/frame.ts'
import type { Json } from '../../src/protocol/json.ts'
import type { Run } from '../../src/protocol/run.ts'
import { queryName } from '../../src/protocol/want.ts'
import { follow, record, setUp } from './setup.ts'

const QUERY = { tag: 'blue' }
const query = queryName(QUERY)
const brief = (known: Partial<Run>, cursor = `${known.version ?? 1}.t`): Frame => {
  const { payload: _payload, ...run } = record(known)
  return { event: 'run', data: { run: run as Run, cursor, omitted: ['payload', 'output'] } }
}
const patch = (run: string, base: number, key: string, value: Json): Frame => ({
  event: 'patch',
  data: { run, base, cursor: `${base + 1}.t`, at: base + 1, patch: [{ op: 'add', path: `/metadata/${key}`, value }], by: run },
})
const list = (runs: readonly Member[], hasMore = false): Frame => ({ event: 'list', data: { query, runs, hasMore } })
const member = (id: string, version = 1): Member => ({ id, version })

async function open() {
  const set = setUp()
  const shown = follow(set.client.runList(QUERY))
  await set.flush()
  const ids = (): readonly string[] | undefined => shown.source.getSnapshot().runs?.map(({ id }) => id)
  return { ...set, shown, ids }
}

test('a list is one want, shown once all of its records are there, without a read of any', async () => {
  const { client, transport, flush, shown, ids } = await open()
  expect(client.runList({ tag: 'blue', limit: 50 })).toBe(shown.source)
  expect(transport.last.wants).toEqual([{ query: QUERY, cursors: {} }])
  transport.last.send(list([member('run_b', 2), member('run_a')], true), brief({ id: 'run_a' }), brief({ id: 'run_b' }))
  await flush()
  expect(ids()).toBeUndefined()
  transport.last.send(patch('run_b', 1, 'k', 2))
  await flush()
  expect(ids()).toEqual(['run_b', 'run_a'])
  expect(shown.source.getSnapshot()).toMatchObject({ hasMore: true, error: undefined })
  expect(shown.source.getSnapshot().runs?.[0]?.metadata).toEqual({ k: 2 })
  expect(transport.requests).toHaveLength(0)
})

test('runs enter where they are told to, records first or last, and leave; the others keep their identity', async () => {
  const { transport, flush, shown, ids } = await open()
  transport.last.send(list([member('run_a')]), brief({ id: 'run_a' }))
  await flush()
  const [first] = shown.source.getSnapshot().runs ?? []
  transport.last.send(brief({ id: 'run_c' }), { event: 'enter', data: { query, run: member('run_c'), before: 'run_a' } })
  transport.last.send({ event: 'enter', data: { query, run: member('run_z'), before: null } }, brief({ id: 'run_z' }))
  await flush()
  expect(ids()).toEqual(['run_c', 'run_a', 'run_z'])
  expect(shown.source.getSnapshot().runs?.[1]).toBe(first)
  transport.last.send(patch('run_c', 1, 'last', true), { event: 'leave', data: { query, run: 'run_c' } })
  await flush()
  expect(ids()).toEqual(['run_a', 'run_z'])
  // it may come back, with a record that begins anew
  transport.last.send(brief({ id: 'run_c', version: 9 }), { event: 'enter', data: { query, run: member('run_c', 9), before: null } })
  await flush()
  expect(ids()).toEqual(['run_a', 'run_z', 'run_c'])
  const before = shown.seen.length
  transport.last.send({ event: 'ping', data: { time: 1 } }, patch('run_stranger', 1, 'k', 1))
  await flush()
  expect(shown.seen).toHaveLength(before)
})

test('a reconnect says which records are known, and its membership counts', async () => {
  const { transport, environment, flush, ids, shown } = await open()
  transport.last.send(list([member('run_a'), member('run_b')]), brief({ id: 'run_a' }), brief({ id: 'run_b', version: 3 }))
  await flush()
  transport.last.fail(new ConnectionError('gone'))
  await environment.advance(2_000)
  expect(transport.last.wants).toEqual([{ query: QUERY, cursors: { run_a: '1.t', run_b: '3.t' } }])
  expect(ids()).toEqual(['run_a', 'run_b'])
  transport.last.send(list([member('run_c'), member('run_b', 4)]), patch('run_b', 3, 'k', 1))
  await flush()
  // what is new is not here yet
  expect(ids()).toEqual(['run_a', 'run_b'])
  transport.last.send(brief({ id: 'run_c' }))
  await flush()
  expect(ids()).toEqual(['run_c', 'run_b'])
  expect(shown.source.getSnapshot().runs?.[1]).toMatchObject({ version: 4, metadata: { k: 1 } })
})

test('a member that is followed for itself comes whole, on a connection that is asked for it', async () => {
  const { client, transport, environment, flush, shown } = await open()
  transport.last.send(list([member('run_a')]), brief({}))
  await environment.advance(250)
  const whole = follow(client.run('run_a'))
  await flush()
  expect(whole.source.getSnapshot().run).toBeUndefined()
  expect(transport.last.wants).toEqual([{ query: QUERY, cursors: { run_a: '1.t' } }, { run: 'run_a' }])
  transport.last.send(list([member('run_a')]), { event: 'run', data: { run: record({ payload: 'all', version: 2 }), cursor: '2.t' } })
  await flush()
  expect(whole.source.getSnapshot().run).toMatchObject({ payload: 'all', version: 2 })
  expect(shown.source.getSnapshot().runs?.[0]?.version).toBe(2)
})

test('a member that was followed for itself, too, goes on in the list when nobody does any more', async () => {
  const { client, transport, environment, flush, shown } = await open()
  const whole = follow(client.run('run_a'))
  await environment.advance(250)
  transport.last.send(list([member('run_a')]), { event: 'run', data: { run: record(), cursor: '1.t' } })
  await flush()
  // what its payload left out was asked for, and is not waited for by a list
  transport.answer = () => new Promise(() => {})
  transport.last.send({ event: 'patch', data: { run: 'run_a', base: 1, cursor: '2.t', at: 2, patch: [], by: null, omitted: ['output'] } })
  await flush()
  expect(shown.source.getSnapshot().runs?.[0]?.version).toBe(1)
  const connections = transport.connections.length
  whole.stop()
  await environment.advance(1_000)
  transport.last.send(patch('run_a', 2, 'k', 3))
  await flush()
  expect(shown.source.getSnapshot().runs?.[0]).toMatchObject({ version: 3, metadata: { k: 3 } })
  expect(transport.connections).toHaveLength(connections)
})

test('a member that was followed for itself with a token that is over goes on in the list', async () => {
  const { client, transport, environment, flush, shown } = await open()
  const run = follow(client.run({ id: 'run_a', publicAccessToken: 'own' }))
  await environment.advance(250)
  transport.last.send(list([member('run_a')]), { event: 'run', data: { run: record({ id: 'run_a' }), cursor: '1.t' } })
  await flush()
  transport.last.send({ event: 'denied', data: { run: 'run_a', code: 'token_expired', message: '' } })
  await flush()
  expect(run.source.getSnapshot().error?.type).toBe('token_expired')
  run.stop()
  await environment.advance(1_000)
  transport.last.send(patch('run_a', 1, 'k', 2))
  await flush()
  expect(shown.source.getSnapshot().runs?.[0]?.metadata).toEqual({ k: 2 })
})

test('a run that nobody follows any more enters a list, and leaves and enters again, without being told anew', async () => {
  const { client, transport, environment, flush, shown, ids } = await open()
  const whole = follow(client.run('run_a'))
  await environment.advance(250)
  transport.last.send(list([]), { event: 'run', data: { run: record(), cursor: '1.t' } })
  await flush()
  whole.stop()
  await environment.advance(1_000)
  const connections = transport.connections.length
  // its server takes it for known: removals do not open another connection
  const enter: Frame = { event: 'enter', data: { query, run: member('run_a', 2), before: null } }
  transport.last.send(patch('run_a', 1, 'k', 2), enter)
  await flush()
  expect(shown.source.getSnapshot().runs).toMatchObject([{ id: 'run_a', version: 2, metadata: { k: 2 } }])
  transport.last.send(patch('run_a', 2, 'k', 3), { event: 'leave', data: { query, run: 'run_a' } })
  await flush()
  expect(ids()).toEqual([])
  transport.last.send({ ...enter, data: { ...enter.data, run: member('run_a', 4) } } as Frame, patch('run_a', 3, 'k', 4))
  await flush()
  expect(shown.source.getSnapshot().runs).toMatchObject([{ id: 'run_a', version: 4, metadata: { k: 4 } }])
  expect(transport.connections).toHaveLength(connections)
  expect(transport.requests).toHaveLength(0)
})

test('a record that broke, and cannot be read just now, comes by another connection', async () => {
  const { transport, environment, flush, shown } = await open()
  transport.answer = () => Promise.reject(new ConnectionError('away'))
  transport.last.send(list([member('run_a')]), brief({}), patch('run_a', 7, 'k', 1))
  await environment.advance(250)
  expect(transport.connections).toHaveLength(2)
  transport.last.open()
  transport.last.send(list([member('run_a', 8)]), brief({ version: 8 }))
  await flush()
  expect(shown.source.getSnapshot().runs?.[0]?.version).toBe(8)
})

test('a record that broke, and may not be read alone, comes by another connection', async () => {
  const { transport, environment, flush, shown } = await open()
  transport.answer = () => Promise.reject(new HttpError(403, { type: 'forbidden', message: 'no' }))
  transport.last.send(list([member('run_a')]), brief({}), patch('run_a', 7, 'k', 1))
  await environment.advance(250)
  expect(transport.connections).toHaveLength(2)
  transport.last.open()
  transport.last.send(list([member('run_a', 8)]), brief({ version: 8 }))
  await flush()
  expect(shown.source.getSnapshot()).toMatchObject({ runs: [{ version: 8 }], error: undefined })
})

test('a member that is followed for itself, and may not be read, goes on in the list', async () => {
  const { client, transport, environment, flush, shown } = await open()
  const run = follow(client.run({ id: 'run_a', publicAccessToken: 'own' }))
  await environment.advance(250)
  transport.answer = () => Promise.reject(new HttpError(401, { type: 'token_expired', message: 'over' }))
  transport.last.send(list([member('run_a')]), { event: 'run', data: { run: record(), cursor: '1.t', omitted: ['payload'] } })
  await flush()
  expect(run.source.getSnapshot().error?.type).toBe('token_expired')
  const connections = transport.connections.length
  transport.last.send(patch('run_a', 1, 'k', 2))
  await flush()
  expect(shown.source.getSnapshot().runs).toMatchObject([{ version: 2, metadata: { k: 2 } }])
  expect(transport.connections).toHaveLength(connections)
})

test('a member that does not fit again and again is an error of the list', async () => {
  const { transport, flush, shown } = await open()
  // older than what the list says: it never fits
  transport.answer = () => Promise.resolve(record({ version: 2 }) as unknown as Json)
  transport.last.send(list([member('run_a')]), brief({}))
  for (let misfit = 0; misfit < 3; misfit++) {
    transport.last.send(patch('run_a', 7, 'k', 1))
    await flush()
  }
  expect(shown.source.getSnapshot()).toMatchObject({ error: { type: 'protocol', message: expect.stringContaining('did not fit 3 times') as string } })
})

test('a record that broke is read again, and what is shown stays until then', async () => {
  const { transport, flush, shown } = await open()
  let answer: (run: Json) => void = () => {}
  transport.answer = () => new Promise((resolve) => (answer = resolve))
  transport.last.send(list([member('run_a')]), brief({ metadata: { k: 0 } }))
  await flush()
  transport.last.send({
    event: 'patch',
    data: {
      run: 'run_a',
      base: 1,
      cursor: '2.t',
      at: 2,
      by: null,
      patch: [
        { op: 'replace', path: '/metadata/k', value: 1 },
        { op: 'remove', path: '/metadata/absent' },
      ],
    },
  })
  await flush()
  expect(shown.source.getSnapshot().runs?.[0]).toMatchObject({ version: 1, metadata: { k: 0 } })
  answer(record({ version: 2, metadata: { k: 5 } }) as unknown as Json)
  await flush()
  expect(shown.source.getSnapshot().runs?.[0]).toMatchObject({ version: 2, metadata: { k: 5 } })
})

test('one that is denied says why; the last follower’s end closes the connection', async () => {
  const { transport, environment, flush, shown } = await open()
  transport.last.send({ event: 'denied', data: { query, code: 'forbidden', message: 'not yours' } })
  await flush()
  expect(shown.source.getSnapshot()).toMatchObject({ error: { type: 'forbidden' }, runs: undefined })
  shown.stop()
  await environment.advance(1_000)
  expect(transport.live).toHaveLength(0)
})
