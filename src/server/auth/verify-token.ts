// Reads public tokens. Only HS256 by a key that the token names is looked at: a token that says `none`, or brings a key of its own, is no token.
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose'
import { RunfeedError } from '../../protocol/errors.ts'
import type { Rights } from './rights.ts'
import type { Key, SecretKeys } from './secret-keys.ts'
import { type TokenClaims, tokenClaims } from './token-claims.ts'

/** Ms that the clock of who made a token may be ahead of ours. When it ends is taken at its word: who holds it asks for another. */
const CLOCK_TOLERANCE_MS = 5_000
const MAX_TOKEN_LENGTH = 16 * 1024

export const unauthorized = (message: string): RunfeedError => new RunfeedError('unauthorized', message)

/** @param now - ms since the epoch. @throws RunfeedError `unauthorized`, `token_expired` */
export async function verifyToken(token: string, keys: SecretKeys, now: number): Promise<Rights> {
  const key = keyOfToken(token, keys)
  let payload: unknown
  try {
    const verified = await compactVerify(token, key.secret, { algorithms: ['HS256'] })
    payload = JSON.parse(new TextDecoder().decode(verified.payload))
  } catch {
    throw unauthorized('the token is not one that this server or its secret key has made')
  }
  const { success, data } = tokenClaims.safeParse(payload)
  if (!success) throw unauthorized('the token lacks the claims of a public token (ns, sub, scopes, exp); make it with createPublicToken')
  return rightsOf(data, key, now)
}

function rightsOf({ ns, sub, scopes, trigger = {}, nbf, exp }: TokenClaims, key: Key, now: number): Rights {
  if (ns !== key.namespace) throw unauthorized('the token is of another namespace than its secret key; make it with the namespace of the key')
  if (nbf !== undefined && nbf * 1000 > now + CLOCK_TOLERANCE_MS) throw unauthorized('the token is not valid yet; look at the clock of who made it')
  if (exp * 1000 <= now) throw tokenExpired()
  return { namespace: ns, subject: sub, scopes: new Set(scopes), expiresAt: exp * 1000, trigger }
}

export const tokenExpired = (): RunfeedError => new RunfeedError('token_expired', 'the token has expired; ask for a new one')

function keyOfToken(token: string, keys: SecretKeys): Key {
  const refused = unauthorized('this is neither a secret key of this server nor a token that was made with one; send "authorization: Bearer <token>"')
  if (token.length > MAX_TOKEN_LENGTH) throw refused
  const key = peek(token, keys)?.key
  if (!key) throw refused
  return key
}

/** What a token says of itself, before anybody has verified it: never a reason to allow anything. */
export function peek(token: string, keys: SecretKeys): { readonly key: Key; readonly expiresAt: number | undefined } | undefined {
  try {
    const { kid } = decodeProtectedHeader(token)
    const key = kid === undefined ? undefined : keys.byId(kid)
    const { exp } = decodeJwt(token)
    return key && { key, expiresAt: typeof exp === 'number' ? exp * 1000 : undefined }
  } catch {
    return undefined
  }
}
