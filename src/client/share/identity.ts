// Who shares with whom: tabs of one server, one identity and the same rights. What a token says is read here, and checked by the server alone.
import { SHARE_VERSION } from './messages.ts'

/** What of a token is new each time that it is made. */
const FLEETING: ReadonlySet<string> = new Set(['exp', 'iat', 'nbf', 'jti'])

/**
 * @param identity - given by the application: whoever gives the same one may read the same.
 * @returns the name of the group; `undefined` where there is no telling who it is, and nothing may be shared.
 */
export function groupOf(baseUrl: string, identity: string | undefined, token: string | undefined): string | undefined {
  const name = (...of: readonly unknown[]): string => `runfeed ${SHARE_VERSION} ${JSON.stringify([baseUrl, ...of])}`
  if (identity !== undefined) return name('identity', identity)
  const claims = claimsOf(token)
  if (typeof claims?.sub !== 'string' || claims.sub === '') return undefined
  // tokens of one person may allow different things: a tab is not shown what its own does not allow
  const rights = Object.entries(claims).filter(([name]) => !FLEETING.has(name))
  return name(
    'token',
    rights.sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** The claims of a JWT (RFC 7519), whether or not they are true. */
function claimsOf(token: string | undefined): { readonly [name: string]: unknown } | undefined {
  const [, payload] = token?.split('.') ?? []
  if (payload === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (unit) => unit.charCodeAt(0))
    const claims = JSON.parse(new TextDecoder().decode(bytes)) as unknown
    return typeof claims === 'object' && claims !== null ? (claims as { readonly [name: string]: unknown }) : undefined
  } catch {
    return undefined
  }
}
