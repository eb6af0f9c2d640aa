// One connection that follows 5,000 runs: all of them are live, what changes comes, and a reader that is slow is not read ahead of.
import { createRunClient } from 'runfeed'
import { memoryEngine, type RunEngine } from 'runfeed/server'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { HEARTBEAT, startServer } from '../support/server.ts'
import { Follow } from './follow.ts'

const RUNS = 5000
const TIMEOUT = { timeout: 120_000 }

async function runsOf(engine: RunEngine, metadata: object): Promise<readonly string[]> {
  const ids: string[] = []
  while (ids.length < RUNS) {
    const runs = await engine.record.create(Array.from({ length: 500 }, () => ({ task: 'work', payload: null, metadata: metadata as never })))
    ids.push(...runs.map(({ id }) => id))
  }
  return ids
}

test('a client follows 5,000 runs on one connection, and each of them is live', TIMEOUT, async () => {
  const engine = memoryEngine()
  const server = await startServer({ engine, heartbeat: 10 * HEARTBEAT })
  const ids = await runsOf(engine, { n: 0 })
  const client = createRunClient({ baseUrl: server.url })
  onTestFinished(() => client.close())
  const told = new Map<string, unknown>()
  for (const id of ids) {
    const run = client.run(id)
    run.subscribe(() => void told.set(id, run.getSnapshot().run?.metadata['n']))
  }
  const areAt = async (n: number): Promise<void> =>
    await expect.poll(() => [...told.values()].filter((value) => value === n).length, { timeout: 60_000 }).toBe(RUNS)
  await areAt(0)
  const figures = await (await server.get('/metrics')).text()
  expect(figures).toMatch(/^runfeed_feeds_open 1$/m)
  expect(figures).toMatch(new RegExp(`^runfeed_wants_open ${RUNS}$`, 'm'))
  await Promise.all(ids.map(async (run) => await engine.record.commit({ run, operations: [{ op: 'set', key: 'n', value: 1 }] })))
  await areAt(1)
})

test('records are read as the socket takes them: who reads nothing has few of them read', TIMEOUT, async () => {
  let reads = 0
  const inner = memoryEngine()
  const ids = await runsOf(inner, { text: 'x'.repeat(10_000) })
  const record = Object.assign(Object.create(inner.record) as typeof inner.record, {
    read: async (id: string) => {
      reads++
      return await inner.record.read(id)
    },
  })
  const server = await startServer({ engine: { ...inner, wake: (topic, listener) => inner.wake(topic, listener), record } })
  const other = new Follow(await server.get(`/v1/runs/${ids[0]}/events`))
  await other.until(({ runs }) => runs.size === 1)
  const body = JSON.stringify({ wants: ids.map((run) => ({ run })) })
  const socket = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1' })
  onTestFinished(() => void socket.destroy())
  socket.write(`POST /v1/feed HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  socket.pause()
  // two heartbeats without a reading: nothing more is to be read for it
  for (let before = -1; before !== reads || reads < 10; ) {
    before = reads
    const { length } = other.events
    await other.until(({ events }) => events.length >= length + 2)
  }
  expect(reads).toBeLessThan(RUNS / 2)
  const seen = new Set<string>()
  let tail = ''
  socket.setEncoding('latin1')
  socket.on('data', (part: string) => {
    const text = tail + part
    for (const [, id] of text.matchAll(/"run":\{"id":"(run_\w+)"/g)) seen.add(id as string)
    tail = text.slice(-100)
    if (seen.size === RUNS) socket.emit('all')
  })
  socket.resume()
  await once(socket, 'all')
  expect(seen).toEqual(new Set(ids))
})
