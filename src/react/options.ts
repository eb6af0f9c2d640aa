// What the hooks take. Names are those that React users know.
import type { RunClient } from '../client/run-client.ts'
import type { Issue } from '../contract/judge.ts'
import type { Schema } from '../contract/standard-schema.ts'
import type { MetadataSchema } from '../contract/types.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { RunHandle } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import type { RunStatus } from '../protocol/status.ts'

/** A run by its id, or by what `trigger` returned, which brings its own token. Without one, the hook is disabled. */
export type RunRef = string | RunHandle | null | undefined

/** A document, or a part of a stream, that the schema refuses. */
export interface InvalidEvent {
  readonly runId: string
  /** The run's version; of a stream, the index of the part. */
  readonly version: number
  readonly issues: readonly Issue[]
  readonly raw: Json
}

/** What every hook that follows a run takes. Each may be written inline: a new function per render neither loops nor subscribes again. */
export interface FollowOptions {
  /** @defaultValue true */
  enabled?: boolean | undefined
  /** Shows at most one change per so many ms, and always the last one. @defaultValue 0 */
  throttle?: number | undefined
  /** Shown until the client has something newer, and on the server. One of another run is ignored. */
  initialData?: Run | undefined
  /** Once per run id, when the run has ended and its last state is shown. `live` is false where it had ended before we looked. */
  onComplete?: ((run: Run, end: { readonly live: boolean }) => void) | undefined
  /** Once per error that is shown. One that is thrown in render is told to the boundary alone. */
  onError?: ((error: RunfeedError) => void) | undefined
  /** When the run's status has changed since it was last shown; the first one that is known is no change. */
  onStatusChange?: ((status: RunStatus, run: Run, previous: RunStatus) => void) | undefined
  /** Throws `error` in render, for an error boundary. @defaultValue false */
  throwOnError?: boolean | ((error: RunfeedError) => boolean) | undefined
  /** @defaultValue the provider's */
  client?: RunClient | undefined
}

/** @see useRun, useRunMetadata. `V` is what is read, `T` what is selected from it. */
export interface RunOptions<V, T, M = MetadataSchema> extends FollowOptions {
  /** A Standard Schema (zod, valibot, arktype, ...) for the document, or one per key. Keep it outside of the component. */
  schema?: M | undefined
  /** What a refused document does: the last good value stays, or `error`. @defaultValue 'keep-last' */
  mode?: 'keep-last' | 'strict' | undefined
  /** What this component needs of the value; it renders again when that changes. */
  select?: ((value: V) => T) | undefined
  /** Whether two selected values are the same. @defaultValue deep equality that keeps the identity of what did not change */
  isEqual?: ((a: T, b: T) => boolean) | undefined
  onData?: ((value: T) => void) | undefined
  /** Once per version that the schema refuses. */
  onInvalid?: ((event: InvalidEvent) => void) | undefined
}

/** @see useRunStream. `T` is one part, `A` what `reduce` makes of them. */
export type StreamOptions<T, A> = StreamChoice<T, A> & {
  /** A Standard Schema for one part. A part that it refuses is left out and named in `issues`. */
  schema?: Schema<unknown, T> | undefined
} & Fold<A>

/** With `reduce` there is `initial`, or the first part would be folded into `undefined`. */
export type Fold<A> = { reduce?: undefined } | { initial: A }

/** What a stream hook takes beside a schema. */
export interface StreamChoice<T, A> extends Omit<FollowOptions, 'initialData'> {
  mode?: 'keep-last' | 'strict' | undefined
  /** The first part wanted; negative counts from the end. @defaultValue where the stream's readers start */
  startIndex?: number | undefined
  /** Shows the last so many parts. */
  maxParts?: number | undefined
  /** Folds the parts into `value`, each once. Pure, as any reducer of React: it gives a new value and leaves the old one as it is. */
  reduce?: ((value: A, part: T, index: number) => A) | undefined
  /** What `reduce` begins with; the first one counts. */
  initial?: A | undefined
  isEqual?: ((a: A, b: A) => boolean) | undefined
  /** The parts that are new since the last call, each once, also those that `maxParts` does not show. Those before and after a refused one are told apart. */
  onData?: ((parts: readonly T[], firstIndex: number) => void) | undefined
  /** Once per part that the schema refuses, with its index as `version`. */
  onInvalid?: ((event: InvalidEvent) => void) | undefined
}
