// A run that ended while a stream of it was on its way.
import { expect, test } from 'vitest'
import { record, setUp } from './setup.ts'

test('is told to have ended when nobody follows the stream any more', async () => {
  const { client, transport, environment, flush } = setUp()
  let ends = 0
  client.subscribeRun('run_a', { onChange: () => {}, onEnd: () => ends++ })
  const stop = client.subscribeStream('run_a', 'log', { onChange: () => {} })
  await flush()
  transport.last.open()
  transport.last.send(
    { event: 'run', data: { run: record({ status: 'COMPLETED', finishedAt: 9, streams: { log: { state: 'closed' } } }), cursor: '1.t' } },
    { event: 'end', data: { run: 'run_a', cursor: '1.t', lengths: { log: 3 }, settled: true } },
  )
  await flush()
  expect(ends).toBe(0)
  stop()
  await environment.advance(1_000)
  await flush()
  expect(ends).toBe(1)
})
