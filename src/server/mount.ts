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
      // who is nobody has no engine: that is said before a body is read
      else if (who === 'readers') void access.engine
      return await answer({
        access,
        context,
        param: (name) => context.req.param(name) ?? '',
        query: query && check(query, readQuery(context.req.url, query)),
        body: body && (await readJson(context.req.raw, body.schema, body.limit, context.env?.incoming?.readableDidRead === false)),
      })
    })
  }
  return app
}

/** Nothing of it is for a cache, but for what says so itself. */
export const noStore: MiddlewareHandler<AccessEnv> = async (context, next) => {
  await next()
  const { res } = context
  // one object stands for all answers that are written by hand: it is not to be changed
  if (res !== RESPONSE_ALREADY_SENT && !res.headers.has('cache-control')) context.header('cache-control', 'no-store')
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
    const stream = req.raw.method === 'HEAD' && descriptions.some((one) => one.method === 'GET' && isStream(one) && isPathOf(one.path, req.path))
    return stream ? wrongMethod('HEAD', req.path, ['GET']) : await next()
  }
