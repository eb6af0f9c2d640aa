// A shape of runs whose metadata is a column of JSON, or of the tokens of one run, a row each.
import { tokenAt, valueAt } from '../script.ts'
import { type OpenFeed, pathOf } from './feed.ts'
import { type Change, ShapeLog } from './shape-log.ts'

export const electric: OpenFeed = async (scene, ids) => {
  const row = (operation: 'insert' | 'update', run: number, update: number): Change => {
    const { id, status, metadata } = valueAt(ids[run] as string, run, update)
    const changed = { id, metadata: JSON.stringify(metadata) }
    return { key: id, operation, value: operation === 'insert' ? { ...changed, status } : changed }
  }
  const token = (index: number): Change => ({ key: String(index), operation: 'insert', value: { id: String(index), token: tokenAt(index) } })
  const log =
    scene === 'stream'
      ? new ShapeLog({ id: { type: 'int4' }, token: { type: 'text' } }, () => [])
      : new ShapeLog({ id: { type: 'text' }, status: { type: 'text' }, metadata: { type: 'jsonb' } }, () => ids.map((_, run) => row('insert', run, 0)))
  return {
    answer(request, response) {
      const [, id] = /'(.*)'/.exec(pathOf(request).searchParams.get('where') ?? '') ?? []
      log.answer(request, response, id)
    },
    async send(from, to) {
      log.append(Array.from({ length: to - from }, (_, at) => (scene === 'stream' ? token(from + at) : row('update', (from + at) % ids.length, from + at))))
    },
  }
}
