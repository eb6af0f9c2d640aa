// What the frames of one connection lead to: records, and the membership of its queries. It fails where they do not fit, so that a test that
// looks at the result has looked at every frame.
import { applyPatch } from '../../src/protocol/patch.ts'
import type { Frame, Run } from 'runfeed'

export const numberOf = (cursor: string): number => Number(cursor.split('.')[0])

export interface FoldedQuery {
  readonly ids: readonly string[]
  readonly hasMore: boolean
}

export class Folded {
  readonly runs = new Map<string, Run>()
  readonly cursors: { [run: string]: string } = {}
  readonly queries = new Map<string, FoldedQuery>()
  readonly denied: Extract<Frame, { event: 'denied' }>['data'][] = []
  /** Names of the frames, in order. */
  readonly events: string[] = []

  apply(frame: Frame): void {
    const { event, data } = frame
    this.events.push(event)
    switch (event) {
      case 'run':
        this.runs.set(data.run.id, data.run)
        this.cursors[data.run.id] = data.cursor
        break
      case 'patch': {
        const run = this.runs.get(data.run)
        if (data.base !== run?.version) throw new Error(`a patch of version ${data.base} of ${data.run} came to version ${run?.version}`)
        this.runs.set(data.run, { ...(applyPatch(run as never, data.patch) as unknown as Run), version: numberOf(data.cursor), updatedAt: data.at })
        this.cursors[data.run] = data.cursor
        break
      }
      case 'list':
        this.queries.set(data.query, { ids: data.runs.map(({ id }) => id), hasMore: data.hasMore })
        break
      case 'enter': {
        const { ids, hasMore } = this.#query(data.query)
        const at = data.before === null ? ids.length : ids.indexOf(data.before)
        if (at < 0 || ids.includes(data.run.id)) throw new Error(`${data.run.id} cannot enter before ${data.before}: ${ids.join(' ')}`)
        this.queries.set(data.query, { ids: ids.toSpliced(at, 0, data.run.id), hasMore })
        break
      }
      case 'leave': {
        const { ids, hasMore } = this.#query(data.query)
        if (!ids.includes(data.run)) throw new Error(`${data.run} cannot leave: ${ids.join(' ')}`)
        this.queries.set(data.query, { ids: ids.filter((id) => id !== data.run), hasMore })
        break
      }
      case 'denied':
        this.denied.push(data)
        break
      default:
    }
  }

  #query(name: string): FoldedQuery {
    const query = this.queries.get(name)
    if (!query) throw new Error(`there was no list of ${name}`)
    return query
  }
}
