// Who a server answers, as its owner says it.
import type { BoundTrigger } from './rights.ts'
import type { Scope } from './scopes.ts'
import type { SecretKey } from './secret-keys.ts'

/** What the host's own login allows a request. */
export interface Session {
  /** As those of a public token. */
  readonly scopes: readonly Scope[]
  /** Who it is: idempotency keys and open feeds are counted by it. */
  readonly subject: string
  /** @defaultValue 'default' */
  readonly namespace?: string
  /** What runs that it triggers are given; it chooses the payload alone. @defaultValue nothing */
  readonly trigger?: BoundTrigger
  /** When open feeds end, ms since the epoch. @defaultValue never */
  readonly expiresAt?: number
}

export interface AuthOptions {
  /**
   * Secret keys, each 32 to 256 visible ASCII characters: who sends one may do everything in its namespace, and tokens are made with it. New
   * tokens are made with the first of a namespace, all are accepted: put the new one first, and take the old one away when its tokens are over.
   */
  readonly secretKeys: readonly (string | SecretKey)[]
  /** Asked for a request without an `authorization` header: reads the host's own session. `null`: nobody. @defaultValue nobody */
  readonly authorize?: (request: Request) => Session | null | Promise<Session | null>
}
