// A server that is killed in the middle of streams and away for 30 s; when it is back, the first three connections of each client are cut
// before their first frame. Nothing is lost, nothing comes twice, and few requests are made.
import assert from 'node:assert/strict'
import { createRunClient } from 'runfeed'
import { FaultServer } from '../fault-server.ts'
import { faultProxy } from '../proxy.ts'
import { RemoteWriter } from '../remote-writer.ts'
import { atOnce, watchRun } from '../watch.ts'
import { type RealCase, wait, withCleanup } from './real-case.ts'

const CLIENTS = 20
const STEPS = 200
const KILLED_AT = 100
const AWAY_MS = 30_000
const CUTS = 3
/** Waits are by chance: one client in three thousand makes more. */
const REQUESTS = 12

export const killed: RealCase = async () =>
  await withCleanup(async (later) => {
    const server = await FaultServer.start(15_000)
    later(async () => await server.close())
    const writer = new RemoteWriter(() => server.url, STEPS)
    await writer.begin('killed')
    let isBack = false
    const clients = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        let cuts = 0
        const proxy = await faultProxy(server.url, (_connection, asked) =>
          isBack && asked === 'POST /v1/feed' && cuts++ < CUTS ? { kind: 'cut', after: 0 } : { kind: 'none' },
        )
        later(async () => await proxy.close())
        let requests = 0
        const client = createRunClient({
          baseUrl: proxy.url,
          scheduler: atOnce,
          fetch: async (...asked) => {
            requests++
            return await fetch(...asked)
          },
        })
        later(() => client.close())
        return { watch: watchRun(client, writer.id, ['numbers', 'words']), requests: () => requests, cuts: () => cuts }
      }),
    )
    let backAt = 0
    await writer.work(async (step) => {
      if (step !== KILLED_AT) return
      // everybody is in the middle of it
      await Promise.all(clients.map(async ({ watch }) => await watch.until(({ metadata }) => Number(metadata['done'] ?? 0) >= KILLED_AT)))
      await server.stop('SIGKILL')
      await wait(AWAY_MS)
      await server.restart()
      isBack = true
      backAt = performance.now()
    })
    const took = await Promise.all(
      clients.map(async ({ watch }) => {
        await watch.over
        return performance.now() - backAt
      }),
    )
    for (const { watch, cuts } of clients) {
      for (const [stream, said] of Object.entries(writer.said.streams)) assert.deepEqual([...(watch.logs[stream]?.at(-1) ?? [])], said, stream)
      assert.deepEqual(watch.seen.at(-1)?.run?.metadata, writer.said.metadata)
      assert.equal(watch.ends, 1)
      assert.ok(cuts() > CUTS, 'no connection came through')
    }
    const requests = clients.map((client) => client.requests()).toSorted((a, b) => a - b)
    assert.ok(Math.max(...requests) <= REQUESTS, `requests of each client: ${requests.join(' ')}`)
    return `killed for 30 s, then ${CUTS} cuts: ${CLIENTS} clients have all of it; requests of each ${requests.join(' ')}; complete after it was back, the last (s) ${(Math.max(...took) / 1000).toFixed(1)}`
  })
