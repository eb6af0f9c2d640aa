// Who asks, and what it may do: made once per request, before any route.
import type { HttpBindings } from '@hono/node-server'
import type { FeedAccess } from '../feed/feed-access.ts'
import type { RunEngine } from '../protocol/engine.ts'
import { InvalidRequestError } from '../protocol/errors.ts'
import type { RunHandle, RunQuery, TriggerOptions } from '../protocol/rest.ts'
import type { NewRun, Run } from '../protocol/run.ts'
import type { Want } from '../protocol/want.ts'
import type { PublicTokenContents, SignedToken } from './auth/create-public-token.ts'

/** What every run that this caller triggers is given, whatever the request says. */
export type Grant = Partial<Omit<NewRun, 'task' | 'payload'>>

/** Every `may...` throws RunfeedError `forbidden`. What is in another namespace is not there at all. */
export interface Access extends FeedAccess {
  /** The engine with the caller's namespace alone in it. */
  readonly engine: RunEngine
  /** `undefined`: every one. */
  readonly namespace: string | undefined
  /** Everything, as a secret key allows: metadata, tags, queue, any option of a trigger. */
  mayWrite(): void
  mayRead(run: Run): Promise<void>
  mayReadHistory(run: Run): Promise<void>
  mayCancel(run: Run): Promise<void>
  /** Only if every run that the query could ever return may be read. */
  mayList(query: RunQuery): Promise<void>
  /** @returns what the trigger is bound to; `undefined`: the request's own options count. */
  mayTrigger(task: string, options?: TriggerOptions): Grant | undefined
  /** Before a feed is opened: whether it would have anything to tell. Each want is checked by the feed. @throws RunfeedError `unauthorized`, `token_expired` */
  mayOpen(wants: readonly Want[]): Promise<void>
  /** What a trigger from outside answers: the run, and a token that reads it where there are keys. */
  handleOf(run: Run): Promise<RunHandle>
  /** Makes a public token of the caller's namespace, for who may write. @throws InvalidRequestError, InvalidValueError naming the option */
  sign(contents: PublicTokenContents): Promise<SignedToken>
}

/** What the routes find in their context. */
export interface AccessEnv {
  Bindings: Partial<HttpBindings>
  Variables: { access: Access }
}

const allowed = async (): Promise<void> => {}

/** That of this machine's callers where there are no keys. */
export const fullAccess = (engine: RunEngine): Access => ({
  engine,
  namespace: undefined,
  mayWrite: () => {},
  mayRead: allowed,
  mayReadHistory: allowed,
  mayCancel: allowed,
  mayList: allowed,
  mayTrigger: () => undefined,
  mayOpen: allowed,
  handleOf: async ({ id }) => ({ id }),
  sign: async () => {
    throw new InvalidRequestError(
      'this server has no keys, and answers its own machine without tokens; start "runfeed serve" with RUNFEED_SECRET_KEY or --secret-key-file, or give it createRunServer({ auth: { secretKeys } })',
    )
  },
  isFixed: true,
  check: async () => undefined,
  shows: () => true,
  namespaceOf: () => undefined,
  expiresAt: () => undefined,
})
