// Beginning with what a server knew, where the client knows something itself.
import { dehydrate, hydrate } from 'runfeed'
import { expect, test } from 'vitest'
import type { Frame } from '../../src/protocol/frame.ts'
import { queryName } from '../../src/protocol/want.ts'
import { follow, record, setUp } from './setup.ts'

const query = { tag: 'a' }
/** All that a connection says of a run at this version, of as many chunks, and of a list that has it. */
const frames = (version: number, first = 0): readonly Frame[] => [
  { event: 'run', data: { run: record({ version, updatedAt: version, metadata: { version } }), cursor: `${version}.t` } },
  {
    event: 'chunks',
    data: { run: 'run_a', stream: 'log', index: first, cursor: `${version}.c`, chunks: Array.from({ length: version - first }, (_, n) => first + n), by: null },
  },
  { event: 'list', data: { query: queryName(query), runs: [{ id: 'run_a', version }], hasMore: false } },
]

/** A client that knows that much, and follows all of it. */
async function knowing(version: number) {
  const made = setUp()
  const { client, transport, flush } = made
  const all = { run: follow(client.run('run_a')), stream: follow(client.stream('run_a', 'log')), list: follow(client.runList(query)) }
  await flush()
  transport.last.open()
  transport.last.send(...frames(version))
  await flush()
  return { ...made, all }
}
const shown = ({ run, stream, list }: Awaited<ReturnType<typeof knowing>>['all']): readonly unknown[] => [
  run.source.getSnapshot().run?.version,
  [...stream.source.getSnapshot().log].length,
  list.source.getSnapshot().runs?.map(({ version }) => version),
]

test('a client that is behind catches up at once, and goes on from there; one that is ahead stays', async () => {
  const [early, late] = [await knowing(25), await knowing(51)]
  const [earlier, later] = [dehydrate(early.client), dehydrate(late.client)]
  hydrate(early.client, later)
  // the list is told whole by its connection
  expect(shown(early.all)).toEqual([51, 51, [25]])
  expect([early.all.run.seen.length, early.all.stream.seen.length]).toEqual([2, 2])
  expect(early.transport.connections).toHaveLength(1)
  early.transport.last.send(...frames(52, 20))
  await early.flush()
  expect(shown(early.all)).toEqual([52, 52, [52]])
  hydrate(late.client, earlier)
  expect(shown(late.all)).toEqual([51, 51, [51]])
})

test('of two states the one that is further on counts, in whichever order they come', async () => {
  const states = await Promise.all([25, 51].map(async (version) => dehydrate((await knowing(version)).client)))
  for (const order of [states, states.toReversed()]) {
    const { client } = setUp()
    for (const state of order) hydrate(client, state)
    const all = { run: follow(client.run('run_a')), stream: follow(client.stream('run_a', 'log')), list: follow(client.runList(query)) }
    expect(shown(all)).toEqual([51, 51, [51]])
  }
})

test('chunks that do not follow on those of a client that waits for its own are left out', async () => {
  const { client: from, transport: there, flush: told } = setUp()
  follow(from.stream('run_a', 'log', 40))
  await told()
  there.last.open()
  there.last.send(...frames(51, 40))
  await told()
  const { client, transport, flush } = setUp()
  const { source } = follow(client.stream('run_a', 'log'))
  await flush()
  transport.last.open()
  hydrate(client, dehydrate(from))
  expect(source.getSnapshot().log.length).toBe(0)
  transport.last.send(...frames(10))
  await flush()
  expect([...source.getSnapshot().log]).toHaveLength(10)
})
