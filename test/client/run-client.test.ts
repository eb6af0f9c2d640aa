// What is wanted, opened, kept and let go.
import { describe, expect, test } from 'vitest'
import { ConnectionError, HttpError } from '../../src/protocol/errors.ts'
import type { Frame } from '../../src/protocol/frame.ts'
import type { Json } from '../../src/protocol/json.ts'
import type { Patch } from '../../src/protocol/patch.ts'
import type { Run } from '../../src/protocol/run.ts'
import { follow, record, setUp } from './setup.ts'

const runFrame = (known: Partial<Run> = {}, cursor = `${known.version ?? 1}.t`): Frame => ({ event: 'run', data: { run: record(known), cursor } })
const patchFrame = (base: number, patch: Patch, run = 'run_a'): Frame => ({
  event: 'patch',
  data: { run, base, cursor: `${base + 1}.t`, at: base + 1, patch, by: run },
})
const setFrame = (base: number, key: string, value: Json): Frame => patchFrame(base, [{ op: 'add', path: `/metadata/${key}`, value }])
const chunksFrame = (index: number, ...chunks: Json[]): Frame => ({
  event: 'chunks',
  data: { run: 'run_a', stream: 'log', index, cursor: `${index + chunks.length}.c`, chunks, by: 'run_a' },
})
const endFrame = (version: number, settled = true, lengths: { [key: string]: number } = {}): Frame => ({
  event: 'end',
  data: { run: 'run_a', cursor: `${version}.t`, lengths, settled },
})

describe('sources', () => {
  test('are the same for the same thing, and open nothing until they are followed', async () => {
    const { client, transport, flush } = setUp()
    expect(client.run('run_a')).toBe(client.run({ id: 'run_a' }))
    expect(client.stream('run_a', 'log')).toBe(client.stream('run_a', 'log'))
    expect(client.stream('run_a', 'log')).not.toBe(client.stream('run_a', 'log', 3))
    const before = client.run('run_a').getSnapshot()
    expect(before).toBe(client.run('run_b').getSnapshot())
    expect(Object.isFrozen(before)).toBe(true)
    await flush()
    expect(transport.connections).toHaveLength(0)
  })

  test('give the same snapshot while nothing has changed', async () => {
    const { client, transport, flush } = setUp()
    const stream = follow(client.stream('run_a', 'log', 1))
    await flush()
    transport.last.send(chunksFrame(0, 'a', 'b'))
    await flush()
    const { log } = stream.source.getSnapshot()
    expect(stream.source.getSnapshot().log).toBe(log)
    expect([log.firstIndex, log.length, ...log]).toEqual([1, 2, 'b'])
    transport.last.send(chunksFrame(0, 'a', 'b'), { event: 'ping', data: { time: 1 } })
    await flush()
    expect(stream.seen).toHaveLength(1)
  })

  test('by default a stream is shown from where its last opening began', async () => {
    const { client, transport, flush } = setUp()
    const shown = follow(client.stream('run_a', 'log'))
    const whole = follow(client.stream('run_a', 'log', 0))
    await flush()
    transport.last.send(
      chunksFrame(0, 'a', 'b'),
      { event: 'stream', data: { run: 'run_a', stream: 'log', state: 'open', start: 2, length: 2 } },
      chunksFrame(2, 'c'),
    )
    await flush()
    expect([...shown.source.getSnapshot().log]).toEqual(['c'])
    expect([...whole.source.getSnapshot().log]).toEqual(['a', 'b', 'c'])
  })
})

