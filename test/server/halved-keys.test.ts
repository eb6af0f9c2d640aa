// Keys that were cut in the middle of a character (an emoji is two UTF-16 units): a database keeps one sign for every half, and two keys would be one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRunServer, memoryEngine, sqliteEngine } from 'runfeed/server'
import { expect, onTestFinished, test } from 'vitest'
import { send } from './raw-request.ts'

test.each(['memory', 'sqlite'])('are refused by name, whole ones are kept apart (%s)', async (kind) => {
  const folder = await mkdtemp(join(tmpdir(), 'runfeed-keys-'))
  const server = createRunServer({ engine: kind === 'memory' ? memoryEngine() : sqliteEngine({ file: join(folder, 'runs.db') }) })
  onTestFinished(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })
  const { url } = await server.listen()
  const trigger = async (idempotencyKey: string): Promise<readonly [status: number, text: string]> => {
    const { status, text } = await send(url, { method: 'POST', path: '/v1/tasks/report/trigger', body: { options: { idempotencyKey } } })
    return [status, text]
  }
  for (const half of ['order 🥐'.slice(0, -1), '🥐'.slice(1)])
    expect(await trigger(half)).toEqual([400, expect.stringMatching(/idempotencyKey.*middle of a character/)])
  const whole = await Promise.all(['🥐', '🚲', 'a\u0000b', 'a\u0000c', 'a', 'é', 'e\u0301'].map(trigger))
  expect(whole.map(([status]) => status)).toEqual(whole.map(() => 201))
  expect(new Set(whole.map(([, text]) => text)).size).toBe(whole.length)
  expect(await trigger('🥐')).toEqual(whole[0])
})
