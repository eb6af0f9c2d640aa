// Streams of a server elsewhere, by its REST API.
import type { ChunkLog, ChunkRead, StreamInfo } from '../../protocol/engine.ts'
import type { Api } from './api.ts'
import { as, pathOf } from './record.ts'

export function httpChunks(api: Api): ChunkLog {
  const path = (run: string, stream: string): string => `${pathOf(run)}/chunks/${encodeURIComponent(stream)}`
  return {
    append: async (run, stream, chunks, from) => as<{ index: number }>((await api.call('POST', path(run, stream), { chunks, ...from })).body),
    async info(run, stream) {
      const { state, start, length, first, error } = as<StreamInfo>((await api.call('GET', path(run, stream))).body)
      return { state, start, length, first, ...(error !== undefined && { error }) }
    },
    async read(run, stream, from, maxBytes) {
      const { body } = await api.call('GET', `${path(run, stream)}?index=${from}&maxBytes=${maxBytes}`)
      const { index, chunks, cursor, by } = as<ChunkRead>(body)
      return { index, chunks, cursor, by }
    },
    holds: async (run, stream, cursor) =>
      as<{ holds: boolean }>((await api.call('GET', `${path(run, stream)}?cursor=${encodeURIComponent(cursor)}`)).body).holds,
  }
}