describe('one connection', () => {
  test('serves all that is followed in one turn, however often', async () => {
    const { client, transport, flush } = setUp()
    for (let n = 0; n < 20; n++) follow(client.run('run_a'))
    follow(client.run({ id: 'run_b', publicAccessToken: 'secret' }))
    follow(client.stream('run_a', 'log', 5))
    await flush()
    expect(transport.connections.map(({ wants }) => wants)).toEqual([
      [{ run: 'run_a' }, { run: 'run_b', token: 'secret' }, { run: 'run_a', stream: 'log', index: 5 }],
    ])
  })

  test('is replaced for additions, at most every 250 ms, and goes on until the new one has said something', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    const first = transport.last
    first.send(runFrame())
    follow(client.run('run_b'))
    await environment.advance(100)
    follow(client.run('run_c'))
    await environment.advance(100)
    expect(transport.connections).toHaveLength(1)
    await environment.advance(50)
    expect(transport.connections).toHaveLength(2)
    expect(transport.last.wants).toEqual([{ run: 'run_a', cursor: '1.t' }, { run: 'run_b' }, { run: 'run_c' }])
    first.send(setFrame(1, 'k', 1))
    await flush()
    expect(a.source.getSnapshot().run?.metadata).toEqual({ k: 1 })
    expect(first.signal.aborted).toBe(false)
    // it tells again what the old one told meanwhile
    transport.last.send({ event: 'open', data: { protocol: 1, heartbeat: 15_000, time: 0 } }, setFrame(1, 'k', 1), setFrame(2, 'k', 2))
    await flush()
    expect(first.signal.aborted).toBe(true)
    expect(a.source.getSnapshot().run).toMatchObject({ version: 3, metadata: { k: 2 } })
    expect(client.connection.getSnapshot().status).toBe('open')
  })

  test('that ends when all of it has ended is no failure: what is wanted since is asked for at once', async () => {
    const { client, transport, environment, flush } = setUp()
    environment.chance = 1
    follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame({ status: 'COMPLETED', finishedAt: 5 }))
    follow(client.run('run_b'))
    transport.last.send(endFrame(1))
    await flush()
    transport.last.end()
    await flush()
    expect(client.connection.getSnapshot()).toMatchObject({ status: 'open', error: undefined })
    await environment.advance(250)
    expect(transport.connections.map(({ wants }) => wants)).toEqual([[{ run: 'run_a' }], [{ run: 'run_b' }]])
  })

  test('survives a replacement that is refused: only what it was for fails', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame())
    const b = follow(client.run('run_b'))
    await environment.advance(250)
    transport.last.fail(new HttpError(400, { type: 'invalid_request', message: 'no' }))
    await flush()
    expect(b.source.getSnapshot().error?.type).toBe('invalid_request')
    expect(client.connection.getSnapshot().status).toBe('open')
    transport.live[0]?.send(setFrame(1, 'k', 1))
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ error: undefined, run: { version: 2 } })
  })

  test('lingers after the last follower, and then is idle', async () => {
    const { client, transport, environment, flush } = setUp()
    const first = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame())
    first.stop()
    first.stop()
    await environment.advance(900)
    const second = follow(client.run('run_a'))
    await environment.advance(5_000)
    expect(transport.connections).toHaveLength(1)
    second.stop()
    await environment.advance(1_000)
    await flush()
    expect(transport.live).toHaveLength(0)
    expect(client.connection.getSnapshot().status).toBe('idle')
    expect([environment.timers, environment.wakers]).toEqual([0, 0])
  })

  test('what was let go and is held by somebody goes on from its cursor', async () => {
    const { client, transport, environment, flush } = setUp()
    const { source, stop } = follow(client.run('run_a'))
    const other = follow(client.run('run_b'))
    await flush()
    transport.last.send(runFrame())
    await flush()
    stop()
    await environment.advance(1_000)
    transport.last.send(setFrame(1, 'unseen', 1))
    await flush()
    expect(source.getSnapshot().run?.version).toBe(1)
    follow(source)
    await flush()
    expect(transport.last.wants).toEqual([{ run: 'run_b' }, { run: 'run_a', cursor: '1.t' }])
    expect(other.seen).toHaveLength(0)
  })

  test('a cursor of chunks that are ahead of what is being filled in is not gone on from', async () => {
    const { client, transport, environment, flush } = setUp()
    follow(client.stream('run_a', 'log', 2))
    await flush()
    transport.last.send(chunksFrame(2, 'c'))
    await environment.advance(250)
    const all = follow(client.stream('run_a', 'log', 0))
    await flush()
    transport.connections[0]?.send(chunksFrame(3, 'd'))
    await flush()
    for (const connection of transport.live) connection.fail(new ConnectionError('gone'))
    await environment.advance(4_000)
    expect(transport.last.wants).toEqual([{ run: 'run_a', stream: 'log', index: 0 }])
    transport.last.send(chunksFrame(0, 'a'))
    transport.last.end()
    await environment.advance(8_000)
    expect(transport.last.wants).toEqual([{ run: 'run_a', stream: 'log', index: 1, cursor: '1.c' }])
    transport.last.send(chunksFrame(1, 'b', 'c', 'd', 'e'))
    await flush()
    expect([...all.source.getSnapshot().log]).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('earlier chunks of a stream come by a new connection, beside what is there', async () => {
    const { client, transport, environment, flush } = setUp()
    const late = follow(client.stream('run_a', 'log', 2))
    await flush()
    transport.last.send(chunksFrame(2, 'c'))
    await environment.advance(250)
    const all = follow(client.stream('run_a', 'log', 0))
    await flush()
    expect(transport.last.wants).toEqual([{ run: 'run_a', stream: 'log', index: 0 }])
    transport.connections[0]?.send(chunksFrame(3, 'd'))
    await flush()
    expect([...late.source.getSnapshot().log]).toEqual(['c', 'd'])
    transport.last.send(chunksFrame(0, 'a', 'b'))
    await flush()
    expect([...late.source.getSnapshot().log]).toEqual(['c', 'd'])
    transport.last.send(chunksFrame(2, 'c', 'd', 'e'))
    await flush()
    expect([...all.source.getSnapshot().log]).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect([...late.source.getSnapshot().log]).toEqual(['c', 'd', 'e'])
  })

  test('close ends it for good; what is known stays readable', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame())
    await flush()
    client.close()
    follow(client.run('run_b'))
    await environment.advance(60_000)
    await flush()
    expect(transport.connections).toHaveLength(1)
    expect(transport.live).toHaveLength(0)
    expect(client.connection.getSnapshot().status).toBe('closed')
    expect(a.source.getSnapshot().run?.version).toBe(1)
  })
})

