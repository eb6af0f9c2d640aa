// One route: what it takes and what it answers, said once. What is checked, what the OpenAPI document says and what runs all read this.
import type { Context } from 'hono'
import type { z } from 'zod'
import type { Access, AccessEnv } from './access.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH'

export interface Answer {
  readonly description: string
  /** Of a JSON body; without it there is none. */
  readonly schema?: z.ZodType
  /** Another content type than JSON. */
  readonly type?: string
  /** Headers, and what they mean. */
  readonly headers?: { readonly [name: string]: string }
}

export interface Description<Q = unknown, B = unknown> {
  /** Unique in the document: what a generated client calls it. */
  readonly name: string
  readonly method: Method
  /** As OpenAPI writes it: `/v1/runs/{id}`. `{key}` and `{task}` may hold slashes. */
  readonly path: string
  readonly summary: string
  /**
   * Whose it is: `writers` hold the secret key, `readers` may hold a token; checked before anything is read. `subscribers` may bring a token with
   * each of their wants: the feed asks.
   */
  readonly who: 'everybody' | 'subscribers' | 'readers' | 'writers'
  readonly query?: z.ZodType<Q>
  readonly body?: { readonly schema: z.ZodType<B> /** Bytes. */; readonly limit: number }
  /** Request headers that count, and what they mean. */
  readonly headers?: { readonly [name: string]: string }
  readonly answers: { readonly [status: number]: Answer }
  /** Types of the errors that are this route's own. */
  readonly errors?: readonly string[]
  /** Its status is decided before the engine is asked anything. @defaultValue false */
  readonly isStatic?: boolean
}

export interface Call<Q, B> {
  readonly access: Access
  /** A part of the path, decoded. */
  readonly param: (name: string) => string
  readonly query: Q
  readonly body: B
  readonly context: Context<AccessEnv>
}

export interface Route {
  readonly description: Description
  readonly answer: (call: Call<unknown, unknown>) => Response | Promise<Response>
}

export const route = <Q, B>(description: Description<Q, B>, answer: (call: Call<Q, B>) => Response | Promise<Response>): Route => ({
  description: description as Description,
  answer: answer as Route['answer'],
})

/** Parts of a path that may hold slashes, raw ones too. */
const WIDE: ReadonlySet<string> = new Set(['key', 'task'])

/** The path as Hono writes it. */
export const patternOf = (path: string): string => path.replace(/\{(\w+)\}/g, (_, name: string) => `:${name}${WIDE.has(name) ? '{.+}' : ''}`)

/** Which paths that are asked for are this one. */
export const regExpOf = (path: string): RegExp =>
  new RegExp(`^${path.replace(/\./g, '\\.').replace(/\{(\w+)\}/g, (_, name: string) => (WIDE.has(name) ? '.+' : '[^/]+'))}$`)
