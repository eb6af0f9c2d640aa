// Everything under /v1: the routes, in the order in which they are asked, and what answers where there is none.
import { Hono } from 'hono'
import type { FeedHub } from '../feed/feed-hub.ts'
import type { AccessEnv } from './access.ts'
import { feedRoutes } from './feed-routes.ts'
import { historyRoutes } from './history-routes.ts'
import { errorResponse, notFound } from './http-errors.ts'
import { runRoutes } from './run-routes.ts'

export interface ApiOptions {
  readonly hub: FeedHub
  /** The ids of the tasks that this process runs. */
  readonly tasks: ReadonlySet<string>
}

/** Who asks is in `context.var.access` before any of it is reached. */
export function apiRoutes({ hub, tasks }: ApiOptions): Hono<AccessEnv> {
  return new Hono<AccessEnv>()
    .route('/v1', feedRoutes(hub))
    .route('/v1', runRoutes(tasks))
    .route('/v1', historyRoutes())
    .all('/v1/*', ({ req }) => errorResponse(notFound(`${req.method} ${req.path}`)))
}