describe('errors', () => {
  test('a denied want fails alone, and is asked for again by a new follower', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    const b = follow(client.run('run_b'))
    await flush()
    transport.last.send(runFrame(), { event: 'denied', data: { run: 'run_b', code: 'forbidden', message: 'not yours' } })
    await flush()
    expect(b.source.getSnapshot().error).toMatchObject({ name: 'DeniedError', type: 'forbidden', message: 'not yours' })
    expect(a.source.getSnapshot().error).toBeUndefined()
    await environment.advance(10_000)
    expect(transport.connections).toHaveLength(1)
    follow(client.run('run_b'))
    await flush()
    expect(transport.last.wants).toEqual([{ run: 'run_a', cursor: '1.t' }, { run: 'run_b' }])
    expect(b.source.getSnapshot().error).toBeUndefined()
  })

  test('a refused connection fails everything with one request; a new follower tries again', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    const log = follow(client.stream('run_a', 'log'))
    await flush()
    const error = new HttpError(403, { type: 'forbidden', message: 'no' })
    transport.last.fail(error)
    await flush()
    expect(client.connection.getSnapshot()).toMatchObject({ status: 'failed', error })
    expect(a.source.getSnapshot().error).toBe(error)
    expect(log.source.getSnapshot().error).toBe(error)
    await environment.advance(600_000)
    expect(transport.connections).toHaveLength(1)
    follow(client.run('run_b'))
    await flush()
    expect(transport.last.wants).toHaveLength(1)
    follow(client.run('run_a'))
    await environment.advance(250)
    expect(transport.last.wants).toHaveLength(2)
  })

  describe('while it waits to reconnect', () => {
    const lost = async (error: Error) => {
      const set = setUp()
      follow(set.client.run('run_a'))
      await set.flush()
      set.transport.last.fail(error)
      await set.flush()
      expect(set.client.connection.getSnapshot().status).toBe('reconnecting')
      return set
    }

    test.each<[string, () => Promise<Json>, number]>([
      ['an answer', () => Promise.resolve({ id: 'run_b' }), 2],
      ['a refusal', () => Promise.reject(new HttpError(404, undefined)), 2],
      ['a failure of the server', () => Promise.reject(new HttpError(502, undefined)), 1],
      ['no answer', () => Promise.reject(new ConnectionError('down')), 1],
    ])('%s to a call', async (_name, answer, connections) => {
      const { client, transport, flush } = await lost(new ConnectionError('gone'))
      transport.answer = answer
      await client.runs.trigger('demo', null).catch(() => {})
      await flush()
      expect(transport.connections).toHaveLength(connections)
    })

    test('no answer shortens a Retry-After', async () => {
      const { client, transport, environment } = await lost(new HttpError(503, undefined, 7_000))
      environment.chance = 0
      await client.runs.list()
      await environment.advance(6_000)
      expect(transport.connections).toHaveLength(1)
      await environment.advance(3_000)
      expect(transport.connections).toHaveLength(2)
    })

    test('many answers are not as many connections, where the feed alone is broken', async () => {
      const { client, transport, environment } = await lost(new ConnectionError('gone'))
      for (let call = 0; call < 100; call++) {
        await client.runs.list()
        await environment.advance(100)
        for (const live of transport.live) live.fail(new HttpError(500, undefined))
      }
      expect(transport.connections.length).toBeLessThanOrEqual(7)
    })
  })

  test('a network failure is no error of the data', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame())
    await flush()
    transport.last.fail(new ConnectionError('gone'))
    await flush()
    expect(client.connection.getSnapshot()).toMatchObject({ status: 'reconnecting', error: { type: 'connection' } })
    expect(a.source.getSnapshot()).toMatchObject({ error: undefined, run: { version: 1 } })
    await environment.advance(2_000)
    expect(transport.last.wants).toEqual([{ run: 'run_a', cursor: '1.t' }])
  })
})

