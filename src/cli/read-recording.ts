// Reads all that a server keeps of a run: its versions, by the oldest and the patches after it, and the chunks of its streams.
import type { Json } from '../protocol/json.ts'
import { applyPatch, type Patch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'
import type { Api } from '../task/http/api.ts'
import { httpChunks } from '../task/http/chunks.ts'
import { as, pathOf } from '../task/http/record.ts'
import type { Recording } from './script-of.ts'

const PAGE = 1000
const CHUNK_BYTES = 1024 * 1024

interface History {
  readonly oldest: number
  readonly versions: readonly { readonly version: number; readonly at: number; readonly patch: Patch }[]
}

/** @returns the recording, and how many of its first versions and chunks are no longer kept. @throws HttpError, ConnectionError */
export async function readRecording(api: Api, id: string): Promise<Recording & { readonly lostVersions: number; readonly lostChunks: number }> {
  const get = async <T>(path: string): Promise<T> => as<T>((await api.call('GET', pathOf(id) + path)).body)
  const { oldest } = await get<History>('/history?limit=1')
  let run = await get<Run>(`/history/${oldest}`)
  const versions = [run]
  for (;;) {
    const page = (await get<History>(`/history?after=${run.version}&limit=${PAGE}`)).versions
    for (const { version, at, patch } of page) {
      run = { ...(applyPatch(run as unknown as Json, patch) as unknown as Run), version, updatedAt: at }
      versions.push(run)
    }
    if (page.length === 0) break
  }
  const streams = new Map<string, readonly Json[]>()
  let lostChunks = 0
  for (const key of Object.keys(run.streams)) {
    const { chunks, lost } = await readChunks(api, id, key)
    streams.set(key, chunks)
    lostChunks += lost
  }
  return { versions, streams, lostVersions: oldest - 1, lostChunks }
}

/** What the stream's readers see: from where it was opened last. */
async function readChunks(api: Api, run: string, stream: string): Promise<{ readonly chunks: readonly Json[]; readonly lost: number }> {
  const log = httpChunks(api)
  const { start, first, length } = await log.info(run, stream)
  const from = Math.max(start, first)
  const chunks: Json[] = []
  for (let index = from; index < length; ) {
    const read = await log.read(run, stream, index, CHUNK_BYTES)
    if (read.chunks.length === 0) break
    // cut short of what is wanted, where the oldest were dropped meanwhile
    chunks.push(...read.chunks)
    index = read.index + read.chunks.length
  }
  return { chunks, lost: from - start }
}
