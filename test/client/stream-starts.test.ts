// Readers of one stream that begin with different chunks of it.
import type { Json } from 'runfeed'
import { expect, test } from 'vitest'
import type { Frame } from '../../src/protocol/frame.ts'
import { setUp } from './setup.ts'

const chunks = (index: number, ...said: readonly Json[]): Frame => ({
  event: 'chunks',
  data: { run: 'run_a', stream: 'log', index, cursor: `${index + said.length}.c`, chunks: said, by: null },
})

test('who begins before the others is told all of it, whatever of theirs was on its way', async () => {
  const { client, transport, environment, flush } = setUp()
  const told: { readonly [from: number]: [index: number, chunk: Json][] } = { 0: [], 1: [], 2: [] }
  for (const from of [2, 1, 0]) {
    client.subscribeStream('run_a', 'log', { startIndex: from, onChange: (chunk, index) => told[from]?.push([index, chunk]) })
    // nothing has come, but what was asked for has been published
    await flush()
  }
  await environment.advance(250)
  transport.last.open()
  transport.last.send(chunks(0, 'a', 'b', 'c'))
  await flush()
  const all: readonly [number, Json][] = [
    [0, 'a'],
    [1, 'b'],
    [2, 'c'],
  ]
  expect(told).toEqual({ 0: all, 1: all.slice(1), 2: all.slice(2) })
})