describe('a patch that does not fit', () => {
  test('is not held against a run that another connection has told since, whatever the read answers', async () => {
    const { client, transport, environment, flush } = setUp()
    let refuse: (why: unknown) => void = () => {}
    transport.answer = () => new Promise((_, reject) => (refuse = reject))
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame(), setFrame(4, 'k', 5))
    await flush()
    expect(transport.requests).toHaveLength(1)
    transport.last.end()
    await environment.advance(2_000)
    transport.last.send(runFrame({ version: 6 }))
    await flush()
    refuse(new HttpError(404, undefined))
    await flush()
    transport.last.send(setFrame(6, 'k', 7))
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ error: undefined, run: { version: 7, metadata: { k: 7 } } })
  })

  test('is a read of that run alone, while its frames wait', async () => {
    const { client, transport, flush } = setUp()
    let answer: (run: Json) => void = () => {}
    transport.answer = () => new Promise((resolve) => (answer = resolve))
    const a = follow(client.run('run_a'))
    const b = follow(client.run('run_b'))
    await flush()
    transport.last.send(
      runFrame(),
      runFrame({ id: 'run_b' }),
      setFrame(2, 'k', 3),
      setFrame(3, 'k', 4),
      patchFrame(1, [{ op: 'add', path: '/metadata/k', value: 2 }], 'run_b'),
    )
    await flush()
    expect(transport.requests).toEqual([{ method: 'GET', path: '/v1/runs/run_a', body: undefined }])
    expect(a.source.getSnapshot().run?.version).toBe(1)
    expect(b.source.getSnapshot().run?.version).toBe(2)
    answer(record({ version: 3, metadata: { k: 3, other: true } }) as unknown as Json)
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ cursor: '4.t', run: { version: 4, metadata: { k: 4, other: true } } })
    expect(transport.connections).toHaveLength(1)
  })

  test('three times in a minute is an error of that run', async () => {
    const { client, transport, environment, flush } = setUp()
    transport.answer = () => Promise.resolve(record({ version: 5 }) as unknown as Json)
    const a = follow(client.run('run_a'))
    const b = follow(client.run('run_b'))
    await flush()
    transport.last.send(runFrame())
    for (const base of [7, 9, 11]) {
      transport.last.send(setFrame(base, 'k', 1))
      await environment.advance(1_000)
    }
    await flush()
    expect(transport.requests).toHaveLength(2)
    expect(a.source.getSnapshot()).toMatchObject({ error: { type: 'protocol' }, run: { version: 5 } })
    expect(b.source.getSnapshot().error).toBeUndefined()
  })

  test('leaves no trace of what was applied before it failed', async () => {
    const { client, transport, flush } = setUp()
    transport.answer = () => new Promise(() => {})
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(
      runFrame({ metadata: { k: 1 } }),
      setFrame(1, 'k', 2),
      patchFrame(2, [
        { op: 'add', path: '/metadata/k', value: 3 },
        { op: 'remove', path: '/metadata/absent' },
      ]),
    )
    await flush()
    expect(a.source.getSnapshot().run?.metadata).not.toMatchObject({ k: 3 })
    expect(transport.requests).toHaveLength(1)
  })

  test('a hole in a stream is a new connection from its last good chunk', async () => {
    const { client, transport, environment, flush } = setUp()
    const log = follow(client.stream('run_a', 'log'))
    await flush()
    transport.last.send(chunksFrame(0, 'a'), chunksFrame(2, 'c'), chunksFrame(3, 'd'))
    await environment.advance(250)
    expect(transport.last.wants).toEqual([{ run: 'run_a', stream: 'log', index: 1, cursor: '1.c' }])
    transport.last.send(chunksFrame(1, 'b', 'c', 'd'))
    await flush()
    expect([...log.source.getSnapshot().log]).toEqual(['a', 'b', 'c', 'd'])
    expect(transport.requests).toHaveLength(0)
  })
})

