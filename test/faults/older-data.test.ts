// An older copy of its data is put back under a server: numbers are made twice, and whoever watches shows what the server knows now.
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRunClient } from 'runfeed'
import { createRunServer, sqliteEngine } from 'runfeed/server'
import { expect, onTestFinished, test, vi } from 'vitest'
import { environment } from '../../src/transport/environment.ts'
import { HEARTBEAT } from '../support/server.ts'
import { RemoteWriter } from './remote-writer.ts'

const PATIENT = { timeout: 20_000, interval: 20 }

test('who watched a run, a stream and a list shows what the older copy knows, and what comes after it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runfeed-older-'))
  const file = join(folder, 'runs.db')
  const copy = join(folder, 'copy.db')
  const serve = async (port = 0) => {
    const engine = sqliteEngine({ file })
    const server = createRunServer({ engine, heartbeat: HEARTBEAT })
    const { url } = await server.listen({ port })
    const close = async (): Promise<void> => {
      await server.close()
      await engine.close()
    }
    const say = async (n: number): Promise<void> => {
      await engine.chunks.append(id, 'numbers', [n], { by: id, attempt: 1 })
      await engine.record.commit({ run: id, attempt: 1, operations: [{ op: 'set', key: 'n', value: n }] })
    }
    return { engine, url, close, say }
  }
  let server = await serve()
  onTestFinished(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const port = Number(new URL(server.url).port)
  const writer = new RemoteWriter(() => server.url, 1)
  const { id } = writer
  await writer.begin('older')
  await server.say(1)

  const client = createRunClient({ baseUrl: server.url, environment: { ...environment, random: () => 0.01 } })
  onTestFinished(() => client.close())
  const [run, stream, list] = [client.run(id), client.stream(id, 'numbers'), client.runList({ tag: 'older' })]
  for (const source of [run, stream, list]) onTestFinished(source.subscribe(() => {}))
  const shows = async (n: number, status: string, chunks: readonly number[]): Promise<void> =>
    await vi.waitFor(async () => {
      const record = await server.engine.record.read(id)
      expect(record?.run).toMatchObject({ status, metadata: { n } })
      expect(run.getSnapshot().run).toEqual(record?.run)
      expect(run.getSnapshot().cursor).toBe(record?.cursor)
      expect(list.getSnapshot().runs).toMatchObject([{ version: record?.run.version, status, metadata: { n } }])
      expect([...stream.getSnapshot().log]).toEqual(chunks)
    }, PATIENT)
  const restart = async (data?: string): Promise<void> => {
    await server.close()
    if (data !== undefined) await copyFile(data, file)
    server = await serve(port)
  }

  await shows(1, 'EXECUTING', [1])
  await server.close()
  await copyFile(file, copy)
  server = await serve(port)
  for (const n of [2, 3, 4]) await server.say(n)
  await shows(4, 'EXECUTING', [1, 2, 3, 4])

  await restart(copy)
  await shows(1, 'EXECUTING', [1])
  // fewer versions than were told before: no number passes those that are lost
  await server.say(20)
  await server.engine.record.commit({ run: id, attempt: 1, end: { status: 'COMPLETED' } })
  await shows(20, 'COMPLETED', [1, 20])
})
