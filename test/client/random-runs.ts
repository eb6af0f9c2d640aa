// What happens on a server by chance: runs begin, are written, and end.
import fc from 'fast-check'
import type { Run } from 'runfeed'
import type { RunEngine } from 'runfeed/server'

const STREAMS = ['x', 'y'] as const
export const streamOf = (n: number): string => STREAMS[n % 2] as string

export const writeStep = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('begin' as const), tags: fc.subarray(['a', 'b']) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constantFrom('set', 'append', 'tag', 'untag', 'close', 'end'), at: fc.nat(), n: fc.nat(9) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('write' as const), at: fc.nat(), n: fc.nat(20) }) },
)
export type WriteStep = typeof writeStep extends fc.Arbitrary<infer T> ? T : never

export class RandomRuns {
  readonly engine: RunEngine
  readonly ids: string[] = []

  constructor(engine: RunEngine) {
    this.engine = engine
  }

  /** One of them, when there are any. */
  at(place: number): string | undefined {
    return this.ids[place % Math.max(1, this.ids.length)]
  }
  async record(id: string): Promise<Run> {
    return (await this.engine.record.read(id))?.run as Run
  }
  async endAll(): Promise<void> {
    for (const at of this.ids.keys()) await this.take({ do: 'end', at, n: 0 })
  }

  async take(step: WriteStep): Promise<void> {
    const { engine } = this
    if (step.do === 'begin') {
      const { run } = await engine.queue.begin({ task: 'work', payload: null, tags: step.tags }, { worker: 'w' })
      this.ids.push(run.id)
      await engine.record.commit({ run: run.id, attempt: 1, streams: { x: { state: 'open' }, y: { state: 'open' } } })
      return
    }
    const id = this.at(step.at)
    if (id === undefined || (await this.record(id)).finishedAt !== null) return
    const { n } = step
    const stream = streamOf(n)
    const commit = async (what: object): Promise<void> => void (await engine.record.commit({ run: id, attempt: 1, ...what }))
    switch (step.do) {
      case 'set':
        return await commit({ operations: [{ op: 'set', key: `$.deep.k${n % 3}`, value: n }] })
      case 'append':
        return await commit({ operations: [{ op: 'append', key: 'list', value: n, max: 4 }] })
      case 'tag':
        return await commit({ tags: { add: [n % 2 ? 'a' : 'b'] } })
      case 'untag':
        return await commit({ tags: { remove: [n % 2 ? 'a' : 'b'] } })
      case 'close':
        return await commit({ streams: { [stream]: { state: 'closed' } } })
      case 'end':
        return await commit({ end: { status: 'COMPLETED', output: n } })
      case 'write': {
        const { state, length } = await engine.chunks.info(id, stream)
        const chunks = Array.from({ length: n }, (_, at) => `${stream}${length + at}`)
        if (state === 'open' && n > 0) await engine.chunks.append(id, stream, chunks, { by: id, attempt: 1 })
        return
      }
      default:
    }
  }
}
