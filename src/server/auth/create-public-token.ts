// Makes public tokens: signed text for a page, good for what its scopes name and for a short time. Made on a server, never in a page:
// whoever can make one has the secret key.
import { randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import { InvalidRequestError } from '../../protocol/errors.ts'
import { type Duration, positiveMsOf, refused } from '../../task/duration.ts'
import type { BoundTrigger } from './rights.ts'
import { checkScopes, type Scope } from './scopes.ts'
import { DEFAULT_NAMESPACE, type Key, keyOf } from './secret-keys.ts'
import { checkSubject, checkTrigger, type TokenClaims } from './token-claims.ts'

export interface PublicTokenContents {
  /** What it is good for; 1 to 200. */
  readonly scopes: readonly Scope[]
  /** How long, in ms or text such as '1h', 30 days at most. @defaultValue '15m' */
  readonly expiresIn?: Duration
  /** Who will hold it, 1 to 256 characters: a user's id. Idempotency keys count per subject. @defaultValue a new one for each token */
  readonly subject?: string
  /** With a scope `trigger:tasks:...`: what the new runs are given. The holder chooses the payload alone. @defaultValue nothing */
  readonly trigger?: BoundTrigger
}

export interface PublicTokenOptions extends PublicTokenContents {
  /** One of the server's. */
  readonly secretKey: string
  /** That of the secret key. @defaultValue 'default' */
  readonly namespace?: string
}

const DEFAULT_LIFE = '15m'
/** Nobody can take a token back, but by taking its secret key away from all. */
const LONGEST_LIFE_MS = 30 * 24 * 3_600_000

/** Characters. Node reads 16 kB of headers, and a page's cookies are among them. */
const MAX_MADE_LENGTH = 12 * 1024

/**
 * Makes a token for a page: `createRunClient({ accessToken })` takes it. It needs no server, only its secret key.
 * @throws RunfeedError `invalid_secret_key`; InvalidRequestError, InvalidValueError naming the option
 */
export async function createPublicToken({ secretKey, namespace = DEFAULT_NAMESPACE, ...contents }: PublicTokenOptions): Promise<string> {
  return (await signToken(keyOf({ secret: secretKey, namespace }), contents, Date.now())).token
}

export interface SignedToken {
  readonly token: string
  /** Ms since the epoch. */
  readonly expiresAt: number
}

/** @throws InvalidRequestError, InvalidValueError naming the option */
export async function signToken(key: Key, { scopes, expiresIn = DEFAULT_LIFE, subject, trigger }: PublicTokenContents, now: number): Promise<SignedToken> {
  const life = positiveMsOf('expiresIn', expiresIn)
  if (life > LONGEST_LIFE_MS)
    throw refused('expiresIn', expiresIn, "it is 30 days at most, '30d': nobody can take a token back; who needs it longer asks for another")
  const expiresAt = now + life
  const claims: TokenClaims & { readonly iat: number } = {
    ns: key.namespace,
    // without one of its own it shares nothing with any other token
    sub: subject === undefined ? `anonymous-${randomBytes(12).toString('base64url')}` : checkSubject(subject),
    scopes: checkScopes(scopes),
    ...(trigger !== undefined && { trigger: checkTrigger(trigger) }),
    iat: Math.floor(now / 1000),
    // a time of a JWT may have a fraction (RFC 7519, 2)
    exp: expiresAt / 1000,
  }
  const token = await new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256', kid: key.id, typ: 'JWT' }).sign(key.secret)
  if (token.length > MAX_MADE_LENGTH) throw tooLong(token.length, claims)
  return { token, expiresAt }
}

function tooLong(length: number, { scopes, trigger = {} }: TokenClaims): InvalidRequestError {
  const field = JSON.stringify(trigger).length > JSON.stringify(scopes).length ? 'trigger' : 'scopes'
  return new InvalidRequestError(
    `the token would be ${length} characters long, and ${MAX_MADE_LENGTH} are the most that a header takes; put less into ${field}`,
    {
      field,
    },
  )
}
