// All that is served over an engine: the routes, in the order in which they are asked, and what they share.
import { Hono } from 'hono'
import { FeedHub, type FeedBounds } from '../feed/feed-hub.ts'
import type { RunEngine } from '../protocol/engine.ts'
import { countOf, positiveMsOf } from '../task/duration.ts'
import type { AnyTask } from '../task/task-definition.ts'
import { withTaskSettings } from '../task/with-task-settings.ts'
import type { AccessEnv } from './access.ts'
import { tokenRoutes } from './auth/token-routes.ts'
import { withAskedSettings } from './asked-settings.ts'
import { chunkRoutes } from './chunk-routes.ts'
import { commitRoutes } from './commit-routes.ts'
import { counted } from './counted.ts'
import { feedRoutes } from './feed-routes.ts'
import { historyRoutes } from './history-routes.ts'
import { errorResponse, notFound } from './http-errors.ts'
import { KnownTasks } from './known-tasks.ts'
import { Metrics } from './metrics.ts'
import { mount, noStore, otherMethods } from './mount.ts'
import { queueRoutes } from './queue-routes.ts'
import type { Description, Route } from './route.ts'
import { runRoutes } from './run-routes.ts'
import { systemRoutes } from './system-routes.ts'
import { WakeHub } from './wake-hub.ts'
import { wakeRoutes } from './wake-routes.ts'

export interface ApiOptions {
  readonly engine: RunEngine
  /** What this process runs. */
  readonly tasks: readonly AnyTask[]
  /** ms between two pings. @defaultValue 15000 */
  readonly heartbeat?: number
  readonly feed?: FeedBounds
  /** The clock, ms since the epoch. @defaultValue Date.now */
  readonly now?: () => number
}

export interface Api {
  /** The engine, as the worker and the callers of this server use it. */
  readonly backend: RunEngine
  /** Answers before anybody is asked who they are: mounted before the gate. */
  readonly open: Hono<AccessEnv>
  /** What answers a method that a path there is does not take. */
  readonly otherMethod: (method: string, path: string) => Response | undefined
  /** Who asks is in `context.var.access` before any of it is reached. */
  readonly routes: Hono<AccessEnv>
  /** Tells all who hold a connection to come back, and ends it. @param reconnectAfter - ms. */
  drain(reconnectAfter: number): void
}

/** @throws InvalidRequestError naming the option */
function boundsOf({ maxAge, writeDeadline, maxConnections, maxSubscriptions }: FeedBounds): FeedBounds {
  return {
    ...(maxAge !== undefined && { maxAge: positiveMsOf('feed.maxAge', maxAge) }),
    ...(writeDeadline !== undefined && { writeDeadline: positiveMsOf('feed.writeDeadline', writeDeadline) }),
    ...(maxConnections !== undefined && { maxConnections: countOf('feed.maxConnections', maxConnections) }),
    ...(maxSubscriptions !== undefined && { maxSubscriptions: countOf('feed.maxSubscriptions', maxSubscriptions) }),
  }
}

/** @throws InvalidRequestError naming the option; RunfeedError `not_a_task` */
export function createApi({ engine, tasks, feed = {}, ...given }: ApiOptions): Api {
  const options = given.heartbeat === undefined ? given : { ...given, heartbeat: positiveMsOf('heartbeat', given.heartbeat) }
  const metrics: Metrics = new Metrics(engine, { feeds: () => hub.size, wants: () => hub.subscriptions, wakes: () => wakes.size })
  const hub = new FeedHub(engine, { ...options, ...boundsOf(feed), onLag: (ms) => metrics.lag(ms) })
  const wakes = new WakeHub(hub.heartbeat)
  // what a task says about its runs holds for those that are triggered over HTTP too
  const backend = withTaskSettings(withAskedSettings(counted(engine, metrics)), tasks)
  let isClosing = false
  const known = new KnownTasks(tasks.map(({ id }) => id))
  const routes: readonly Route[] = [
    ...feedRoutes(hub),
    ...runRoutes(known),
    ...historyRoutes(),
    ...commitRoutes(),
    ...chunkRoutes(),
    ...queueRoutes(known),
    ...wakeRoutes(wakes),
    ...tokenRoutes(),
    ...systemRoutes({ engine, metrics, isClosing: () => isClosing, descriptions: () => descriptions }),
  ]
  const descriptions: readonly Description[] = routes.map(({ description }) => description)
  const isOpen = ({ description }: Route): boolean => description.who === 'everybody'
  const open = new Hono<AccessEnv>()
    .use(async (context, next) => {
      await next()
      metrics.answer(context.res.status)
    })
    // not for `*`: what the fallback answers is its own
    .on(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], ['/v1/*', '/healthz', '/readyz', '/metrics'], noStore)
    .route('/', mount(routes.filter(isOpen)))
  const gated = new Hono<AccessEnv>().route('/', mount(routes.filter((one) => !isOpen(one)))).all('/v1/*', ({ req }) => errorResponse(notFound(req.path)))
  return {
    backend,
    open,
    otherMethod: otherMethods(descriptions),
    routes: gated,
    drain: (reconnectAfter) => {
      isClosing = true
      hub.drain(reconnectAfter)
      wakes.drain(reconnectAfter)
    },
  }
}
