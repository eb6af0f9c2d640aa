// A proxy that ends every body each 2 s, as bodies end, while a stream lasts for 20 s: what is over is said by frames alone, so the client
// goes on until it has everything, and nothing looks completed before it is.
import assert from 'node:assert/strict'
import { createRunClient } from 'runfeed'
import { FaultServer } from '../fault-server.ts'
import { faultProxy } from '../proxy.ts'
import { RemoteWriter } from '../remote-writer.ts'
import { atOnce, watchRun } from '../watch.ts'
import { type RealCase, wait, withCleanup } from './real-case.ts'

const STREAM_MS = 20_000
const END_MS = 2000
const STEPS = 100

export const ended: RealCase = async () =>
  await withCleanup(async (later) => {
    const server = await FaultServer.start(15_000)
    later(async () => await server.close())
    const writer = new RemoteWriter(() => server.url, STEPS)
    await writer.begin('ended')
    const proxy = await faultProxy(server.url, () => ({ kind: 'finish', after: Number.POSITIVE_INFINITY }))
    later(async () => await proxy.close())
    const client = createRunClient({ baseUrl: proxy.url, scheduler: atOnce })
    later(() => client.close())
    const watch = watchRun(client, writer.id, ['numbers', 'words'])
    await watch.until(() => true)
    const timer = setInterval(() => proxy.endAll(), END_MS)
    later(() => clearInterval(timer))
    await writer.work(async () => await wait(STREAM_MS / STEPS))
    // its last frames are for a body that is left alone
    clearInterval(timer)
    await watch.over
    for (const [stream, said] of Object.entries(writer.said.streams)) assert.deepEqual([...(watch.logs[stream]?.at(-1) ?? [])], said, stream)
    assert.equal(watch.ends, 1)
    const early = watch.seen.filter(({ run }) => run?.status === 'COMPLETED' && run.metadata['done'] !== STEPS)
    assert.deepEqual(early, [])
    assert.ok(proxy.connections >= STREAM_MS / END_MS / 2, `${proxy.connections} connections`)
    return `bodies ended cleanly every 2 s of 20 s: complete after ${proxy.connections} connections, never taken for completed before`
  })
