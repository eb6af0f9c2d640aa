// The reference server: an engine, a worker for its tasks, and the feed and REST API over HTTP, in one process.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
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
import type { AccessEnv } from './access.ts'
import { createApi } from './api.ts'
import type { CapOptions } from './auth/caps.ts'
import { Cors, type CorsOptions } from './auth/cors.ts'
import { gateOf } from './auth/gate.ts'
import { byNamespace } from './auth/in-namespace.ts'
import type { AuthOptions } from './auth/options.ts'
import { closeConnections } from './close-connections.ts'
import { errorResponse, notFound, refusalOf } from './http-errors.ts'
import { httpServer } from './http-server.ts'
import { isLoopback } from './loopback.ts'

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
  /** Who is answered. Without it the server has no keys, and answers this machine alone. @defaultValue no keys */
  readonly auth?: AuthOptions
  /** Pages of other origins that may ask. @defaultValue none */
  readonly cors?: CorsOptions
  /** What one caller without a secret key may hold at once. Without keys nothing is counted. @defaultValue see each */
  readonly limits?: CapOptions
  /** How many proxies of yours stand before the server, `true` for one: an address is then read from `X-Forwarded-For`. @defaultValue none: it is not believed */
  readonly trustProxy?: boolean | number
  /** ms within which a request must have come, its body included; then it is answered 408. For `listen` alone. @defaultValue 120000 */
  readonly requestTimeout?: number
  /** The clock by which tokens and feeds end, ms since the epoch. @defaultValue Date.now */
  readonly now?: () => number
  /** What a worker could not tell anybody else. @defaultValue console.error */
  readonly onError?: (error: RunfeedError, run: Run) => void
}

export interface ListenOptions {
  /** @defaultValue 0: a free one */
  readonly port?: number
  /** Without keys a loopback address: no other is served. @defaultValue '127.0.0.1' */
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

/** @throws RunfeedError `duplicate_task`, `not_a_task`, `invalid_secret_key`; InvalidRequestError naming the option */
export function createRunServer({ engine, tasks = [], fallback, auth, limits, trustProxy, requestTimeout, ...options }: RunServerOptions): RunServer {
  const cors = new Cors(options.cors)
  const api = createApi({ engine, tasks, ...options })
  const { backend } = api
  const engineOf = byNamespace(backend)
  const gate = gateOf(backend, engineOf, { auth, cors, limits, trustProxy, otherMethod: api.otherMethod, now: options.now ?? Date.now })
  // the worker takes runs of any namespace, and each of them reaches its own alone, as it would elsewhere with a key of it
  const worker = tasks.length > 0 ? startWorker({ backend, backendOf: ({ namespace }) => engineOf(namespace), tasks, ...options }) : undefined

  const app = new Hono<AccessEnv>()
  // who went away in the middle of a request is nobody's failure, and reads no answer
  app.onError((thrown, { req }) => (req.raw.signal.aborted ? new Response(null, { status: 400 }) : errorResponse(thrown)))
  app.route('/', api.open)
  app.use(async (_, next) => {
    if (isClosed) return errorResponse(new RunfeedError('unavailable', 'this server is closing; try again in a moment'))
    return await next()
  })
  app.use(gate)
  app.route('/', api.routes)
  app.all('*', async ({ req }) => (fallback ? await fallback(req.raw) : errorResponse(notFound(req.path))))

  // a probe of a load balancer speaks HTTP/1.0 and names no host: the name stands for none, and is no loopback one
  const answer = getRequestListener((request, env) => app.fetch(request, env), { hostname: 'no-host.invalid', errorHandler: refusalOf })
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    cors.writeTo(request, response)
    void answer(request, response)
  }
  const servers = new Set<Server>()
  let isClosed = false

  return {
    fetch: async (request) => cors.addTo(request, await app.fetch(request)),
    handler: listener,
    async listen({ port = 0, host = '127.0.0.1' } = {}) {
      if (!auth && !isLoopback(host))
        throw new RunfeedError(
          'not_loopback',
          `this server has no keys and listens on loopback only, not on ${host}; use 127.0.0.1, or give it auth: { secretKeys }`,
        )
      const server = httpServer(listener, requestTimeout)
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
