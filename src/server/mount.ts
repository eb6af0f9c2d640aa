// Routes as a Hono app: who asks is checked first, then query and body, and only then does the route run.
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono, type MiddlewareHandler } from 'hono'
import { RunfeedError } from '../protocol/errors.ts'
import type { AccessEnv } from './access.ts'
import { errorResponse } from './http-errors.ts'
import { check, readJson, readQuery } from './read-body.ts'
import { type Description, patternOf, regExpOf, type Route } from './route.ts'

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
        query: query && check(query, readQuery(context.req.url, query), 'query'),
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

const isStream = ({ answers }: Description): boolean => answers[200]?.type === 'text/event-stream'
/** HEAD of a stream would open it, and nobody would read it. */
const methodsOf = (one: Description): readonly string[] => (one.method === 'GET' && !isStream(one) ? ['GET', 'HEAD'] : [one.method])

/** @returns what answers a method that a path there does not take; `undefined` where one takes it, or the path is none. */
export function otherMethods(descriptions: readonly Description[]): (method: string, path: string) => Response | undefined {
  // every request is asked about
  const routes = descriptions.map((one) => ({ path: regExpOf(one.path), methods: methodsOf(one) }))
  return (method, asked) => {
    const allowed = new Set(routes.filter(({ path }) => path.test(asked)).flatMap(({ methods }) => methods))
    if (allowed.size === 0 || allowed.has(method)) return undefined
    const allow = [...allowed].join(', ')
    const response = errorResponse(new RunfeedError('method_not_allowed', `${asked} takes ${allow}, not ${method}`))
    response.headers.set('allow', allow)
    return response
  }
}