describe('what a frame leaves out for its size', () => {
  const OUTPUT = 'x'.repeat(200_000)
  const slim = (known: Partial<Run>): Frame => {
    const { payload: _payload, ...run } = record(known)
    return { event: 'run', data: { run: run as Run, cursor: `${run.version}.t`, omitted: ['payload'] } }
  }
  const done: Frame = {
    event: 'patch',
    data: { run: 'run_a', base: 1, cursor: '2.t', at: 9, patch: [{ op: 'replace', path: '/status', value: 'COMPLETED' }], by: null, omitted: ['output'] },
  }

  test('is read, while the frame waits, and a reconnect goes on after it', async () => {
    const { client, transport, environment, flush } = setUp()
    let answer: (run: Json) => void = () => {}
    transport.answer = () => new Promise((resolve) => (answer = resolve))
    const a = follow(client.run('run_a'))
    const b = follow(client.run('run_b'))
    await flush()
    transport.last.send(slim({}), runFrame({ id: 'run_b' }))
    await flush()
    expect(a.source.getSnapshot().run).toBeUndefined()
    expect(b.source.getSnapshot().run?.version).toBe(1)
    expect(transport.requests).toEqual([{ method: 'GET', path: '/v1/runs/run_a', body: undefined }])
    answer(record({ payload: OUTPUT }) as unknown as Json)
    await flush()
    expect(a.source.getSnapshot().run?.payload).toBe(OUTPUT)
    transport.last.end()
    await environment.advance(2_000)
    expect(transport.last.wants).toContainEqual({ run: 'run_a', cursor: '1.t' })
  })

  test('comes before the end, and the end of the body is no disconnect', async () => {
    const { client, transport, environment, flush } = setUp()
    let answer: (run: Json) => void = () => {}
    transport.answer = () => new Promise((resolve) => (answer = resolve))
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame(), done, endFrame(2))
    transport.last.end()
    await environment.advance(20_000)
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ end: undefined, run: { version: 1 } })
    expect(client.connection.getSnapshot().status).toBe('open')
    answer(record({ status: 'COMPLETED', version: 2, updatedAt: 9, output: OUTPUT }) as unknown as Json)
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ end: { settled: true }, run: { status: 'COMPLETED', output: OUTPUT } })
    expect(client.connection.getSnapshot().status).toBe('idle')
    await environment.advance(600_000)
    expect([transport.connections.length, transport.requests.length]).toEqual([1, 1])
  })

  test('is not waited for when another connection has taken over', async () => {
    const { client, transport, environment, flush } = setUp()
    let answer: (run: Json) => void = () => {}
    transport.answer = () => new Promise((resolve) => (answer = resolve))
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame(), done, endFrame(2, false))
    await environment.advance(250)
    follow(client.run('run_b'))
    await flush()
    transport.last.send(runFrame({ version: 3, status: 'COMPLETED', output: OUTPUT }))
    await flush()
    // what it said last would count as the server's last word
    answer(record({ status: 'COMPLETED', version: 2, updatedAt: 9, output: OUTPUT }) as unknown as Json)
    await flush()
    expect(a.source.getSnapshot().run?.version).toBe(3)
  })

  test('does not count towards giving up', async () => {
    const { client, transport, flush } = setUp()
    let version = 1
    transport.answer = () => Promise.resolve(record({ payload: OUTPUT, version }) as unknown as Json)
    const a = follow(client.run('run_a'))
    await flush()
    for (version = 1; version <= 9; version++) {
      transport.last.send(slim({ version }))
      await flush()
    }
    expect(a.source.getSnapshot()).toMatchObject({ error: undefined, run: { version: 9 } })
    expect(transport.requests).toHaveLength(9)
  })

  test('is read again, ever more slowly, while nobody answers; an answer from before it is a mistake', async () => {
    const { client, transport, environment, flush } = setUp()
    transport.answer = () => Promise.reject(new ConnectionError('down'))
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame(), done)
    await environment.advance(10_000)
    expect(transport.requests).toHaveLength(3)
    expect(transport.connections).toHaveLength(1)
    transport.answer = () => Promise.resolve(record() as unknown as Json)
    await environment.advance(40_000)
    await flush()
    expect(a.source.getSnapshot().error?.type).toBe('protocol')
    expect(transport.requests.length).toBeLessThan(8)
  })

  test('that may not be read fails alone', async () => {
    const { client, transport, flush } = setUp()
    transport.answer = () => Promise.reject(new HttpError(403, { type: 'forbidden', message: 'no' }))
    const a = follow(client.run({ id: 'run_a', publicAccessToken: 'own' }))
    const b = follow(client.run('run_b'))
    await flush()
    transport.last.send(slim({}), runFrame({ id: 'run_b' }))
    await flush()
    expect(a.source.getSnapshot().error?.type).toBe('forbidden')
    expect(b.source.getSnapshot()).toMatchObject({ error: undefined, run: { version: 1 } })
    expect(transport.connections).toHaveLength(1)
  })

  test('a version that is too large for any frame ends its subscription alone, for good', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    const log = follow(client.stream('run_a', 'log'))
    const b = follow(client.run('run_b'))
    await flush()
    transport.last.send(
      runFrame(),
      runFrame({ id: 'run_b' }),
      { event: 'denied', data: { run: 'run_a', code: 'too_large', message: 'over 4 MB' } },
      setFrame(1, 'k', 1),
    )
    transport.last.send(chunksFrame(0, 'a'), patchFrame(1, [{ op: 'add', path: '/metadata/k', value: 1 }], 'run_b'))
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ error: { type: 'too_large' }, run: { version: 1 } })
    expect([...log.source.getSnapshot().log]).toEqual(['a'])
    expect(b.source.getSnapshot()).toMatchObject({ error: undefined, run: { version: 2 } })
    transport.last.fail(new ConnectionError('gone'))
    await environment.advance(2_000)
    expect(transport.last.wants).toEqual([
      { run: 'run_a', stream: 'log', index: 1, cursor: '1.c' },
      { run: 'run_b', cursor: '2.t' },
    ])
  })
})

