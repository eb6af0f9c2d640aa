// Streams that are cut at their bound, under readers: what is gone is a gap, told once, and never a hole.
import type { Frame } from 'runfeed'
import { memoryEngine } from 'runfeed/server'
import { expect, onTestFinished, test } from 'vitest'
import { framesOf } from '../support/frames.ts'
import { startServer } from '../support/server.ts'

/** What a client does with the frames: the indexes that it has, and the gaps that it was told. */
function follow(frames: readonly Frame[]): { readonly indexes: readonly number[]; readonly gaps: readonly object[] } {
  const indexes: number[] = []
  const gaps: object[] = []
  for (const { event, data } of frames) {
    if (event === 'gap') gaps.push({ from: data.from, to: data.to })
    if (event === 'chunks') for (const [i] of data.chunks.entries()) indexes.push(data.index + i)
  }
  return { indexes, gaps }
}
const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, i) => from + i)

test('a reader that is overtaken gets one gap, and goes on where the stream begins now', async () => {
  const engine = memoryEngine({ streamChunks: 50 })
  const server = await startServer({ engine })
  onTestFinished(async () => await engine.close())
  const { run } = await engine.queue.begin({ task: 'words', payload: null }, { worker: 'w' })
  await engine.record.commit({ run: run.id, attempt: 1, streams: { text: { state: 'open' } } })
  const append = async (from: number, to: number): Promise<unknown> =>
    await Promise.all(range(from, to).map((n) => engine.chunks.append(run.id, 'text', [n], { by: run.id, attempt: 1 })))
  await append(0, 10)
  const frames: Frame[] = []
  for await (const frame of framesOf(await server.get(`/v1/runs/${run.id}/streams/text?index=0`))) {
    frames.push(frame)
    // said in one stretch: the reader has not looked in between
    if (frame.event === 'chunks' && frame.data.index === 0)
      void append(10, 200).then(() => engine.record.commit({ run: run.id, attempt: 1, end: { status: 'COMPLETED' } }))
    if (frame.event === 'stream' && frame.data.state === 'aborted') break
  }
  const { first, length } = await engine.chunks.info(run.id, 'text')
  expect([length, first > 140]).toEqual([200, true])
  expect(follow(frames)).toEqual({ indexes: [...range(0, 10), ...range(first, 200)], gaps: [{ from: 10, to: first }] })
  // and who comes later is told at once
  const later: Frame[] = []
  for await (const frame of framesOf(await server.get(`/v1/runs/${run.id}/streams/text?index=3`))) {
    later.push(frame)
    if (frame.event === 'stream' && frame.data.state === 'aborted') break
  }
  expect(follow(later)).toEqual({ indexes: range(first, 200), gaps: [{ from: 3, to: first }] })
})
