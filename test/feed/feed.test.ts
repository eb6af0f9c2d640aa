import { metadata, task } from 'runfeed/task'
import type { Frame, Run } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { describe, expect, onTestFinished, test } from 'vitest'
import { MAX_FRAME_BYTES } from '../../src/protocol/limits.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import { applyPatch } from '../../src/protocol/patch.ts'
import { framesOf, framesUntil } from '../support/frames.ts'
import { gate } from '../support/gate.ts'
import { HEARTBEAT, startServer, type TestServer } from '../support/server.ts'

const feed = async (server: TestServer, wants: object[], init?: RequestInit): Promise<Response> => await server.post('/v1/feed', { wants }, init)
const numberOf = (cursor: string): number => Number(cursor.split('.')[0])

/** The record that the frames of one run lead to; fails where they do not fit. */
function fold(frames: readonly Frame[], from?: Run): Run | undefined {
  let run = from
  for (const { event, data } of frames) {
    if (event === 'run') run = data.run
    if (event === 'patch') {
      if (data.base !== run?.version) throw new Error(`a patch of version ${data.base} came to version ${run?.version}`)
      run = { ...(applyPatch(run as never, data.patch) as unknown as Run), version: numberOf(data.cursor), updatedAt: data.at }
    }
  }
  return run
}

/** A task that does each of its steps when the test says so. */
function stepped(steps: readonly (() => unknown)[]) {
  const gates = steps.map(() => gate())
  const work = task({
    id: 'work',
    run: async () => {
      for (const [i, step] of steps.entries()) {
        await gates[i]?.opened
        await step()
        await metadata.flush()
      }
    },
  })
  return { work, open: (i: number) => gates[i]?.open() }
}

describe('one run', () => {
  test('frames lead to exactly the record, from open to the settled end', async () => {
    const { work, open } = stepped([() => metadata.set('a', 1), () => metadata.append('list', { deep: [1] }).increment('a'), () => metadata.del('a')])
    const server = await startServer({ tasks: [work] })
    const id = await server.trigger('work')
    const frames: Frame[] = []
    let next = 0
    open(next++)
    for await (const frame of framesOf(await server.get(`/v1/runs/${id}/events`))) {
      frames.push(frame)
      if (frame.event === 'patch' && fold(frames)?.status === 'EXECUTING') open(next++)
      if (frame.event === 'run') open(next++)
    }
    expect(frames[0]).toMatchObject({ event: 'open', data: { protocol: 1, heartbeat: HEARTBEAT } })
    expect(frames.at(-1)).toMatchObject({ event: 'end', data: { run: id, settled: true } })
    expect(fold(frames)).toEqual(await server.run(id))
  })

  test('many commits in one tick are one frame', async () => {
    const { work, open } = stepped([
      async () => {
        for (let i = 0; i < 30; i++) {
          metadata.set('n', i).append('list', i)
          await metadata.flush()
        }
      },
      () => {},
    ])
    const server = await startServer({ tasks: [work] })
    const id = await server.trigger('work')
    const response = await server.get(`/v1/runs/${id}/events`)
    open(0)
    const frames = await framesUntil(
      response,
      (frame) => frame.event === 'patch' && frame.data.patch.some(({ path }) => path === '/metadata/n') && numberOf(frame.data.cursor) >= 30,
    )
    expect(frames.filter(({ event }) => event === 'patch').length).toBeLessThan(15)
    open(1)
    expect((await server.ended(id)).metadata['list']).toHaveLength(30)
  })

  test('resumes from a cursor with what was missed alone; Last-Event-ID is a cursor', async () => {
    const { work, open } = stepped([() => metadata.set('big', 'x'.repeat(10_000)), () => metadata.set('a', 1), () => metadata.set('b', 2), () => {}])
    const server = await startServer({ tasks: [work] })
    const id = await server.trigger('work')
    open(0)
    const first = await framesUntil(
      await server.get(`/v1/runs/${id}/events`),
      (frame) => (frame.event === 'run' || frame.event === 'patch') && JSON.stringify(frame.data).includes('xxx'),
    )
    const cursor = first.findLast(({ id: name }) => name !== undefined)?.id as string
    open(1)
    open(2)
    open(3)
    await server.ended(id)
    const rest = await framesUntil(await fetch(`${server.url}/v1/runs/${id}/events`, { headers: { 'last-event-id': cursor } }), ({ event }) => event === 'end')
    expect(rest.map(({ event }) => event)).toEqual(['open', 'patch', 'end'])
    expect(JSON.stringify(rest).length).toBeLessThan(2000)
    expect(fold(rest, fold(first))).toEqual(await server.run(id))
  })

  test.each(['3.zzzz', '999.aaaa', 'nonsense'])('a cursor that the log does not hold (%s) is answered by the whole record', async (cursor) => {
    const server = await startServer({ tasks: [task({ id: 'work', run: () => void metadata.set('a', 1) })] })
    const run = await server.ended(await server.trigger('work'))
    const frames = await framesUntil(await feed(server, [{ run: run.id, cursor }]), ({ event }) => event === 'end')
    expect(frames.map(({ event }) => event)).toEqual(['open', 'run', 'end'])
    expect(fold(frames)).toEqual(run)
  })

  test('the end is not settled while a child lives, and is said again when none does', async () => {
    const hold = gate()
    const child = task({ id: 'child', run: async () => (await hold.opened, void metadata.parent.set('late', true)) })
    const parent = task({ id: 'parent', run: async () => void (await child.trigger(null)) })
    const server = await startServer({ tasks: [parent, child] })
    const id = await server.trigger('parent')
    const ends: boolean[] = []
    const frames: Frame[] = []
    for await (const frame of framesOf(await server.get(`/v1/runs/${id}/events`))) {
      frames.push(frame)
      if (frame.event !== 'end') continue
      ends.push(frame.data.settled)
      hold.open()
    }
    expect(ends).toEqual([false, true])
    expect(fold(frames)).toMatchObject({ status: 'COMPLETED', metadata: { late: true } })
  })
})

