// Routes as a Hono app: who asks is checked first, then query and body, and only then does the route run.
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono, type MiddlewareHandler } from 'hono'
import { RunfeedError } from '../protocol/errors.ts'
import type { AccessEnv } from './access.ts'
import { errorResponse, notFound } from './http-errors.ts'
import { check, readJson, readQuery } from './read-body.ts'
import { type Description, isPathOf, patternOf, type Route } from './route.ts'

export function mount(routes: readonly Route[]): Hono<AccessEnv> {
  const app = new Hono<AccessEnv>()
  for (const { description, answer } of routes) {
    const { method, path, who, query, body } = description
    app.on(method, patternOf(path), async (context) => {
      const { access } = context.var
      if (who === 'writers') access.mayWrite()
      const response = await answer({
        access,
        context,
        param: (name) => context.req.param(name) ?? '',
        query: query && check(query, readQuery(context.req.url, query)),
        body: body && (await readJson(context.req.raw, body.schema, body.limit)),
      })
      // one object for all answers that are written by hand: it is not to be changed
      if (response !== RESPONSE_ALREADY_SENT && !response.headers.has('cache-control')) response.headers.set('cache-control', 'no-store')
      return response
    })
  }
  return app
}

const wrongMethod = (method: string, path: string, allowed: readonly string[]): Response => {
  const allow = [...new Set(allowed)].join(', ')
  const response = errorResponse(new RunfeedError('method_not_allowed', `${path} takes ${allow}, not ${method}`))
  response.headers.set('allow', allow)
  return response
}

const isStream = ({ answers }: Description): boolean => answers[200]?.type === 'text/event-stream'
const methodsOf = (one: Description): readonly string[] => (one.method === 'GET' && !isStream(one) ? ['GET', 'HEAD'] : [one.method])

/** What answers where no route does: another method of a path that there is, or nothing. */
export function noRoute(descriptions: readonly Description[], method: string, path: string): Response {
  const allowed = descriptions.filter((one) => isPathOf(one.path, path)).flatMap(methodsOf)
  return allowed.length > 0 ? wrongMethod(method, path, allowed) : errorResponse(notFound(path))
}

/** Hono answers HEAD by the route of GET: a stream would be opened, and nobody would read it. */
export const noHead =
  (descriptions: readonly Description[]): MiddlewareHandler<AccessEnv> =>
  async ({ req }, next) => {
    const stream = req.raw.method === 'HEAD' && descriptions.some((one) => one.method === 'GET' && isPathOf(one.path, req.path))
    return stream ? wrongMethod('HEAD', req.path, ['GET']) : await next()
  }
