// Who asks, and what it may do: made once per request, before any route.
import type { HttpBindings } from '@hono/node-server'
import type { FeedAccess } from '../feed/feed-access.ts'
import type { RunEngine } from '../protocol/engine.ts'
import type { RunQuery } from '../protocol/rest.ts'
import type { NewRun, Run } from '../protocol/run.ts'

/** What every run that this caller triggers is given, whatever the request says. */
export type Grant = Partial<Omit<NewRun, 'task' | 'payload'>>

/** Every `may...` throws RunfeedError `forbidden`. What is in another namespace is not there at all. */
export interface Access extends FeedAccess {
  /** The engine with the caller's namespace alone in it. */
  readonly engine: RunEngine
  /** Everything, as a secret key allows: metadata, tags, queue, any option of a trigger. */
  mayWrite(): void
  mayRead(run: Run): Promise<void>
  mayReadHistory(run: Run): Promise<void>
  mayCancel(run: Run): Promise<void>
  /** Only if every run that the query could ever return may be read. */
  mayList(query: RunQuery): Promise<void>
  /** @returns what the trigger is bound to; `undefined`: the request's own options count. */
  mayTrigger(task: string): Grant | undefined
}

/** What the routes find in their context. */
export interface AccessEnv {
  Bindings: Partial<HttpBindings>
  Variables: { access: Access }
}

const allowed = async (): Promise<void> => {}

/** A secret key's, and that of this machine's callers where there are no keys. */
export const fullAccess = (engine: RunEngine): Access => ({
  engine,
  mayWrite: () => {},
  mayRead: allowed,
  mayReadHistory: allowed,
  mayCancel: allowed,
  mayList: allowed,
  mayTrigger: () => undefined,
  check: async () => undefined,
  shows: () => true,
  expiresAt: () => undefined,
})
