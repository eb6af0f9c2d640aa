// Who a credential belongs to, and what that caller may do.
import type { RunEngine } from '../../protocol/engine.ts'
import { RunfeedError } from '../../protocol/errors.ts'
import type { RunHandle } from '../../protocol/rest.ts'
import type { Run } from '../../protocol/run.ts'
import type { Access } from '../access.ts'
import { type PublicTokenContents, type SignedToken, signToken } from './create-public-token.ts'
import { keyAccess } from './key-access.ts'
import type { Rights } from './rights.ts'
import type { SecretKeys } from './secret-keys.ts'
import { tokenAccess } from './token-access.ts'
import { peek, verifyToken } from './verify-token.ts'

export interface Caller {
  readonly access: Access
  readonly namespace: string
  /** Of a public token, or of the host's own answer. `undefined`: a secret key. */
  readonly rights: Rights | undefined
}

export class Callers {
  readonly #keys: SecretKeys
  readonly #engineOf: (namespace: string) => RunEngine
  readonly #now: () => number

  constructor(keys: SecretKeys, engineOf: (namespace: string) => RunEngine, now: () => number) {
    this.#keys = keys
    this.#engineOf = engineOf
    this.#now = now
  }

  /** @returns who has this secret key; `undefined` when it is none. */
  ofKey(secret: string): Caller | undefined {
    const namespace = this.#keys.find(secret)?.namespace
    if (namespace === undefined) return undefined
    const access = keyAccess(this.#engineOf(namespace), namespace, {
      handleOf: async ({ id }) => await this.#handleOf(id, namespace, undefined),
      sign: async (contents) => await this.#sign(namespace, contents),
    })
    return { access, namespace, rights: undefined }
  }

  /** @throws RunfeedError `unauthorized`, `token_expired` */
  async withToken(token: string): Promise<Caller> {
    return this.withRights(await verifyToken(token, this.#keys, this.#now()))
  }

  withRights(rights: Rights): Caller {
    const { namespace } = rights
    const access = tokenAccess(this.#engineOf(namespace), rights, async ({ id }: Run, subject) => await this.#handleOf(id, namespace, subject))
    return { access, namespace, rights }
  }

  /** What a token says of itself before it is verified. */
  peek(token: string): { readonly namespace: string; readonly expiresAt: number | undefined } | undefined {
    const said = peek(token, this.#keys)
    return said && { namespace: said.key.namespace, expiresAt: said.expiresAt }
  }

  /** @throws InvalidRequestError, InvalidValueError naming the option */
  async #sign(namespace: string, contents: PublicTokenContents): Promise<SignedToken> {
    const key = this.#keys.newest(namespace)
    if (!key) throw new RunfeedError('forbidden', `no secret key of this server is of the namespace "${namespace}"`)
    return await signToken(key, contents, this.#now())
  }

  async #handleOf(id: string, namespace: string, subject: string | undefined): Promise<RunHandle> {
    // the run is made: the host's own login may be for a namespace that has no key, and reads without a token
    if (!this.#keys.newest(namespace)) return { id }
    const { token } = await this.#sign(namespace, { scopes: [`read:runs:${id}`], ...(subject !== undefined && { subject }) })
    return { id, publicAccessToken: token }
  }
}