describe('gaps and histories', () => {
  test('a gap is told, and what follows it is shown', async () => {
    const { client, transport, flush } = setUp()
    const log = follow(client.stream('run_a', 'log'))
    await flush()
    transport.last.send({ event: 'gap', data: { run: 'run_a', stream: 'log', from: 0, to: 3 } }, chunksFrame(3, 'd'))
    await flush()
    const snapshot = log.source.getSnapshot()
    expect(snapshot.gap).toEqual({ from: 0, to: 3 })
    expect([snapshot.log.firstIndex, ...snapshot.log]).toEqual([3, 'd'])
  })

  test('chunks that the server forgot in a crash give way to those that it has', async () => {
    const { client, transport, environment, flush } = setUp()
    const log = follow(client.stream('run_a', 'log'))
    await flush()
    transport.last.send(chunksFrame(0, 'a', 'b', 'lost'))
    transport.last.end()
    await environment.advance(2_000)
    await flush()
    const before = log.source.getSnapshot().log
    transport.last.send({ event: 'gap', data: { run: 'run_a', stream: 'log', from: 3, to: 2 } }, chunksFrame(2, 'c'))
    await flush()
    expect([...log.source.getSnapshot().log]).toEqual(['a', 'b', 'c'])
    expect([...before]).toEqual(['a', 'b', 'lost'])
    expect([before.cuts, log.source.getSnapshot().log.cuts]).toEqual([[], [2]])
    expect(log.source.getSnapshot().gap).toBeUndefined()
  })

  test('a version that was made twice is replaced, and what its server forgot is forgotten', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame(), setFrame(1, 'k', 'lost'), setFrame(2, 'k', 'lost too'))
    transport.last.end()
    await environment.advance(2_000)
    transport.last.send(runFrame({ version: 2, metadata: { k: 'kept' } }, '2.other'))
    await flush()
    expect(a.source.getSnapshot().run).toMatchObject({ version: 2, metadata: { k: 'kept' } })
  })

  test('an answer that an older connection has overtaken takes nothing back; the last word is the server’s', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame())
    await environment.advance(250)
    follow(client.run('run_b'))
    await flush()
    expect(transport.last.wants).toContainEqual({ run: 'run_a', cursor: '1.t' })
    transport.connections[0]?.send(setFrame(1, 'k', 'a'), setFrame(2, 'k', 'lost'))
    await flush()
    transport.last.send(runFrame({ version: 2, metadata: { k: 'a' } }))
    await flush()
    expect(a.source.getSnapshot().run).toMatchObject({ version: 3, metadata: { k: 'lost' } })
    transport.last.send(endFrame(2))
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ run: { version: 2, metadata: { k: 'a' } }, end: { settled: true } })
  })
})

