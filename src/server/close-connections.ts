// The end of a port: each connection is closed once its answer is out, so that the last frames of a feed and a `bye` still arrive.
import type { Server } from 'node:http'

/** Who has not read the end by then is cut. */
const LAST_WORDS_MS = 500
const LOOK_EVERY_MS = 10

/** @param closed - settles when all of the servers have closed; they no longer listen. */
export async function closeConnections(servers: Iterable<Server>, closed: Promise<unknown>): Promise<void> {
  const all = [...servers]
  const idle = setInterval(() => {
    for (const server of all) server.closeIdleConnections()
  }, LOOK_EVERY_MS)
  const last = setTimeout(() => {
    for (const server of all) server.closeAllConnections()
  }, LAST_WORDS_MS)
  await closed
  clearInterval(idle)
  clearTimeout(last)
}
