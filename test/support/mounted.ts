// A server's handler in an http server of one's own, which goes on when the server closes; gone when the test ends.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RunServer } from 'runfeed/server'
import { onTestFinished } from 'vitest'

/** @returns its address. */
export async function mounted(runs: RunServer): Promise<string> {
  const http = createServer((request, response) => runs.handler(request, response)).listen(0, '127.0.0.1')
  await once(http, 'listening')
  onTestFinished(async () => {
    await runs.close()
    http.closeAllConnections()
    http.close()
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}
