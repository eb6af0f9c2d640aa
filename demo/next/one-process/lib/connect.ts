// The run server in Next's own process. It is made on the first request and kept on `globalThis`, because Next loads a module more than once.
import { createRunClient, type RunClient } from 'runfeed'
import { createRunServer, type RunServer, sqliteEngine } from 'runfeed/server'
import { digest } from '../tasks/digest.ts'

/** Pages ask their own origin. */
export const RUNFEED_URL = ''

export function secretKey(): string {
  const key = process.env['RUNFEED_SECRET_KEY']
  if (!key) throw new Error('RUNFEED_SECRET_KEY is not set')
  return key
}

const kept = globalThis as { runServer?: RunServer }
export const runServer = (): RunServer =>
  (kept.runServer ??= createRunServer({ engine: sqliteEngine({ file: '.runfeed/runs.db' }), tasks: [digest], auth: { secretKeys: [secretKey()] } }))

/** A client of this server's own, without a network in between. Close it. */
export const connect = (): RunClient =>
  createRunClient({ baseUrl: 'http://localhost', accessToken: secretKey(), fetch: (url, init) => runServer().fetch(new Request(url, init)) })
