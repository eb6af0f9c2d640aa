// 500 clients of a server that dies and is started again: when each of them is live again, and whether they all come at once. The same over
// SIGTERM: how long a server with 100 open streams takes to end.
import { setTimeout } from 'node:timers/promises'
import { createRunClient, type RunClient } from 'runfeed'
import { FaultServer } from '../../test/faults/fault-server.ts'
import { atOnce } from '../../test/faults/watch.ts'
import { percentile, type Row } from '../row.ts'

const CLIENTS = 500
const STREAMS = 100
/** Short: each client must have heard how many they are. */
const HEARTBEAT_MS = 1000
const BUCKET_MS = 1000

export async function restart(): Promise<readonly Row[]> {
  const server = await FaultServer.start(HEARTBEAT_MS)
  const clients: RunClient[] = []
  try {
    const id = await trigger(server.url)
    clients.push(...Array.from({ length: CLIENTS }, () => createRunClient({ baseUrl: server.url, scheduler: atOnce })))
    await Promise.all(clients.map(async (client) => await live(client, id)))
    await setTimeout(2 * HEARTBEAT_MS)
    const back = clients.map(async (client) => await reopened(client))
    const from = performance.now()
    await server.crash()
    const up = performance.now()
    const times = (await Promise.all(back)).map((at) => at - up)
    const buckets: number[] = []
    for (const time of times) {
      const bucket = Math.max(0, Math.floor(time / BUCKET_MS))
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    const histogram = Array.from(buckets, (count) => count ?? 0)
    return [
      {
        name: `reconnects of ${CLIENTS} clients after a restart, the most in one second`,
        value: (Math.max(...histogram) / CLIENTS) * 100,
        unit: '%',
        limit: { most: 20 },
        raw: { 'per second': histogram.join(' '), 'server away (ms)': up - from },
      },
      {
        name: `${CLIENTS} clients live again after a restart, the last of them`,
        value: Math.max(...times) / 1000,
        unit: 's',
        raw: { 'p50 (s)': percentile(times, 0.5) / 1000, 'p95 (s)': percentile(times, 0.95) / 1000 },
      },
      await shutdown(),
    ]
  } finally {
    for (const client of clients) client.close()
    await server.close()
  }
}

async function shutdown(): Promise<Row> {
  const server = await FaultServer.start(HEARTBEAT_MS)
  const id = await trigger(server.url)
  const bodies = await Promise.all(Array.from({ length: STREAMS }, async () => await fetch(`${server.url}/v1/runs/${id}/events`)))
  const read = bodies.map(async (body) => (await body.text()).includes('event: bye'))
  const from = performance.now()
  await server.stop()
  const took = (performance.now() - from) / 1000
  const told = (await Promise.all(read)).filter(Boolean).length
  await server.close()
  return { name: `SIGTERM with ${STREAMS} open streams, to the end of the process`, value: took, unit: 's', limit: { most: 2 }, raw: { 'told bye': told } }
}

async function trigger(url: string): Promise<string> {
  const answer = await fetch(`${url}/v1/tasks/held/trigger`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })
  return ((await answer.json()) as { id: string }).id
}

/** Resolves once its record is there; it goes on following. */
async function live(client: RunClient, id: string): Promise<void> {
  const run = client.run(id)
  // a list never ends, so the connection outlives the run that the crash ends
  client.runList({ task: 'held' }).subscribe(() => {})
  await new Promise<void>((resolve) => {
    run.subscribe(() => run.getSnapshot().run && resolve())
  })
}

/** Resolves when the connection that is open now was lost, and another one is. */
async function reopened({ connection }: RunClient): Promise<number> {
  return await new Promise((resolve) => {
    let isLost = false
    const stop = connection.subscribe(() => {
      const { status } = connection.getSnapshot()
      if (status === 'reconnecting') isLost = true
      if (!isLost || status !== 'open') return
      stop()
      resolve(performance.now())
    })
  })
}
