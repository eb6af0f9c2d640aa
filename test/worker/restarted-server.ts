// A server on a data file, which executes nothing: says where it listens. Started by connect-worker.test.ts with the file and a port.
import { createRunServer, sqliteEngine } from 'runfeed/server'

const [file, port] = process.argv.slice(2)
const server = createRunServer({ engine: sqliteEngine({ file: file as string }), heartbeat: 150 })
process.once('SIGTERM', () => void server.close())
console.log(JSON.stringify(await server.listen({ port: Number(port) })))
