// The secret keys of a server: several, so that one is replaced while the other is still in use, and each of one namespace.
// Comparing takes the same time for every guess, right or wrong, and for whichever key it is.
import { createHash, timingSafeEqual } from 'node:crypto'
import { RunfeedError } from '../../protocol/errors.ts'
import { NAME_PATTERN } from '../../protocol/limits.ts'

export interface SecretKey {
  /** 32 to 256 visible ASCII characters. */
  readonly secret: string
  /** The runs that its holder, and every token that is made with it, can reach. @defaultValue 'default' */
  readonly namespace?: string
}

/** A secret key as the server holds it. */
export interface Key {
  /** Names it in tokens (`kid`), and does not tell the secret. */
  readonly id: string
  readonly namespace: string
  readonly secret: Uint8Array
  readonly digest: Uint8Array
}

export const DEFAULT_NAMESPACE = 'default'
/** HS256 asks for a key as long as its hash (RFC 7518, 3.2). */
const SECRET_PATTERN = /^[\x21-\x7e]{32,256}$/
const HOW = `make one with: node -p "'sk_' + require('node:crypto').randomBytes(32).toString('base64url')"`

const refused = (why: string): RunfeedError => new RunfeedError('invalid_secret_key', why)
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest()

/** @throws RunfeedError `invalid_secret_key`, which does not show it */
export function keyOf(given: string | SecretKey): Key {
  const { secret, namespace = DEFAULT_NAMESPACE } = typeof given === 'object' && given !== null ? given : { secret: given }
  if (typeof secret !== 'string' || !SECRET_PATTERN.test(secret))
    throw refused(`a secret key is 32 to 256 visible ASCII characters${typeof secret === 'string' ? '' : `, not ${typeof secret}`}; ${HOW}`)
  if (typeof namespace !== 'string' || !NAME_PATTERN.test(namespace))
    throw refused(`the namespace ${JSON.stringify(namespace)} of a secret key is refused: use 1 to 128 letters, digits and _ . : / -`)
  return {
    id: sha256(`runfeed key id ${secret}`).toString('base64url').slice(0, 16),
    namespace,
    secret: new TextEncoder().encode(secret),
    digest: sha256(secret),
  }
}

export class SecretKeys {
  readonly #keys: readonly Key[]

  /** @throws RunfeedError `invalid_secret_key` */
  constructor(given: readonly (string | SecretKey)[]) {
    // a variable of the environment that is not set must not open a server to everybody
    if (!Array.isArray(given) || given.length === 0) throw refused(`secretKeys is a list of one or more; ${HOW}`)
    this.#keys = given.map((one) => keyOf(one as string | SecretKey))
    if (new Set(this.#keys.map(({ id }) => id)).size < this.#keys.length) throw refused('the same secret key is given twice: a key is of one namespace')
  }

  /** The key whose secret this is. */
  find(secret: string): Key | undefined {
    const digest = sha256(secret)
    // all are compared, whichever it is
    return this.#keys.filter((key) => timingSafeEqual(key.digest, digest))[0]
  }

  byId(id: string): Key | undefined {
    return this.#keys.find((key) => key.id === id)
  }

  /** What new tokens of a namespace are made with: the first that was given, so that those after it can be taken away. */
  newest(namespace: string): Key | undefined {
    return this.#keys.find((key) => key.namespace === namespace)
  }
}
