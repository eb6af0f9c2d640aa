// All that is served over an engine: the routes, in the order in which they are asked, and what they share.
import { Hono } from 'hono'
import { FeedHub, type FeedBounds } from '../feed/feed-hub.ts'
import type { RunEngine } from '../protocol/engine.ts'
import type { AnyTask } from '../task/task-definition.ts'
import { withTaskSettings } from '../task/with-task-settings.ts'
import type { AccessEnv } from './access.ts'
import { chunkRoutes } from './chunk-routes.ts'
import { commitRoutes } from './commit-routes.ts'
import { feedRoutes } from './feed-routes.ts'
import { historyRoutes } from './history-routes.ts'
import { KnownTasks } from './known-tasks.ts'
import { mount, noRoute } from './mount.ts'
import { queueRoutes } from './queue-routes.ts'
import { runRoutes } from './run-routes.ts'
import { WakeHub } from './wake-hub.ts'
import { wakeRoutes } from './wake-routes.ts'

export interface ApiOptions {
  readonly engine: RunEngine
  /** What this process runs. */
  readonly tasks: readonly AnyTask[]
  /** ms between two pings. @defaultValue 15000 */
  readonly heartbeat?: number
  readonly feed?: FeedBounds
}

export interface Api {
  /** The engine, as the worker and the callers of this server use it. */
  readonly backend: RunEngine
  /** Answers before anybody is asked who they are: mounted before the gate. */
  readonly open: Hono
  /** Who asks is in `context.var.access` before any of it is reached. */
  readonly routes: Hono<AccessEnv>
  /** Tells all who hold a connection to come back, and ends it. @param reconnectAfter - ms. */
  drain(reconnectAfter: number): void
}

export function createApi({ engine, tasks, feed, ...options }: ApiOptions): Api {
  const hub = new FeedHub(engine, { ...options, ...feed })
  const wakes = new WakeHub(hub.heartbeat)
  // what a task says about its runs holds for those that are triggered over HTTP too
  const backend = withTaskSettings(engine, tasks)
  const known = new KnownTasks(tasks.map(({ id }) => id))
  const all = [...runRoutes(known), ...historyRoutes(), ...commitRoutes(), ...chunkRoutes(), ...queueRoutes(known), ...wakeRoutes(wakes)]
  const descriptions = all.map(({ description }) => description)
  const routes = new Hono<AccessEnv>()
    .route('/v1', feedRoutes(hub))
    .route('/', mount(all))
    .all('/v1/*', ({ req }) => noRoute(descriptions, req.method, req.path))
  return {
    backend,
    open: new Hono().get('/healthz', ({ text }) => text('ok\n', 200, { 'cache-control': 'no-store' })),
    routes,
    drain: (reconnectAfter) => {
      hub.drain(reconnectAfter)
      wakes.drain(reconnectAfter)
    },
  }
}