describe('one connection', () => {
  test('carries many runs and streams; one that does not exist is denied alone', async () => {
    const work = task({
      id: 'work',
      run: async (n: number) => {
        metadata.set('n', n)
        await metadata.stream(
          'out',
          (async function* () {
            yield n
            yield n + 1
          })(),
        )
      },
    })
    const server = await startServer({ tasks: [work] })
    const ids = await Promise.all([1, 2, 3].map(async (n) => await server.trigger('work', n)))
    const frames: Frame[] = []
    for await (const frame of framesOf(
      await feed(server, [...ids.flatMap((run) => [{ run }, { run, stream: 'out' }]), { run: 'run_none' }, { run: 'run_none', stream: 'out' }]),
    ))
      frames.push(frame)
    for (const [i, id] of ids.entries()) {
      const own = frames.filter(({ data }) => ('run' in data && data.run === id) || ('run' in data && typeof data.run === 'object' && data.run.id === id))
      expect(fold(own)).toEqual(await server.run(id))
      expect(own.flatMap(({ event, data }) => (event === 'chunks' ? data.chunks : []))).toEqual([i + 1, i + 2])
      expect(own.findLast(({ event }) => event === 'stream')).toMatchObject({ data: { state: 'closed', length: 2 } })
    }
    expect(frames.filter(({ event }) => event === 'denied').map(({ data }) => data)).toEqual([
      { run: 'run_none', code: 'not_found', message: 'run_none does not exist' },
      { run: 'run_none', stream: 'out', code: 'not_found', message: 'run_none does not exist' },
    ])
  })

  test('beats while nothing happens', async () => {
    const hold = gate()
    const server = await startServer({ tasks: [task({ id: 'work', run: () => hold.opened })] })
    const id = await server.trigger('work')
    let pings = 0
    const frames = await framesUntil(await feed(server, [{ run: id }]), ({ event }) => event === 'ping' && ++pings === 3)
    hold.open()
    expect(frames.filter(({ event }) => event === 'run')).toHaveLength(1)
  })

  test('a server that closes says bye, and ends the body', async () => {
    const server = await startServer({
      tasks: [task({ id: 'work', run: async (_: unknown, { signal }) => await new Promise((resolve) => signal.addEventListener('abort', resolve)) })],
    })
    const id = await server.trigger('work')
    const frames: Frame[] = []
    for await (const frame of framesOf(await feed(server, [{ run: id }]))) {
      frames.push(frame)
      if (frame.event === 'run') void server.close()
    }
    expect(frames.at(-1)).toEqual(expect.objectContaining({ event: 'bye', data: { reconnectAfter: expect.any(Number) as number } }))
  })

  test('headers keep proxies from gathering, and no id is in a feed of many', async () => {
    const server = await startServer({ tasks: [task({ id: 'work', run: () => 1 })] })
    const run = await server.ended(await server.trigger('work'))
    const response = await feed(server, [{ run: run.id }])
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    })
    expect((await framesUntil(response, ({ event }) => event === 'end')).every(({ id }) => id === undefined)).toBe(true)
  })
})

