// Starts server-thread.ts for one test or file, and ends it with that.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { JsonObject, Run } from 'runfeed'
import { onTestFinished } from 'vitest'

export interface ThreadServer {
  readonly url: string
  run(id: string): Promise<Run>
  /** Replaces a run's metadata, which makes a version. */
  write(id: string, metadata: JsonObject): Promise<void>
}

/**
 * @param file - a module that exports `tasks`. @defaultValue those of server-thread.ts
 * @param atEnd - whose end it ends with. @defaultValue the test's
 */
export async function startThread(file?: string, atEnd: (end: () => Promise<void>) => void = onTestFinished): Promise<ThreadServer> {
  const worker = new Worker(`${import.meta.dirname}/server-thread.ts`, { workerData: { file }, execArgv: ['--conditions=@runfeed/source', '--no-warnings'] })
  atEnd(async () => void (await worker.terminate()))
  const [url] = (await once(worker, 'message')) as [string]
  return {
    url,
    run: async (id) => (await (await fetch(`${url}/v1/runs/${id}`)).json()) as Run,
    write: async (id, metadata) => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(`${url}/v1/runs/${id}/metadata`, { method: 'PUT', headers, body: JSON.stringify({ metadata }) })
      if (!response.ok) throw new Error(await response.text())
    },
  }
}
