// The REST calls. Their bodies are declared in protocol/rest.ts, once for both sides.
import { parserOf } from '../contract/parser-of.ts'
import { HttpError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { RunHandle, RunListRequest, RunPage, RunVersionPage } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import type { RunTransport } from '../transport/run-transport.ts'
import type { RetrieveOptions, RunClient, RunRef } from './run-client.ts'

export const runPath = (run: string): string => `/v1/runs/${encodeURIComponent(run)}`

export function restCalls(request: RunTransport['request']): RunClient['runs'] {
  // what an answer is, is declared in protocol/rest.ts
  const call = request as unknown as <T>(method: string, path: string, body?: Json, signal?: AbortSignal, token?: string) => Promise<T>
  /** A handle's token first, as where it is followed; what that does not allow, the client's own may. */
  async function askWith<T>(token: string | undefined, method: string, path: string, signal: AbortSignal | undefined): Promise<T> {
    const ask = (own?: string): Promise<T> => call<T>(method, path, undefined, signal, own)
    if (token === undefined) return await ask()
    try {
      return await ask(token)
    } catch (first) {
      if (!isRefused(first)) throw first
      return await ask().catch((second: unknown) => {
        throw isRefused(second) ? first : second
      })
    }
  }
  function ofRun<T>(ref: RunRef, method: string, path: string, signal: AbortSignal | undefined): Promise<T> {
    const { id, token } = resolve(ref)
    return askWith<T>(token, method, runPath(id) + path, signal)
  }
  async function retrieve(run: RunRef, options: AbortSignal | RetrieveOptions = {}): Promise<Run> {
    const { signal, contract }: RetrieveOptions = 'aborted' in options ? { signal: options } : options
    const found = await ofRun<Run>(run, 'GET', '', signal)
    return contract ? (parserOf(contract)(found) as unknown as Run) : found
  }
  return {
    retrieve: retrieve as RunClient['runs']['retrieve'],
    list: (query = {}, signal, token) => askWith<RunPage>(token, 'GET', `/v1/runs${queryOf(query)}`, signal),
    history: (run, page = {}, signal) => ofRun<RunVersionPage>(run, 'GET', `/history${queryOf(page)}`, signal),
    cancel: (run, signal) => ofRun<Run>(run, 'POST', '/cancel', signal),
    replay: (run, signal) => ofRun<RunHandle>(run, 'POST', '/replay', signal),
    trigger: (task, payload, options, signal) =>
      call<RunHandle>('POST', `/v1/tasks/${encodeURIComponent(task)}/trigger`, { payload, ...(options && { options: options as Json }) }, signal),
  }
}

const isRefused = (thrown: unknown): boolean => thrown instanceof HttpError && (thrown.status === 401 || thrown.status === 403)

export const resolve = (ref: RunRef): { readonly id: string; readonly token: string | undefined } =>
  typeof ref === 'string' ? { id: ref, token: undefined } : { id: ref.id, token: ref.publicAccessToken }

/** Lists are written with commas, which no id and no status contains. */
function queryOf(request: RunListRequest | { readonly after?: number; readonly limit?: number }): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(request)) if (value !== undefined) query.set(name, String(value))
  const text = query.toString()
  return text && `?${text}`
}