describe('the end', () => {
  test('is told after the last version and the last chunk, in whatever order they came', async () => {
    const { client, transport, flush } = setUp()
    const a = follow(client.run('run_a'))
    const log = follow(client.stream('run_a', 'log'))
    await flush()
    transport.last.send(runFrame({ streams: { log: { state: 'open' } } }), endFrame(2, true, { log: 2 }), chunksFrame(0, 'a'))
    await flush()
    expect(a.source.getSnapshot().end).toBeUndefined()
    transport.last.send(patchFrame(1, [{ op: 'replace', path: '/status', value: 'COMPLETED' }]))
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ end: undefined, run: { status: 'COMPLETED' } })
    transport.last.send(chunksFrame(1, 'b'))
    await flush()
    expect(a.source.getSnapshot().end).toEqual({ settled: true, live: true })
    expect(log.source.getSnapshot().state).toBe('aborted')
    expect(client.connection.getSnapshot().status).toBe('idle')
  })

  test('of a run that had ended before is not live, and ends a stream that was never opened', async () => {
    const { client, transport, environment, flush } = setUp()
    const a = follow(client.run('run_a'))
    const log = follow(client.stream('run_a', 'log'))
    await flush()
    transport.last.send(runFrame({ status: 'COMPLETED', finishedAt: 5 }), endFrame(1))
    await flush()
    expect(a.source.getSnapshot().end).toEqual({ settled: true, live: false })
    expect(log.source.getSnapshot()).toMatchObject({ state: 'closed', log: { length: 0 } })
    // neither it nor another stream that it never had is asked for again
    follow(client.stream('run_a', 'other'))
    await environment.advance(600_000)
    await flush()
    expect(transport.connections).toHaveLength(1)
    expect(client.stream('run_a', 'other').getSnapshot().state).toBe('closed')
  })

  test('of a run with living descendants keeps the connection until it is settled', async () => {
    const { client, transport, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame({ status: 'COMPLETED', finishedAt: 5 }), endFrame(1, false))
    await flush()
    expect(a.source.getSnapshot().end).toEqual({ settled: false, live: false })
    transport.last.send(setFrame(1, 'late', true), endFrame(2, true))
    await flush()
    expect(a.source.getSnapshot()).toMatchObject({ end: { settled: true }, run: { metadata: { late: true } } })
    expect(transport.live).toHaveLength(0)
  })

  test('a stream that errored says why', async () => {
    const { client, transport, flush } = setUp()
    const log = follow(client.stream('run_a', 'log'))
    await flush()
    transport.last.send({ event: 'stream', data: { run: 'run_a', stream: 'log', state: 'errored', start: 0, length: 1, error: 'disk full' } })
    await flush()
    expect(log.source.getSnapshot().state).toBeUndefined()
    transport.last.send(chunksFrame(0, 'a'))
    await flush()
    expect(log.source.getSnapshot()).toMatchObject({ state: 'errored', failure: 'disk full' })
    expect(transport.live).toHaveLength(0)
  })
})

describe('a loop', () => {
  test.each(['open', 'closed'] as const)('over a stream that is %s begins with its first chunk, whatever another one began with', async (state) => {
    const { client, transport, environment, flush } = setUp()
    follow(client.stream('run_a', 'log', 2))
    await flush()
    transport.last.send(chunksFrame(2, 'c', 'd'), { event: 'stream', data: { run: 'run_a', stream: 'log', state, start: 0, length: 4 } })
    await flush()
    const told: [unknown, number][] = []
    let ends = 0
    client.subscribeStream('run_a', 'log', { startIndex: 1, onChange: (chunk, index) => told.push([chunk, index]), onEnd: () => ends++ })
    const shown = client.stream('run_a', 'log', 1)
    expect(shown.getSnapshot()).toMatchObject({ state: 'open' })
    expect([...shown.getSnapshot().log]).toEqual([])
    await environment.advance(250)
    await flush()
    expect([told, ends]).toEqual([[], 0])
    expect(transport.last.wants).toEqual([{ run: 'run_a', stream: 'log', index: 1 }])
    transport.last.send(chunksFrame(1, 'b'))
    await flush()
    transport.last.send(chunksFrame(2, 'c', 'd', 'e'), { event: 'stream', data: { run: 'run_a', stream: 'log', state: 'closed', start: 0, length: 5 } })
    await flush()
    expect(told).toEqual([
      ['b', 1],
      ['c', 2],
      ['d', 3],
      ['e', 4],
    ])
    expect(ends).toBe(1)
  })

  test('that is left while it waits ends at once, and lets go', async () => {
    const { client, flush, environment } = setUp()
    const loop = client.run('run_a').values()
    const waiting = loop.next()
    await flush()
    expect(await loop.return?.()).toEqual({ done: true, value: undefined })
    expect(await waiting).toEqual({ done: true, value: undefined })
    expect(await loop.next()).toEqual({ done: true, value: undefined })
    await environment.advance(1_000)
    await flush()
    expect(client.connection.getSnapshot().status).toBe('idle')
  })

  test('with a signal that has been given, and a subscription, ask for nothing', async () => {
    const { client, flush, transport } = setUp()
    let told = 0
    client.subscribeRun('run_a', { onChange: () => {}, onEnd: () => told++, onError: () => told++, signal: AbortSignal.abort() })
    await expect(
      client
        .stream('run_a', 'log')
        .values({ signal: AbortSignal.abort('enough') })
        .next(),
    ).rejects.toBe('enough')
    await flush()
    expect(transport.connections).toHaveLength(0)
    expect(told).toBe(0)
  })
})

