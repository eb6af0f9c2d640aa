// Task and server from the package alone, in plain Node. Prints the address, then the names of everything that it could import.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRunServer, sqliteEngine } from 'runfeed/server'
import { metadata, task } from 'runfeed/task'

const work = task({
  id: 'work',
  run: async ({ rows }) => {
    metadata.set('total', rows)
    for await (const word of await metadata.stream('text', words())) metadata.append('heard', word)
    for (let i = 0; i < rows; i++) metadata.increment('done')
    return rows
  },
})
async function* words() {
  yield 'packed, '
  yield 'unpacked'
}

const types = { html: 'text/html', js: 'text/javascript', css: 'text/css' }
const server = createRunServer({
  engine: sqliteEngine({ file: 'runs.db' }),
  tasks: [work],
  fallback: async (request) => {
    const { pathname } = new URL(request.url)
    const name = pathname === '/' ? 'index.html' : pathname.slice(1)
    return new Response(await readFile(join('dist', name)), { headers: { 'content-type': types[name.split('.').at(-1)] ?? 'text/plain' } })
  },
})
const { url } = await server.listen()
console.log(JSON.stringify({ url }))
process.once('SIGTERM', () => void server.close())
