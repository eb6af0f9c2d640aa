// A real server in a thread of its own: jsdom replaces globals that a server needs (TextEncoder's bytes are of another realm there).
// Started by `startThread` of thread.ts; it says its address, and ends with the thread.
import { parentPort, workerData } from 'node:worker_threads'
import { createRunServer, memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'
import { double } from './contracts.ts'

const aborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

const doubles = task(double, {
  run: ({ n }, { metadata: typed }) => {
    typed.set('half', n)
    return n * 2
  },
})
const tasks = [
  doubles,
  task({
    id: 'parent',
    run: async (children: number) => {
      for (let n = 0; n < children; n++) await doubles.triggerAndWait({ n })
    },
  }),
  task({ id: 'wait', run: async (_: null, { signal }) => await aborted(signal) }),
  task({
    id: 'count',
    run: async (to: number) => {
      for (let n = 1; n <= to; n++) {
        metadata.set('n', n)
        await metadata.flush()
      }
    },
  }),
]

const { file } = workerData as { readonly file?: string }
// the tasks of a page of documentation, or the tests' own
const given = file === undefined ? { tasks } : ((await import(file)) as { readonly tasks: typeof tasks })
const server = createRunServer({ engine: memoryEngine(), heartbeat: 150, tasks: given.tasks })
const { url } = await server.listen()
parentPort?.postMessage(url)
