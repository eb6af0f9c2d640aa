// What every request passes before any route: who asks, from where, and whether there is room. Two gates: one for servers with keys, one without.
import type { Context, MiddlewareHandler } from 'hono'
import type { RunEngine } from '../../protocol/engine.ts'
import { InvalidRequestError } from '../../protocol/errors.ts'
import { type AccessEnv, fullAccess } from '../access.ts'
import { checkLoopback, checkWrite, isLoopback } from '../loopback.ts'
import { addressOf, proxiesOf } from './address.ts'
import { Callers } from './callers.ts'
import { type CapOptions, capsOf } from './caps.ts'
import type { Cors } from './cors.ts'
import { keyHolder, readHeader, refuseInQuery, rightsOfSession } from './credentials.ts'
import { Held } from './held.ts'
import { noAccess } from './key-access.ts'
import type { AuthOptions } from './options.ts'
import { requestAccess } from './request-access.ts'
import { SecretKeys } from './secret-keys.ts'

export interface GateOptions {
  readonly auth?: AuthOptions | undefined
  readonly cors: Cors
  readonly limits?: CapOptions | undefined
  readonly trustProxy?: boolean | number | undefined
  /** What answers a method that a path there is does not take: said before anybody is asked how the request was sent, or who sent it. */
  readonly otherMethod: (method: string, path: string) => Response | undefined
  /** Ms since the epoch. */
  readonly now: () => number
}

type Gate = MiddlewareHandler<AccessEnv>

const FEED = /^\/v1\/(?:feed$|runs\/[^/]+\/(?:events$|streams\/))/
const isApi = (path: string): boolean => path.startsWith('/v1/')
const peerOf = ({ env }: Context<AccessEnv>): string | undefined => env?.incoming?.socket?.remoteAddress

/**
 * @param engineOf - the engine with the runs of one namespace alone.
 * @throws RunfeedError `invalid_secret_key`; InvalidRequestError naming the option
 */
export const gateOf = (engine: RunEngine, engineOf: (namespace: string) => RunEngine, options: GateOptions): Gate =>
  options.auth ? keyedGate(engineOf, options.auth, options) : openGate(engine, options)

/** This machine alone is answered, and may do everything. */
function openGate(engine: RunEngine, { cors, otherMethod }: GateOptions): Gate {
  const [foreign] = [...cors.origins].filter((origin) => origin === '*' || !isLoopback(new URL(origin).hostname))
  if (foreign !== undefined)
    throw new InvalidRequestError(`cors.origins: a server without keys answers pages of this machine alone, not of ${foreign}; give it auth: { secretKeys }`, {
      field: 'cors',
    })
  const everything = fullAccess(engine)
  return async (context, next) => {
    const { req } = context
    checkLoopback(req.raw, peerOf(context), cors.origins)
    if (isApi(req.path)) {
      const preflight = cors.preflight(req.raw)
      if (preflight) return preflight
      refuseInQuery(req.url)
    }
    const refused = otherMethod(req.method, req.path)
    if (refused) return refused
    checkWrite(req.raw)
    context.set('access', everything)
    await next()
    return undefined
  }
}

function keyedGate(engineOf: (namespace: string) => RunEngine, auth: AuthOptions, { cors, limits = {}, trustProxy, otherMethod, now }: GateOptions): Gate {
  const callers = new Callers(new SecretKeys(auth.secretKeys), engineOf, now)
  const caps = capsOf(limits)
  const proxies = proxiesOf(trustProxy)
  const authorize =
    auth.authorize &&
    (async (request: Request) => {
      const session = await auth.authorize?.(request)
      if (!session) return undefined
      // a session comes with a cookie, which a browser sends for any page
      checkWrite(request)
      return rightsOfSession(session, now())
    })

  return async (context, next) => {
    const { req } = context
    const held = new Held()
    let answer: Response | undefined
    await held.until(context, async () => {
      const address = addressOf(req.raw.headers, peerOf(context), proxies)
      // before a place is taken: whoever has the key is let in, however many others come from the same address
      const holder = keyHolder(req.raw, callers)
      if (!holder && address !== undefined) held.add(caps.requests.take(address))
      if (isApi(req.path)) {
        answer = cors.preflight(req.raw)
        if (answer) return
        refuseInQuery(req.url)
      }
      answer = otherMethod(req.method, req.path)
      if (answer) return
      // the fallback's requests are the host's own
      const header = holder ? { caller: holder } : await readHeader(req.raw, callers, isApi(req.path) ? authorize : undefined)
      if (!holder && address !== undefined && FEED.test(req.path)) held.add(caps.feedsOfAddress.take(address))
      const hold = (subjects: ReadonlySet<string>, wants: number): void => {
        for (const subject of subjects) {
          held.add(caps.feedsOfToken.take(subject))
          held.add(caps.wantsOfToken.take(subject, wants))
        }
      }
      const base = 'caller' in header ? header.caller.access : noAccess(header.refused)
      context.set('access', requestAccess({ callers, base, header, hold }))
      await next()
    })
    return answer
  }
}
