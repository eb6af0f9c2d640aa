// The bodies of the REST API, written once: the server answers them, the client reads them.
import type { Json, JsonObject } from './json.ts'
import type { Patch } from './patch.ts'
import type { Run } from './run.ts'

export interface TriggerOptions {
  readonly metadata?: JsonObject
  readonly tags?: readonly string[]
  /** A second run of the same task and key is not made: the first one is answered. */
  readonly idempotencyKey?: string
  /** Ms from now, or text such as '30s', '5m', '2h', '1d'. */
  readonly delay?: number | string
  /** How long it waits to be executed, ms or text; then it is EXPIRED. */
  readonly ttl?: number | string
  /** Executions in all. */
  readonly maxAttempts?: number
  /** What one attempt may execute, ms or text. */
  readonly maxDuration?: number | string
  readonly concurrencyKey?: string
}
/** `POST /v1/tasks/:task/trigger` */
export interface TriggerRequest {
  /** Chosen by who holds a secret key, so that the call can be repeated: `newRunId()`. @defaultValue the engine's */
  readonly id?: string
  readonly payload?: Json
  readonly options?: TriggerOptions
}
/** What a trigger answers. The token reads this run; a keyless server has none to give. */
export interface RunHandle {
  readonly id: string
  readonly publicAccessToken?: string
}

/** `GET /v1/runs`: a conjunction of equalities. */
export interface RunQuery {
  readonly ids?: readonly string[]
  readonly task?: string
  readonly tag?: string
  readonly parent?: string
  /** Any of these. */
  readonly status?: readonly string[]
}
export interface RunListRequest extends RunQuery {
  /** @defaultValue 50, at most 200 */
  readonly limit?: number
  /** `next` of the page before. */
  readonly after?: string
}
/** Newest first. `next` is absent on the last page. */
export interface RunPage {
  readonly runs: readonly Run[]
  readonly next?: string
}

/** One version of a run: what changed in the record, when, and which run wrote it. */
export interface RunVersion {
  readonly version: number
  /** Ms since the epoch. */
  readonly at: number
  /** `null` where it was no run, or where the caller may not know. */
  readonly by: string | null
  /** Over the record, but for `version` and `updatedAt`. */
  readonly patch: Patch
}
/** `GET /v1/runs/:id/history`, oldest first. */
export interface RunVersionPage {
  /** The oldest version that can still be read. */
  readonly oldest: number
  readonly versions: readonly RunVersion[]
}
