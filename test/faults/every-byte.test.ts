// A body that ends after each of its bytes in turn, as cleanly as bodies end: the next connection brings what is missing, and nothing twice.
import { createRunClient, type Json } from 'runfeed'
import { metadata, task } from 'runfeed/task'
import { expect, test } from 'vitest'
import { startServer } from '../support/server.ts'
import { eager } from './impatient.ts'
import { faultProxy } from './proxy.ts'
import { atOnce, watchRun } from './watch.ts'

const SAID: readonly Json[] = ['a', 'é→', { deep: [1, '👩‍🚀'] }]
const AT_ONCE = 20

const short = task({
  id: 'short',
  run: async () => {
    metadata.set('schlüssel', '𝄞')
    const say = async function* (): AsyncGenerator<Json> {
      yield* SAID
    }
    await metadata.stream('log', say())
  },
})

test('whatever the last byte was, everything is there in the end, once', { timeout: 120_000 }, async () => {
  const server = await startServer({ tasks: [short] })
  const record = await server.ended(await server.trigger('short'))
  const wants = [{ run: record.id }, { run: record.id, stream: 'log' }]
  const { byteLength } = await (await server.post('/v1/feed', { wants })).arrayBuffer()
  expect(byteLength).toBeGreaterThan(500)

  /** Of its first connection the client gets so many bytes. */
  const follow = async (bytes: number): Promise<void> => {
    const proxy = await faultProxy(server.url, (connection) => (connection === 0 ? { kind: 'finish', after: bytes } : { kind: 'none' }))
    const client = createRunClient({ baseUrl: proxy.url, environment: eager, scheduler: atOnce })
    try {
      const watch = watchRun(client, record.id, ['log'])
      await watch.over
      const logs = watch.logs['log'] ?? []
      expect([bytes, watch.seen.at(-1)?.run, [...(logs.at(-1) ?? [])], watch.ends]).toEqual([bytes, record, SAID, 1])
      for (const log of logs) expect([...log]).toEqual(SAID.slice(0, log.length))
      expect([bytes, proxy.connections]).toEqual([bytes, bytes < byteLength ? 2 : 1])
    } finally {
      client.close()
      await proxy.close()
    }
  }
  let next = 0
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next <= byteLength) await follow(next++)
    }),
  )
  expect(next).toBeGreaterThan(byteLength)
})
