import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { httpBackend } from '../../../src/task/http/http-backend.ts'
import { retrying } from '../../../src/task/retrying.ts'
import { faultProxy } from '../../faults/proxy.ts'
import { startServer } from '../../support/server.ts'

// processes start, connections are made anew: on a busy machine that takes its time
vi.setConfig({ testTimeout: 30_000 })

const http = (status: string, headers: string, body: string): { kind: 'answer'; text: string } => ({
  kind: 'answer',
  text: `HTTP/1.1 ${status}\r\n${headers}content-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`,
})

test.each([
  ['no HTTP', { kind: 'answer' as const, text: 'what?\r\n\r\n' }, { type: 'connection', retryable: true }],
  ['a connection that is cut', { kind: 'cut' as const, after: 0 }, { type: 'connection', retryable: true }],
  ['half an answer', { kind: 'finish' as const, after: 7 }, { type: 'connection', retryable: true }],
  ['a proxy that is overloaded', http('503 Service Unavailable', 'retry-after: 2\r\n', 'busy'), { type: 'http_503', retryable: true, retryAfter: 2000 }],
  ['too many requests', http('429 Too Many Requests', '', ''), { type: 'http_429', retryable: true }],
  ['a proxy that knows no such page', http('404 Not Found', 'content-type: text/html\r\n', '<h1>'), { type: 'http_404', retryable: false }],
  ['somebody else', http('200 OK', 'content-type: text/html\r\n', '<h1>'), { type: 'protocol', retryable: false }],
])('%s is told by type, and whether to try again', async (_what, fault, expected) => {
  const server = await startServer()
  const proxy = await faultProxy(server.url, () => fault)
  onTestFinished(async () => await proxy.close())
  await expect(httpBackend({ url: proxy.url }).record.isSettled('run_1')).rejects.toMatchObject(expected)
})

test('the server’s refusal keeps its type and what goes with it', async () => {
  const { record, chunks } = httpBackend({ url: `${(await startServer()).url}//` })
  expect(await record.read('run_none')).toBeUndefined()
  await expect(record.commit({ run: 'run_none' })).rejects.toMatchObject({ name: 'HttpError', type: 'not_found', status: 404 })
  await expect(chunks.info('run_none', 'a/b')).rejects.toMatchObject({ type: 'not_found' })
  const [run] = await record.create([{ task: 'work', payload: null }])
  await expect(record.commit({ run: run?.id as string, attempt: 3 })).rejects.toMatchObject({ type: 'stale_attempt', details: { attempt: 3, current: 0 } })
})

test('the secret key is in the header of every call, and in no address', async () => {
  const asked: (readonly [string | undefined, string | undefined])[] = []
  const server = createServer((request, response) => {
    asked.push([request.url, request.headers.authorization])
    response.setHeader('content-type', 'application/json')
    response.end('{"settled":true}')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { record } = httpBackend({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, secretKey: 'sk_1' })
  expect(await record.isSettled('run/1')).toBe(true)
  expect(asked).toEqual([['/v1/runs/run%2F1/settled', 'Bearer sk_1']])
})

test('a call is made again while it may pass, and no longer than it has patience', async () => {
  const server = await startServer()
  const proxy = await faultProxy(server.url, (connection) => (connection < 2 ? { kind: 'cut', after: 0 } : { kind: 'none' }))
  onTestFinished(async () => await proxy.close())
  const { record } = httpBackend({ url: proxy.url })
  const runs = await retrying(async () => await record.create([{ task: 'work', payload: null }]))
  expect(runs).toHaveLength(1)
  await proxy.refuse()
  let calls = 0
  const gone = retrying(async () => {
    calls++
    return await record.isSettled('run_1')
  }, 400)
  await expect(gone).rejects.toMatchObject({ type: 'connection', message: expect.stringContaining('ECONNREFUSED') as string })
  expect(calls).toBeGreaterThan(1)
})

test('calls made at once share a bounded number of connections, and all are answered', async () => {
  const { url } = await startServer()
  let now = 0
  let most = 0
  const { record } = httpBackend({
    url,
    fetch: async (...args) => {
      most = Math.max(most, ++now)
      return await fetch(...args).finally(() => now--)
    },
  })
  const runs = await Promise.all(Array.from({ length: 300 }, async (_, i) => await record.create([{ task: 'work', payload: i }])))
  expect(runs.flat().map(({ payload }) => payload)).toEqual(Array.from({ length: 300 }, (_, i) => i))
  expect(most).toBe(32)
})

test('moments are the server’s, whatever this machine’s clock says', async () => {
  const { url } = await startServer()
  let ahead = 3_600_000
  const { record } = httpBackend({
    url,
    fetch: async (...args) => {
      const response = await fetch(...args)
      const headers = new Headers(response.headers)
      headers.set('date', new Date(Date.now() + ahead).toUTCString())
      return new Response(response.body, { status: response.status, headers })
    },
  })
  const moment = Date.now() + 60_000
  const create = async (): Promise<string | undefined> => {
    const [run] = await record.create([{ task: 'work', payload: null, delayUntil: moment, expiresAt: moment - ahead - 10_000 }])
    return (await record.read(run?.id as string))?.run.status
  }
  // the first answer says the time
  await record.isSettled('run_1').catch(() => {})
  // expired by this machine's clock, and not by the server's
  expect(await create()).toBe('DELAYED')
  ahead = -7_200_000
  await record.isSettled('run_1').catch(() => {})
  expect(await create()).toBe('QUEUED')
})
