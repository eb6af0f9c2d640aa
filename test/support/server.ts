// A real server on loopback for one test, closed when the test ends.
import { createRunServer, memoryEngine, type RunServerOptions } from 'runfeed/server'
import type { Run } from 'runfeed'
import { onTestFinished } from 'vitest'
import { framesOf } from './frames.ts'

/** ms between two pings in tests: what depends on it stays short. */
export const HEARTBEAT = 150

export interface TestServer {
  readonly url: string
  get(path: string): Promise<Response>
  post(path: string, body?: unknown, init?: RequestInit): Promise<Response>
  /** Triggers a task by REST. @returns the run's id */
  trigger(task: string, payload?: unknown, options?: object): Promise<string>
  run(id: string): Promise<Run>
  /** Follows the run's feed to its settled end. @returns the run as it is then */
  ended(id: string): Promise<Run>
  close(): Promise<void>
}

export async function startServer(options: Partial<RunServerOptions> = {}): Promise<TestServer> {
  const server = createRunServer({ engine: memoryEngine(), heartbeat: HEARTBEAT, ...options })
  const { url } = await server.listen()
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= server.close())
  onTestFinished(close)
  const get = (path: string): Promise<Response> => fetch(url + path)
  const post = (path: string, body?: unknown, init: RequestInit = {}): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...init,
    })
  const run = async (id: string): Promise<Run> => (await (await get(`/v1/runs/${id}`)).json()) as Run
  return {
    url,
    get,
    post,
    run,
    close,
    trigger: async (task, payload, triggerOptions) => {
      const response = await post(`/v1/tasks/${task}/trigger`, { payload, options: triggerOptions })
      const body = (await response.json()) as { id: string }
      if (!response.ok) throw new Error(JSON.stringify(body))
      return body.id
    },
    ended: async (id) => {
      for await (const frame of framesOf(await get(`/v1/runs/${id}/events`))) if (frame.event === 'end' && frame.data.settled) return await run(id)
      throw new Error(`the feed of ${id} closed before its end`)
    },
  }
}