test.each(['errored', 'aborted'] as const)('a loop over a stream that ends as %s has its last chunks, and then throws', async (state) => {
  const { client, transport, flush } = setUp()
  const chunks: Json[] = []
  const reading = (async () => {
    for await (const chunk of client.stream('run_a', 'log')) chunks.push(chunk)
  })()
  const failure = reading.catch((thrown: unknown) => thrown)
  await flush()
  // all of it is published at once
  transport.last.send(chunksFrame(0, 'a', 'b'), { event: 'stream', data: { run: 'run_a', stream: 'log', state, start: 0, length: 2 } })
  await flush()
  expect(await failure).toMatchObject({ type: `stream_${state}` })
  expect(chunks).toEqual(['a', 'b'])
})

describe('documents', () => {
  test('keep the identity of what did not change, and survive a status that nobody knows', async () => {
    const { client, transport, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame({ metadata: { a: { x: 1 }, b: { y: [1] } } }))
    await flush()
    const first = a.source.getSnapshot().run
    transport.last.send(patchFrame(1, [{ op: 'add', path: '/metadata/a/x', value: 2 }]))
    await flush()
    const second = a.source.getSnapshot().run
    expect(second?.metadata.b).toBe(first?.metadata.b)
    expect(first?.metadata).toEqual({ a: { x: 1 }, b: { y: [1] } })
    transport.last.send(runFrame({ version: 3, status: 'HIBERNATING', metadata: { a: { x: 2 }, b: { y: [1, 2] } } }))
    await flush()
    const third = a.source.getSnapshot().run
    expect(third?.status).toBe('HIBERNATING')
    expect(third?.metadata.a).toBe(second?.metadata.a)
  })

  test('a thousand patches in one flush are one publication', async () => {
    const { client, transport, flush } = setUp()
    const a = follow(client.run('run_a'))
    await flush()
    transport.last.send(runFrame({ metadata: { list: [] } }))
    for (let base = 1; base <= 1000; base++) transport.last.send(patchFrame(base, [{ op: 'add', path: '/metadata/list/-', value: base }]))
    await flush()
    expect(a.seen).toHaveLength(1)
    expect(a.source.getSnapshot().run?.metadata.list).toHaveLength(1000)
  })
})

test('REST calls', async () => {
  const { client, transport } = setUp()
  await client.runs.retrieve('run_a')
  await client.runs.list({ task: 'a b', status: ['QUEUED', 'EXECUTING'], limit: 5 })
  await client.runs.list()
  await client.runs.cancel('run_a')
  await client.runs.replay('run_a')
  await client.runs.trigger('a/b', { x: 1 }, { tags: ['t'] })
  expect(transport.requests).toEqual([
    { method: 'GET', path: '/v1/runs/run_a', body: undefined },
    { method: 'GET', path: '/v1/runs?task=a+b&status=QUEUED%2CEXECUTING&limit=5', body: undefined },
    { method: 'GET', path: '/v1/runs', body: undefined },
    { method: 'POST', path: '/v1/runs/run_a/cancel', body: undefined },
    { method: 'POST', path: '/v1/runs/run_a/replay', body: undefined },
    { method: 'POST', path: '/v1/tasks/a%2Fb/trigger', body: { payload: { x: 1 }, options: { tags: ['t'] } } },
  ])
})
