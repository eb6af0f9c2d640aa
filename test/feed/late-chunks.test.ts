// The last chunks of a stream, and its run's end, said in the moment in which a server finds out whether there is an end: none is passed over.
import { memoryEngine, type RunEngine } from 'runfeed/server'
import { expect, onTestFinished, test } from 'vitest'
import { FeedHub } from '../../src/feed/feed-hub.ts'
import { Follow } from './follow.ts'
import { sessionFrames } from './session-frames.ts'

test('what is said between the reading of a stream and that of its run is told before the end', async () => {
  const engine = memoryEngine()
  const { run } = await engine.queue.begin({ task: 'words', payload: null }, { worker: 'w' })
  await engine.record.commit({ run: run.id, attempt: 1, streams: { text: { state: 'open' } } })
  const append = async (...chunks: string[]): Promise<unknown> => await engine.chunks.append(run.id, 'text', chunks, { by: run.id, attempt: 1 })
  let between: (() => Promise<unknown>) | undefined
  const info: RunEngine['chunks']['info'] = async (...of) => {
    const read = await engine.chunks.info(...of)
    const say = between
    between = undefined
    await say?.()
    return read
  }
  const session = new FeedHub({ ...engine, chunks: { ...engine.chunks, info } }).open({ wants: [{ run: run.id, stream: 'text' }] })
  onTestFinished(() => session.close())
  const feed = new Follow(sessionFrames(session))
  const chunks = (): readonly unknown[] => feed.frames.flatMap(({ event, data }) => (event === 'chunks' ? data.chunks : []))
  await append('first')
  await feed.until(() => chunks().length === 1)
  // closed when the stream is read; opened again and ended with its run when that is
  between = async () => {
    await engine.record.commit({ run: run.id, attempt: 1, streams: { text: { state: 'open' } } })
    await append('second')
    await engine.record.commit({ run: run.id, attempt: 1, end: { status: 'COMPLETED' } })
  }
  await engine.record.commit({ run: run.id, attempt: 1, streams: { text: { state: 'closed' } } })
  await feed.over
  expect(chunks()).toEqual(['first', 'second'])
  expect(feed.frames.at(-1)).toMatchObject({ event: 'stream', data: { state: 'aborted', length: 2 } })
})
