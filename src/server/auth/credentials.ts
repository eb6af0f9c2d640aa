// Reads who asks from a request: the `authorization` header, and never the URL, which ends in logs and histories.
import { InvalidRequestError, toRunfeedError } from '../../protocol/errors.ts'
import type { Caller, Callers } from './callers.ts'
import type { Session } from './options.ts'
import type { Header } from './request-access.ts'
import type { Rights } from './rights.ts'
import { checkScopes } from './scopes.ts'
import { DEFAULT_NAMESPACE } from './secret-keys.ts'
import { checkSubject, checkTrigger } from './token-claims.ts'
import { tokenExpired, unauthorized } from './verify-token.ts'

const NAMES: ReadonlySet<string> = new Set([
  'token',
  'accesstoken',
  'publicaccesstoken',
  'publictoken',
  'secretkey',
  'authorization',
  'bearer',
  'jwt',
  'apikey',
])

/** @throws InvalidRequestError naming the parameter, not what it holds */
export function refuseInQuery(url: string): void {
  for (const name of new URL(url).searchParams.keys())
    if (NAMES.has(name.toLowerCase().replace(/[-_]/g, '')))
      throw new InvalidRequestError(`${name}: a token in a URL is kept by logs and histories; send it as "authorization: Bearer <token>"`, {
        field: name.slice(0, 64),
      })
}

/** @returns who asks with a secret key. */
export function keyHolder(request: Request, callers: Callers): Caller | undefined {
  const credential = credentialOf(request.headers.get('authorization') ?? '')
  return credential === undefined ? undefined : callers.ofKey(credential)
}

const credentialOf = (header: string): string | undefined => /^Bearer +(\S+) *$/i.exec(header)?.[1]

/** Of a request without a secret key. @returns the caller, or why there is none. */
export async function readHeader(
  request: Request,
  callers: Callers,
  authorize: ((request: Request) => Promise<Rights | undefined>) | undefined,
): Promise<Header> {
  const header = request.headers.get('authorization')
  try {
    if (header === null) {
      const rights = await authorize?.(request)
      if (rights) return { caller: callers.withRights(rights) }
      return { refused: unauthorized('send "authorization: Bearer <a secret key or a public token>"'), isAbsent: true }
    }
    const credential = credentialOf(header)
    if (credential === undefined) throw unauthorized('the authorization header is no "Bearer <a secret key or a public token>"')
    return { caller: await callers.withToken(credential) }
  } catch (thrown) {
    const refused = toRunfeedError(thrown)
    if (refused.type !== 'unauthorized' && refused.type !== 'token_expired') throw thrown
    return { refused, isAbsent: false }
  }
}

/** @throws InvalidRequestError, InvalidValueError for what the host got wrong; RunfeedError `token_expired` */
export function rightsOfSession({ scopes, subject, namespace = DEFAULT_NAMESPACE, trigger, expiresAt }: Session, now: number): Rights {
  if (expiresAt !== undefined && expiresAt <= now) throw tokenExpired()
  return {
    namespace,
    scopes: new Set(checkScopes(scopes)),
    // a user of the host's is not whoever a token names
    subject: checkSubject(`session:${checkSubject(subject)}`),
    expiresAt,
    trigger: trigger === undefined ? {} : checkTrigger(trigger),
  }
}
