// What operators ask: whether the process lives, whether it can work, and what it counts.
import { createRunServer, memoryEngine, sqliteEngine } from 'runfeed/server'
import { task } from 'runfeed/task'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { framesOf } from '../support/frames.ts'
import { mounted } from '../support/mounted.ts'
import { startServer, type TestServer } from '../support/server.ts'
import { send } from './raw-request.ts'

const echo = task({ id: 'echo', run: (payload: unknown) => payload })

/** Samples by name and labels; a line that is neither a sample nor a comment fails. */
async function metricsOf(server: TestServer): Promise<Map<string, number>> {
  const response = await server.get('/metrics')
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  const text = await response.text()
  const lines = text.split('\n').filter((line) => line !== '' && !/^# (HELP|TYPE) \w+ .+$/.test(line))
  const samples = lines.map((line) => /^(\w+(?:\{\w+="[^"\\]*"\})?) (-?[\d.e+-]+|\+Inf)$/.exec(line))
  expect(lines.filter((_, at) => !samples[at])).toEqual([])
  expect(text.endsWith('\n')).toBe(true)
  return new Map(samples.map((match) => [match?.[1] as string, Number(match?.[2])]))
}

async function mountedServer(engine = memoryEngine()): Promise<{ readonly url: string; close(): Promise<void> }> {
  const runs = createRunServer({ engine })
  return { url: await mounted(runs), close: () => runs.close() }
}
const get = async (url: string, path: string, host = '127.0.0.1') => {
  const { status, text } = await send(url, { method: 'GET', path, headers: { host } })
  return [status, text.split('\n')[0]] as const
}

describe('health', () => {
  test('a process that closes lives, and is not ready', async () => {
    const server = await mountedServer()
    expect([await get(server.url, '/healthz'), await get(server.url, '/readyz')]).toEqual([
      [200, 'ok'],
      [200, 'ready'],
    ])
    await server.close()
    expect([(await get(server.url, '/healthz'))[0], (await get(server.url, '/readyz'))[0]]).toEqual([200, 503])
  })

  test('an engine that does not answer makes the process not ready', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    onTestFinished(() => logged.mockRestore())
    const engine = memoryEngine()
    const server = await mountedServer(engine)
    await engine.close()
    expect((await get(server.url, '/readyz'))[0]).toBe(503)
    expect(logged).toHaveBeenCalled()
  })

  test('all of the internet may ask whether it lives and is ready, and nothing else', async () => {
    const { url } = await mountedServer()
    const asked = await Promise.all(['/healthz', '/readyz', '/metrics'].map(async (path) => (await get(url, path, 'evil.example'))[0]))
    expect(asked).toEqual([200, 200, 403])
  })
})

describe('metrics', () => {
  test('count commits, refused operations and refused requests, whoever makes them', async () => {
    const server = await startServer({ tasks: [echo] })
    await server.ended(await server.trigger('echo', 1))
    const before = await metricsOf(server)
    expect(before.get('runfeed_commits_total')).toBeGreaterThan(0)
    expect(before.get('runfeed_runs{status="COMPLETED"}')).toBe(1)
    const { run } = (await (await server.post('/v1/runs/begin', { run: { task: 'a' }, worker: 'w' })).json()) as { run: { id: string } }
    const operations = [
      { op: 'set', key: 'a', value: 1 },
      { op: 'set', key: '$.a.b', value: 1 },
      { op: 'set', key: '$.a.c', value: 1 },
    ]
    await fetch(`${server.url}/v1/runs/${run.id}/metadata`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ operations }),
    })
    await server.get('/v1/runs/run_none')
    await server.post('/v1/runs', {})
    const after = await metricsOf(server)
    const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
    expect(
      Object.fromEntries(
        ['runfeed_commits_total', 'runfeed_refused_operations_total', 'runfeed_refused_requests_total{status="4xx"}'].map((name) => [name, grown(name)]),
      ),
    ).toEqual({
      runfeed_commits_total: 1,
      runfeed_refused_operations_total: 2,
      'runfeed_refused_requests_total{status="4xx"}': 2,
    })
    expect(after.get('runfeed_runs{status="EXECUTING"}')).toBe(1)
  })

  test('say what is open: feeds, their wants, workers that listen; and how late frames are', { timeout: 30_000 }, async () => {
    const server = await startServer()
    const { run } = (await (await server.post('/v1/runs/begin', { run: { task: 'a' }, worker: 'w' })).json()) as { run: { id: string } }
    const cut = new AbortController()
    onTestFinished(() => cut.abort())
    const frames = framesOf(await server.post('/v1/feed', { wants: [{ run: run.id }, { run: run.id, stream: 'log' }] }, { signal: cut.signal }))
    const wakes = (await server.post('/v1/wakes', { topics: ['queue'] }, { signal: cut.signal })).body?.getReader()
    await wakes?.read()
    for (let seen = ''; seen !== 'run'; ) seen = String((await frames.next()).value?.event)
    const open = await metricsOf(server)
    expect(['feeds', 'wants', 'wakes'].map((name) => open.get(`runfeed_${name}_open`))).toEqual([1, 2, 1])
    await fetch(`${server.url}/v1/runs/${run.id}/metadata`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: '{"metadata":{"a":1}}',
    })
    for (let seen = ''; seen !== 'patch'; ) seen = String((await frames.next()).value?.event)
    const told = await metricsOf(server)
    expect([told.get('runfeed_feed_lag_seconds_count'), told.get('runfeed_feed_lag_seconds_bucket{le="+Inf"}')]).toEqual([1, 1])
    expect(told.get('runfeed_feed_lag_seconds_sum')).toBeGreaterThanOrEqual(0)
    cut.abort()
    // the server learns of it when the sockets have closed
    await vi.waitFor(
      async () => {
        const left = await metricsOf(server)
        expect(['feeds', 'wants', 'wakes'].map((name) => left.get(`runfeed_${name}_open`))).toEqual([0, 0, 0])
      },
      { timeout: 20_000 },
    )
  })

  test('both engines count their runs by status', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'runfeed-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    for (const engine of [memoryEngine(), sqliteEngine({ file: join(folder, 'runs.db') })]) {
      onTestFinished(() => engine.close())
      const [first] = await engine.record.create([
        { task: 'a', payload: null },
        { task: 'a', payload: null },
        { task: 'b', payload: null },
      ])
      await engine.record.cancel(first?.id ?? '')
      expect(await engine.counts?.()).toEqual({ CANCELED: 1, QUEUED: 2 })
    }
  })
})