describe('one stream', () => {
  const words = task({
    id: 'words',
    run: async () =>
      void (await metadata.stream(
        'text',
        (async function* () {
          for (let i = 0; i < 100; i++) yield i
        })(),
      )),
  })
  const indexes = (frames: readonly Frame[]) => frames.flatMap(({ event, data }) => (event === 'chunks' ? data.chunks.map((_, i) => data.index + i) : []))

  test.each([
    ['an index', '?index=40', 40],
    ['an index from the end', '?index=-10', 90],
    ['no index', '', 0],
  ])('begins at %s', async (_name, query, from) => {
    const server = await startServer({ tasks: [words] })
    const run = await server.ended(await server.trigger('words'))
    const frames = await framesUntil(
      await server.get(`/v1/runs/${run.id}/streams/text${query}`),
      ({ event, data }) => event === 'stream' && data.state !== 'open',
    )
    expect(indexes(frames)).toEqual(Array.from({ length: 100 - from }, (_, i) => from + i))
  })

  test('resumes from a cursor; one of another history is a gap, and begins anew', async () => {
    const server = await startServer({ tasks: [words] })
    const run = await server.ended(await server.trigger('words'))
    const until = async (want: object) =>
      await framesUntil(await feed(server, [{ run: run.id, stream: 'text', ...want }]), ({ event, data }) => event === 'stream' && data.state !== 'open')
    const all = await until({})
    const cursor = all.find(({ event }) => event === 'chunks')?.data as { cursor: string }
    expect(indexes(await until({ cursor: cursor.cursor }))).toEqual(
      Array.from({ length: 100 - numberOf(cursor.cursor) }, (_, i) => numberOf(cursor.cursor) + i),
    )
    const other = await until({ cursor: '60.zzzz' })
    expect(other.find(({ event }) => event === 'gap')?.data).toMatchObject({ from: 60, to: 0 })
    expect(indexes(other)).toEqual(Array.from({ length: 100 }, (_, i) => i))
  })
})

describe('what is too large for a frame', () => {
  const echo = task({ id: 'echo', run: (payload: unknown) => payload })

  test('a payload and an output over 128 kB are left out, and named', async () => {
    const server = await startServer({ tasks: [echo] })
    const large = 'x'.repeat(5 * 1024 * 1024)
    const id = await server.trigger('echo', large)
    const frames = await framesUntil(await server.get(`/v1/runs/${id}/events`), ({ event }) => event === 'end')
    expect(Math.max(...frames.map((frame) => JSON.stringify(frame).length))).toBeLessThan(10_000)
    expect(frames.find(({ event }) => event === 'run')?.data).toMatchObject({
      run: { payload: null },
      omitted: expect.arrayContaining(['payload']) as string[],
    })
    expect(frames.some(({ data }) => 'omitted' in data && data.omitted?.includes('output'))).toBe(true)
    expect(await server.run(id)).toMatchObject({ payload: large, output: large })
  })

  test('what came and went within one tick, and fits no frame, is told as the record that is left of it', async () => {
    const engine = memoryEngine()
    const server = await startServer({ engine })
    const { run } = await engine.queue.begin({ task: 'elsewhere', payload: null }, { worker: 'w' })
    const longest: number[] = []
    const frames: Frame[] = []
    const commit = async (operations: readonly Operation[]): Promise<unknown> => await engine.record.commit({ run: run.id, attempt: 1, operations })
    for await (const frame of framesOf(await server.get(`/v1/runs/${run.id}/events`))) {
      frames.push(frame)
      longest.push(JSON.stringify(frame.data).length)
      if (frame.event === 'run' && frames.length === 2) {
        // 6 MB of changes in one stretch, of which nothing stays
        const large = 'x'.repeat(200_000)
        for (let n = 0; n < 30; n++) {
          void commit([{ op: 'set', key: `k${n}`, value: large }])
          void commit([{ op: 'delete', key: `k${n}` }])
        }
        await commit([{ op: 'set', key: 'kept', value: true }])
      }
      if (fold(frames)?.metadata['kept'] === true) break
    }
    expect(fold(frames)).toEqual(JSON.parse(JSON.stringify((await engine.record.read(run.id))?.run)))
    expect(Math.max(...longest)).toBeLessThan(MAX_FRAME_BYTES)
  })

  test('a record that fits no frame is denied alone, and the others go on', async () => {
    const server = await startServer({
      engine: memoryEngine({ metadataLimit: 8 * 1024 * 1024 }),
      tasks: [task({ id: 'work', run: (size: number) => new Promise((resolve) => setImmediate(() => resolve(size))) })],
    })
    const small = await server.ended(await server.trigger('work', 1))
    const large = await server.ended(await server.trigger('work', 2, { metadata: { text: 'x'.repeat(5 * 1024 * 1024) } })).catch(() => undefined)
    expect(large).toBeUndefined()
    const { runs } = (await (await server.get('/v1/runs?limit=1')).json()) as { runs: { id: string }[] }
    const frames: Frame[] = []
    for await (const frame of framesOf(await feed(server, [{ run: runs[0]?.id }, { run: small.id }]))) frames.push(frame)
    expect(frames.find(({ event }) => event === 'denied')?.data).toMatchObject({ run: runs[0]?.id, code: 'too_large' })
    expect(frames.find(({ event }) => event === 'end')?.data).toMatchObject({ run: small.id })
  })
})

