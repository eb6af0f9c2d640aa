// The reference server: an engine, a worker for its tasks, and the feed and REST API over HTTP, in one process.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import type { FeedBounds } from '../feed/feed-hub.ts'
import type { RunEngine } from '../protocol/engine.ts'
import { RunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import type { RunfeedConfig } from '../task/hooks.ts'
import type { AnyTask } from '../task/task-definition.ts'
import { startWorker } from '../worker/worker.ts'
import { type AccessEnv, fullAccess } from './access.ts'
import { createApi } from './api.ts'
import { closeConnections } from './close-connections.ts'
import { errorResponse, notFound } from './http-errors.ts'
import { checkLoopback, checkWrite, isLoopback } from './loopback.ts'

export interface RunServerOptions {
  /** Where runs are kept. The server closes it when it closes. */
  readonly engine: RunEngine
  /** What this process runs. @defaultValue none: the server serves what is in the engine */
  readonly tasks?: readonly AnyTask[]
  /** Runs that execute at once; those that wait for children do not count. @defaultValue 10 */
  readonly concurrency?: number
  /** Hooks for every task: `defineConfig({ ... })`. @defaultValue none */
  readonly config?: RunfeedConfig
  /** Answers what is outside `/v1`: a page, an upload. It is asked after the same checks as the API. @defaultValue 404 */
  readonly fallback?: (request: Request) => Response | Promise<Response>
  /** ms between two pings of a feed. @defaultValue 15000 */
  readonly heartbeat?: number
  /** What connections may cost. @defaultValue see each */
  readonly feed?: FeedBounds
  /** What a worker could not tell anybody else. @defaultValue console.error */
  readonly onError?: (error: RunfeedError, run: Run) => void
}

export interface ListenOptions {
  /** @defaultValue 0: a free one */
  readonly port?: number
  /** A loopback address: without keys no other is served. @defaultValue '127.0.0.1' */
  readonly host?: string
}

export interface RunServer {
  /** For hosts that speak Fetch (Bun, Deno, Next, Hono). */
  fetch(request: Request): Promise<Response>
  /** For `node:http` and Express. */
  handler(request: IncomingMessage, response: ServerResponse): void
  /** @throws RunfeedError `not_loopback`; the error of `node:http` (EADDRINUSE) when the port is taken. */
  listen(options?: ListenOptions): Promise<{ readonly url: string; readonly port: number }>
  /** Tells readers to come back, stops the worker (runs that execute get 1 s), closes the engine. */
  close(): Promise<void>
}

/** When a drained reader comes back: the server may be up again by then. */
const RECONNECT_AFTER_MS = 500

/** @throws RunfeedError `duplicate_task`, `not_a_task` */
export function createRunServer({ engine, tasks = [], fallback, ...options }: RunServerOptions): RunServer {
  const api = createApi({ engine, tasks, ...options })
  const { backend } = api
  const worker = tasks.length > 0 ? startWorker({ backend, tasks, ...options }) : undefined

  const app = new Hono<AccessEnv>()
  // who went away in the middle of a request is nobody's failure, and reads no answer
  app.onError((thrown, { req }) => (req.raw.signal.aborted ? new Response(null, { status: 400 }) : errorResponse(thrown)))
  app.route('/', api.open)
  const everything = fullAccess(backend)
  app.use(async (context, next) => {
    const { req, env } = context
    if (isClosed) return errorResponse(new RunfeedError('unavailable', 'this server is closing; try again in a moment'))
    checkLoopback(req.raw, env?.incoming?.socket?.remoteAddress)
    checkWrite(req.raw)
    context.set('access', everything)
    await next()
  })
  app.route('/', api.routes)
  app.all('*', async ({ req }) => (fallback ? await fallback(req.raw) : errorResponse(notFound(req.path))))

  const listener = getRequestListener((request, env) => app.fetch(request, env))
  const servers = new Set<Server>()
  let isClosed = false

  return {
    fetch: async (request) => await app.fetch(request),
    handler: (request, response) => void listener(request, response),
    async listen({ port = 0, host = '127.0.0.1' } = {}) {
      if (!isLoopback(host)) throw new RunfeedError('not_loopback', `this server has no keys and listens on loopback only, not on ${host}; use 127.0.0.1`)
      const server = createServer((request, response) => void listener(request, response))
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, () => {
          server.off('error', reject)
          resolve()
        })
      })
      servers.add(server)
      const { port: actual } = server.address() as AddressInfo
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`, port: actual }
    },
    async close() {
      isClosed = true
      const closed = [...servers].map((server) => new Promise<void>((resolve) => server.close(() => resolve())))
      api.drain(RECONNECT_AFTER_MS)
      await worker?.stop()
      await closeConnections(servers, Promise.all(closed))
      await engine.close()
    },
  }
}
