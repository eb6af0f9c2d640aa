// A run whose metadata is the document.
import { AsyncLocalStorage } from 'node:async_hooks'
import { createRunClient, type RunClient } from 'runfeed'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { Arrivals, type Open } from './contender.ts'

export const ours: Open = async (document) => {
  let set: (n: number) => void = () => {}
  let end = (): void => {}
  const writing = task({
    id: 'writing',
    run: async () => {
      for (const [key, value] of Object.entries(document)) metadata.set(key, value)
      await new Promise<void>((resolve) => {
        end = resolve
        // what it says later is said within it
        set = AsyncLocalStorage.bind((n: number) => void metadata.set('n', n))
      })
    },
  })
  const server = createRunServer({ engine: memoryEngine(), tasks: [writing] })
  const { url } = await server.listen()
  const { id } = await writing.trigger(null)
  const arrivals = new Arrivals()
  let client: RunClient | undefined
  return {
    url,
    async read(at) {
      client = createRunClient({ baseUrl: at })
      client.subscribeRun(id, { onChange: (run) => arrivals.came(run.metadata['n']) })
      await arrivals.of(0)
    },
    async change(n) {
      set(n)
      await arrivals.of(n)
    },
    async close() {
      end()
      client?.close()
      await server.close()
    },
  }
}
