// Ours, at its hardest: the real wire, but nothing is gathered. Each update is a frame of its own, and so is each token.
import { encodeFrame, type Frame } from '../../../src/protocol/frame.ts'
import type { JsonObject } from '../../../src/protocol/json.ts'
import { PROTOCOL_VERSION } from '../../../src/protocol/limits.ts'
import type { FeedRequest } from '../../../src/protocol/want.ts'
import { scriptedRun } from 'runfeed/testing'
import { metadataAt, tokenAt, tokensFrom } from '../script.ts'
import { bodyOf, Listeners, type OpenFeed, pathOf } from './feed.ts'

const STREAM = 'text'
const HEADERS = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform' } as const

export const runFrames: OpenFeed = async (scene, ids) => {
  const listeners = new Listeners()
  const updates = ids.map(() => 0)
  const versions = ids.map(() => 1)
  let length = 0
  const cursor = (number: number): string => `${number}.abcd`

  const first = (id: string): Frame => {
    const at = ids.indexOf(id)
    const metadata = metadataAt(at, updates[at] ?? 0) as unknown as JsonObject
    const version = versions[at] ?? 1
    return {
      event: 'run',
      data: {
        run: scriptedRun({ id, task: 'import', metadata, version, streams: scene === 'stream' ? { [STREAM]: { state: 'open' } } : {} }),
        cursor: cursor(version),
      },
    }
  }
  const chunksFrom = (run: string, index: number, chunks: readonly string[]): Frame => ({
    event: 'chunks',
    data: { run, stream: STREAM, index, cursor: cursor(index + chunks.length), chunks, by: run },
  })
  const frameOf = (at: number): Frame => {
    if (scene === 'stream') return chunksFrom(ids[0] as string, at, [tokenAt(at)])
    const run = at % ids.length
    const base = versions[run] as number
    versions[run] = base + 1
    updates[run] = at
    const id = ids[run] as string
    return {
      event: 'patch',
      data: { run: id, base, cursor: cursor(base + 1), at: Date.now(), patch: [{ op: 'replace', path: '/metadata/done', value: at }], by: id },
    }
  }

  return {
    async answer(request, response) {
      if (pathOf(request).pathname !== '/v1/feed') return void response.writeHead(404).end()
      const { wants } = JSON.parse(await bodyOf(request)) as FeedRequest
      response.writeHead(200, HEADERS)
      const frames: Frame[] = [{ event: 'open', data: { protocol: PROTOCOL_VERSION, heartbeat: 15_000, time: Date.now() } }]
      for (const want of wants) {
        if (want.run === undefined) continue
        if (want.stream === undefined) frames.push(first(want.run))
        else {
          frames.push({ event: 'stream', data: { run: want.run, stream: STREAM, state: 'open', start: 0, length } })
          if (length > 0) frames.push(chunksFrom(want.run, 0, tokensFrom(0, length)))
        }
      }
      response.write(frames.map(encodeFrame).join(''))
      listeners.add(response)
    },
    async send(from, to) {
      let text = ''
      for (let at = from; at < to; at++) text += encodeFrame(frameOf(at))
      length = to
      await listeners.write(text)
    },
  }
}
