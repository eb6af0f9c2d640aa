// The whole client over real sockets: cut at any byte, ended cleanly by a proxy, and still complete.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createRunClient } from '../../src/client/create-run-client.ts'
import { encodeFrame, type Frame } from '../../src/protocol/frame.ts'
import { environment } from '../../src/transport/environment.ts'
import type { StreamWant } from '../../src/protocol/want.ts'
import { record } from './setup.ts'

const CHUNKS = 40

/** All that a connection has to say to someone who has the chunks before `index`. */
function feed(index: number): string {
  const frames: Frame[] = [{ event: 'open', data: { protocol: 1, heartbeat: 15_000, time: 0 } }]
  frames.push({ event: 'run', data: { run: record({ status: 'COMPLETED', finishedAt: 9, version: 7, streams: { s: { state: 'closed' } } }), cursor: '7.t' } })
  for (let at = index; at < CHUNKS; at++)
    frames.push({ event: 'chunks', data: { run: 'run_a', stream: 's', index: at, cursor: `${at + 1}.c`, chunks: [`chunk ${at} 🦊`], by: null } })
  frames.push({ event: 'stream', data: { run: 'run_a', stream: 's', state: 'closed', start: 0, length: CHUNKS } })
  frames.push({ event: 'end', data: { run: 'run_a', cursor: '7.t', lengths: { s: CHUNKS }, settled: true } })
  return frames.map((frame) => encodeFrame(frame)).join('')
}

async function follow(answer: (response: ServerResponse, text: Buffer, request: number) => void) {
  const indexes: number[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (data: Buffer) => (body += data.toString()))
    request.on('end', () => {
      const { wants } = JSON.parse(body) as { wants: StreamWant[] }
      const index = wants.find(({ stream }) => stream === 's')?.index ?? 0
      answer(response.writeHead(200, { 'content-type': 'text/event-stream' }), Buffer.from(feed(index)), indexes.push(index))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => server.closeAllConnections())
  // no wait between two attempts: there is nothing to wait for here
  const client = createRunClient({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, environment: { ...environment, random: () => 0 } })
  onTestFinished(() => client.close())
  const run = client.run('run_a')
  const stream = client.stream('run_a', 's')
  stream.subscribe(() => {})
  let ends = 0
  await new Promise<void>((resolve) =>
    run.subscribe(() => {
      if (!run.getSnapshot().end) return
      ends++
      resolve()
    }),
  )
  const { log, state } = stream.getSnapshot()
  expect([...log]).toEqual(Array.from({ length: CHUNKS }, (_, at) => `chunk ${at} 🦊`))
  expect(state).toBe('closed')
  expect(run.getSnapshot()).toMatchObject({ error: undefined, run: { version: 7 }, end: { settled: true, live: false } })
  return { indexes, ends }
}

test('cut before any frame three times, then ever further into the body', async () => {
  const { indexes, ends } = await follow((response, text, request) => {
    const bytes = request <= 3 ? 0 : (request - 3) * 997
    if (bytes >= text.length) return void response.end(text)
    response.write(text.subarray(0, bytes))
    setImmediate(() => response.destroy())
  })
  expect(ends).toBe(1)
  expect(indexes.length).toBeGreaterThan(4)
  // what was received is not asked for again
  expect(indexes).toEqual(indexes.toSorted((a, b) => a - b))
})

test('ended cleanly after every 1,500 bytes: never taken for the end', async () => {
  const { ends } = await follow((response, text) => void response.end(text.length <= 1_500 ? text : text.subarray(0, 1_500)))
  expect(ends).toBe(1)
})
