// The REST calls. Their bodies are declared in protocol/rest.ts, once for both sides.
import type { Json } from '../protocol/json.ts'
import type { RunHandle, RunListRequest, RunPage } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import type { RunTransport } from '../transport/run-transport.ts'
import type { RunClient } from './run-client.ts'

export const runPath = (run: string): string => `/v1/runs/${encodeURIComponent(run)}`

export function restCalls(request: RunTransport['request']): RunClient['runs'] {
  const call = async <T>(method: string, path: string, body?: Json, signal?: AbortSignal): Promise<T> =>
    (await request(method, path, body, signal)) as unknown as T
  return {
    retrieve: (run, signal) => call<Run>('GET', runPath(run), undefined, signal),
    list: (request = {}, signal) => call<RunPage>('GET', `/v1/runs${queryOf(request)}`, undefined, signal),
    cancel: (run) => call<Run>('POST', `${runPath(run)}/cancel`),
    replay: (run) => call<RunHandle>('POST', `${runPath(run)}/replay`),
    trigger: (task, payload, options) =>
      call<RunHandle>('POST', `/v1/tasks/${encodeURIComponent(task)}/trigger`, { payload, ...(options && { options: options as Json }) }),
  }
}

/** Lists are written with commas, which no id and no status contains. */
function queryOf(request: RunListRequest): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return text && `?${text}`
}
