// A server in a process of its own, for what is seen of a process alone: its memory and its end. Its options come as one line of JSON.
import { writeSync } from 'node:fs'
import { createRunServer, memoryEngine, sqliteEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'

interface ChildOptions {
  /** A data file. @defaultValue memory */
  readonly file?: string
  readonly port?: number
  readonly heartbeat?: number
}

const { file, port = 0, heartbeat = 15_000 } = JSON.parse(process.argv[2] ?? '{}') as ChildOptions

/** Executes until its server closes. */
const held = task({ id: 'held', run: async (_: unknown, { signal }) => await new Promise((resolve) => signal.addEventListener('abort', resolve)) })
/** Streams so many MB in chunks of 100 kB, as fast as they are taken. */
const flood = task({
  id: 'flood',
  run: async (megabytes: number) =>
    void (await metadata.stream(
      'out',
      (async function* () {
        for (let i = 0; i < megabytes * 10; i++) yield 'x'.repeat(100_000)
      })(),
    )),
})

const server = createRunServer({
  engine: file === undefined ? memoryEngine() : sqliteEngine({ file }),
  tasks: [held, flood],
  heartbeat,
})
const { url } = await server.listen({ port })
// who started it has gone
process.once('disconnect', () => process.exit(0))
process.once('SIGTERM', () => void server.close().then(() => process.exit(0)))
writeSync(1, `${JSON.stringify({ url })}\n`)
