// Starts server-thread.ts for one test, and ends it with the test.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Run } from 'runfeed'
import { onTestFinished } from 'vitest'

export interface ThreadServer {
  readonly url: string
  run(id: string): Promise<Run>
}

export async function startThread(): Promise<ThreadServer> {
  const worker = new Worker(`${import.meta.dirname}/server-thread.ts`, { execArgv: ['--conditions=@runfeed/source', '--no-warnings'] })
  onTestFinished(async () => void (await worker.terminate()))
  const [url] = (await once(worker, 'message')) as [string]
  return { url, run: async (id) => (await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run }
}
