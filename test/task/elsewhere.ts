// A server in a process of its own, with a few tasks: says its address. Started by the tests of this folder.
import { createRunServer, memoryEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'

const secret = process.env['TEST_SECRET']
const server = createRunServer({
  engine: memoryEngine(),
  heartbeat: 150,
  tasks: [
    task({ id: 'double', retry: { maxAttempts: 3, minTimeout: 0 }, run: (n: number, { ctx }) => (ctx.run.attempt < 2 ? fail() : 2 * n) }),
    task({ id: 'say', run: (text: string) => void metadata.set('said', text) }),
    task({ id: 'wait', run: async (_: unknown, { signal }) => await new Promise((resolve) => signal.addEventListener('abort', resolve)) }),
  ],
  ...(secret && { auth: { secretKeys: [secret] } }),
})
console.log(JSON.stringify((await server.listen()).url))

function fail(): never {
  throw new Error('not yet')
}
