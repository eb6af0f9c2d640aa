// A stream as a reader of the feed gets it.
import { framesOf } from '../support/frames.ts'
import type { TestServer } from '../support/server.ts'

/** Follows a stream to its end. */
export async function chunksOf(server: TestServer, run: string, stream: string) {
  const chunks: unknown[] = []
  let end: unknown
  for await (const frame of framesOf(await server.get(`/v1/runs/${run}/streams/${stream}`))) {
    if (frame.event === 'chunks') {
      if (frame.data.index !== chunks.length) throw new Error(`chunk ${frame.data.index} came when ${chunks.length} was due`)
      chunks.push(...frame.data.chunks)
    }
    if (frame.event === 'stream') end = frame.data
  }
  return { chunks, end }
}
