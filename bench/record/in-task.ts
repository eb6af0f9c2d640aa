// A server with its data in a file, and code that runs as a task of it: what is measured is what task code pays.
import { createRunServer, type EmbeddedEngine, sqliteEngine } from 'runfeed/server'
import { task } from 'runfeed/task'
import type { JsonObject } from '../../src/protocol/json.ts'

export interface TaskBench {
  readonly engine: EmbeddedEngine
  /** Runs the work as one run, and gives what it returns. */
  run<T>(work: () => Promise<T>, metadata?: JsonObject): Promise<T>
  close(): Promise<void>
}

export async function taskBench(file: string): Promise<TaskBench> {
  let work: () => Promise<unknown> = async () => {}
  let settle: { readonly resolve: (value: unknown) => void; readonly reject: (error: unknown) => void } | undefined
  const bench = task({
    id: 'bench',
    run: async () => {
      try {
        settle?.resolve(await work())
      } catch (error) {
        settle?.reject(error)
      }
    },
  })
  const engine = sqliteEngine({ file })
  const server = createRunServer({ engine, tasks: [bench] })
  await server.listen()
  return {
    engine,
    run: async <T>(wanted: () => Promise<T>, metadata?: JsonObject) => {
      work = wanted
      const result = new Promise<unknown>((resolve, reject) => (settle = { resolve, reject }))
      const { id } = await bench.trigger(null, metadata && { metadata })
      const value = await result
      // the run's own end is not measured, and does not disturb what comes next
      while (!(await engine.record.isSettled(id))) await new Promise((resolve) => setImmediate(resolve))
      return value as T
    },
    close: async () => {
      await server.close()
      await engine.close()
    },
  }
}
