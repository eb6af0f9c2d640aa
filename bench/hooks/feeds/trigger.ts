// Trigger.dev's realtime API: shapes of runs (one, or those of a tag), and streams as batches of records.
import { tokenAt, valueAt } from '../script.ts'
import { Listeners, type OpenFeed, pathOf } from './feed.ts'
import { type Change, ShapeLog } from './shape-log.ts'

const time = (at: number): string => new Date(at).toISOString().replace('Z', '')

export const trigger: OpenFeed = async (_, ids) => {
  const listeners = new Listeners()
  const row = (operation: 'insert' | 'update', run: number, update: number): Change => {
    const { id, metadata } = valueAt(ids[run] as string, run, update)
    const changed = { id, metadata: JSON.stringify(metadata), updatedAt: time(Date.now()) }
    const begun = { taskIdentifier: 'import', friendlyId: id, status: 'EXECUTING', createdAt: time(run), metadataType: 'application/json' }
    return { key: id, operation, value: operation === 'insert' ? { ...changed, ...begun } : changed }
  }
  const text = { type: 'text' }
  const log = new ShapeLog(
    {
      id: text,
      taskIdentifier: text,
      friendlyId: text,
      status: text,
      createdAt: { type: 'timestamp' },
      updatedAt: { type: 'timestamp' },
      metadata: text,
      metadataType: text,
    },
    () => ids.map((_id, run) => row('insert', run, 0)),
  )
  return {
    answer(request, response) {
      const [, kind, id] = /^\/realtime\/v1\/(runs|streams)(?:\/([^/]+))?/.exec(pathOf(request).pathname) ?? []
      if (kind !== 'streams') return log.answer(request, response, id)
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-stream-version': 'v2' })
      response.flushHeaders()
      listeners.add(response)
    },
    async send(from, to) {
      if (listeners.size === 0) return log.append(Array.from({ length: to - from }, (_at, at) => row('update', (from + at) % ids.length, from + at)))
      const records = Array.from({ length: to - from }, (_at, at) => {
        const index = from + at
        return { seq_num: index, timestamp: Date.now(), headers: [], body: JSON.stringify({ data: tokenAt(index), id: index.toString(36).padStart(7, '0') }) }
      })
      await listeners.write(`event: batch\ndata: ${JSON.stringify({ records })}\n\n`)
    },
  }
}
