// The REST calls. Their bodies are declared in protocol/rest.ts, once for both sides.
import { parserOf } from '../contract/parser-of.ts'
import type { Json } from '../protocol/json.ts'
import type { RunHandle, RunListRequest, RunPage, RunVersionPage } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import type { RunTransport } from '../transport/run-transport.ts'
import type { RetrieveOptions, RunClient } from './run-client.ts'

export const runPath = (run: string): string => `/v1/runs/${encodeURIComponent(run)}`

export function restCalls(request: RunTransport['request']): RunClient['runs'] {
  // what an answer is, is declared in protocol/rest.ts
  const call = request as unknown as <T>(method: string, path: string, body?: Json, signal?: AbortSignal) => Promise<T>
  async function retrieve(id: string, options: AbortSignal | RetrieveOptions = {}): Promise<Run> {
    const { signal, contract }: RetrieveOptions = 'aborted' in options ? { signal: options } : options
    const run = await call<Run>('GET', runPath(id), undefined, signal)
    return contract ? (parserOf(contract)(run) as unknown as Run) : run
  }
  return {
    retrieve: retrieve as RunClient['runs']['retrieve'],
    list: (query = {}, signal) => call<RunPage>('GET', `/v1/runs${queryOf(query)}`, undefined, signal),
    history: (run, page = {}, signal) => call<RunVersionPage>('GET', `${runPath(run)}/history${queryOf(page)}`, undefined, signal),
    cancel: (run, signal) => call<Run>('POST', `${runPath(run)}/cancel`, undefined, signal),
    replay: (run, signal) => call<RunHandle>('POST', `${runPath(run)}/replay`, undefined, signal),
    trigger: (task, payload, options, signal) =>
      call<RunHandle>('POST', `/v1/tasks/${encodeURIComponent(task)}/trigger`, { payload, ...(options && { options: options as Json }) }, signal),
  }
}

/** Lists are written with commas, which no id and no status contains. */
function queryOf(request: RunListRequest | { readonly after?: number; readonly limit?: number }): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return text && `?${text}`
}
