// A server elsewhere as what a worker, or a process that only triggers, needs of an engine.
import type { RunBackend } from '../../protocol/engine.ts'
import type { RunHandle } from '../../protocol/rest.ts'
import { newRunId } from '../../protocol/run.ts'
import { newRun, type TriggerItem } from '../new-run.ts'
import { Api, type ApiOptions } from './api.ts'
import { checkBatch } from './batch-limit.ts'
import { httpChunks } from './chunks.ts'
import { httpQueue } from './queue.ts'
import { as, httpRecord } from './record.ts'
import { Wakes } from './wakes.ts'

export interface HttpBackend extends RunBackend {
  readonly patience: number
  /**
   * Prepares a trigger from outside of a run: the server gives each run what its task says, and each handle its token. Whatever is returned may be
   * called again: it means the same runs.
   */
  readonly triggerOnce: (items: readonly TriggerItem[]) => () => Promise<readonly RunHandle[]>
}

/** Runs go on while their server is away for so long; where it was another's network, the record says so when it is back. */
const PATIENCE_MS = 10 * 60_000

/** @throws InvalidRequestError for a `url` that is none */
export function httpBackend(options: ApiOptions): HttpBackend {
  const api = new Api(options)
  const wakes = new Wakes(api)
  return {
    record: httpRecord(api),
    chunks: httpChunks(api),
    queue: httpQueue(api),
    wake: (topic, listener) => wakes.listen(topic, listener),
    patience: PATIENCE_MS,
    triggerOnce(items) {
      checkBatch(items)
      // every option is checked here, before anything is sent
      const runs = items.map((each) => ({ ...newRun(each), id: newRunId() }))
      const [item, ...others] = items
      if (!item || others.length > 0)
        return async () => as<{ handles: readonly RunHandle[] }>((await api.call('POST', '/v1/runs', { runs: api.clock.runs(runs) })).body).handles
      // one alone is asked for as REST asks for it
      const { delay, ...options } = item.options ?? {}
      const ms = delay instanceof Date ? Math.max(0, delay.getTime() - Date.now()) : delay
      const body = { id: runs[0]?.id, payload: runs[0]?.payload, options: { ...options, ...(ms !== undefined && { delay: ms }) } }
      return async () => [as<RunHandle>((await api.call('POST', `/v1/tasks/${encodeURIComponent(item.id)}/trigger`, body)).body)]
    },
  }
}

export const isHttpBackend = (backend: RunBackend): backend is HttpBackend => 'triggerOnce' in backend