describe('a stream’s life', () => {
  const states = (frames: readonly Frame[]) => frames.flatMap(({ event, data }) => (event === 'stream' ? [[data.state, data.start, data.length]] : []))

  test('one that was never opened is said to be closed, once', async () => {
    const server = await startServer({ tasks: [task({ id: 'work', run: () => {} })] })
    const run = await server.ended(await server.trigger('work'))
    const frames: Frame[] = []
    for await (const frame of framesOf(await server.get(`/v1/runs/${run.id}/streams/none`))) frames.push(frame)
    expect(states(frames)).toEqual([['closed', 0, 0]])
  })

  test('one that a later attempt opens again is told on the same connection, with its new start', async () => {
    const engine = memoryEngine()
    const server = await startServer({ engine })
    const [made] = await engine.record.create([{ task: 'elsewhere', payload: null }])
    const run = made?.id as string
    const claim = async () => (await engine.queue.claim({ worker: 'w', tasks: ['elsewhere'], max: 1 }))[0]?.run.attempt as number
    const write = async (attempt: number, chunk: string) => {
      await engine.record.commit({ run, attempt, streams: { out: { state: 'open' } } })
      await engine.chunks.append(run, 'out', [chunk], { by: run, attempt })
      await engine.record.commit({ run, attempt, streams: { out: { state: 'closed' } } })
    }
    await write(await claim(), 'a')
    const frames: Frame[] = []
    for await (const frame of framesOf(await server.get(`/v1/runs/${run}/streams/out`))) {
      frames.push(frame)
      if (frame.event !== 'stream' || frame.data.state !== 'closed' || frame.data.length !== 1) continue
      await engine.queue.release('w', run)
      const attempt = await claim()
      await write(attempt, 'b')
      await engine.record.commit({ run, attempt, end: { status: 'COMPLETED' } })
    }
    expect(frames.flatMap(({ event, data }) => (event === 'chunks' ? data.chunks : []))).toEqual(['a', 'b'])
    expect(states(frames).at(0)).toEqual(['open', 0, 1])
    expect(states(frames)).toContainEqual(['closed', 0, 1])
    expect(states(frames).at(-1)).toEqual(['closed', 1, 2])
  })
})

test('a reader that is slow leaves nothing behind on the server', async () => {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  onTestFinished(() => void process.off('warning', onWarning))
  const work = task({
    id: 'work',
    run: async () =>
      void (await metadata.stream(
        'out',
        (async function* () {
          for (let i = 0; i < 200; i++) yield 'x'.repeat(100_000)
        })(),
      )),
  })
  const server = await startServer({ tasks: [work] })
  const run = await server.ended(await server.trigger('work'))
  let chunks = 0
  for await (const frame of framesOf(await server.get(`/v1/runs/${run.id}/streams/out`))) {
    if (frame.event === 'chunks') chunks += frame.data.chunks.length
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(chunks).toBe(200)
  expect(warnings).toEqual([])
})
