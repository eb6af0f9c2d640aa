// A server elsewhere as what a worker, or a process that only triggers, needs of an engine.
import type { RunBackend } from '../../protocol/engine.ts'
import type { RunHandle } from '../../protocol/rest.ts'
import { newRunId } from '../../protocol/run.ts'
import { newRun, type TriggerItem } from '../new-run.ts'
import { Api, type ApiOptions } from './api.ts'
import { httpChunks } from './chunks.ts'
import { httpQueue } from './queue.ts'
import { as, httpRecord } from './record.ts'
import { Wakes } from './wakes.ts'

export type HttpBackendOptions = ApiOptions

export interface HttpBackend extends RunBackend {
  readonly patience: number
  /** Prepares a trigger from outside of a run: the server gives the run what its task says, and the handle its token. Each call of it means one run. */
  readonly triggerOnce: (item: TriggerItem) => () => Promise<RunHandle>
}

/** Runs go on while their server is away for so long; where it was another's network, the record says so when it is back. */
const PATIENCE_MS = 10 * 60_000

/** @throws InvalidRequestError for a `url` that is none */
export function httpBackend(options: HttpBackendOptions): HttpBackend {
  const api = new Api(options)
  const wakes = new Wakes(api)
  return {
    record: httpRecord(api),
    chunks: httpChunks(api),
    queue: httpQueue(api),
    wake: (topic, listener) => wakes.listen(topic, listener),
    patience: PATIENCE_MS,
    triggerOnce(item) {
      // every option is checked here, before anything is sent
      const { payload } = newRun(item)
      const { delay, ...options } = item.options ?? {}
      const ms = delay instanceof Date ? Math.max(0, delay.getTime() - Date.now()) : delay
      const body = { id: newRunId(), payload, options: { ...options, ...(ms !== undefined && { delay: ms }) } }
      return async () => as<RunHandle>((await api.call('POST', `/v1/tasks/${encodeURIComponent(item.id)}/trigger`, body)).body)
    },
  }
}

export const isHttpBackend = (backend: RunBackend): backend is HttpBackend => 'triggerOnce' in backend
