// The client's interface, which hooks, the CLI and users without React share.
import type { RunContract, RunOf } from '../contract/types.ts'
import type { RunfeedError } from '../protocol/errors.ts'
import type { Json } from '../protocol/json.ts'
import type { RunHandle, RunListRequest, RunPage, RunVersionPage, TriggerOptions } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import type { FeedQuery } from '../protocol/want.ts'
import type { RunListSnapshot, RunSnapshot, Source, StreamSnapshot } from '../store/snapshot.ts'
import type { ConnectionSnapshot } from '../transport/connection-status.ts'
import type { StreamPlace } from './stream-view.ts'

/** A run by its id, or by what `trigger` returned, which brings its own token. */
export type RunRef = string | RunHandle

/** A source that is an async iterable too: of versions, of chunks, of lists. Leaving the loop lets go of it. */
export interface Followed<S, V> extends Source<S>, AsyncIterable<V> {
  /** The iterable with a signal: the loop throws its reason. */
  values(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterableIterator<V>
}

export interface SubscribeOptions<V> {
  /** Called with what is known, soon, and then with what is new. `index` is a chunk's in its stream, else 0. */
  readonly onChange: (value: V, index: number) => void
  /** It cannot be read, or the stream failed; nothing more is told. @defaultValue the error is thrown as an uncaught one */
  readonly onError?: ((error: RunfeedError) => void) | undefined
  /** Nothing more will come: the run and its descendants, or the stream, have ended, or the client was closed. */
  readonly onEnd?: (() => void) | undefined
  /** Ends the subscription. */
  readonly signal?: AbortSignal | undefined
}

export interface StreamSubscribeOptions extends SubscribeOptions<Json> {
  /** The first chunk wanted. @defaultValue where the stream's readers start */
  readonly startIndex?: number | undefined
}

export interface RetrieveOptions<C extends RunContract = RunContract> {
  /** Types the answer: metadata and output are what the contract makes of them, as in hooks; `parseRun` says what it refuses, too. */
  readonly contract?: C | undefined
  readonly signal?: AbortSignal | undefined
}

export interface RunClient {
  /** A call of a run takes what `trigger` returned too: its token is asked first, and then the client's own. */
  readonly runs: {
    /** @throws HttpError `not_found` */
    retrieve<C extends RunContract>(run: RunRef, options: RetrieveOptions<C> & { readonly contract: C }): Promise<RunOf<C>>
    retrieve(run: RunRef, options?: AbortSignal | RetrieveOptions): Promise<Run>
    /** @param publicAccessToken - is asked first, as that of a handle; what it does not allow, the client's own may. */
    list(request?: RunListRequest, signal?: AbortSignal, publicAccessToken?: string): Promise<RunPage>
    /** What changed in the record, version by version, oldest first. At most 1,000 from the one after `after`. @throws VersionGoneError's `version_gone` */
    history(run: RunRef, page?: { readonly after?: number; readonly limit?: number }, signal?: AbortSignal): Promise<RunVersionPage>
    /** Asks the run to stop; it ends as CANCELED once its task has. */
    cancel(run: RunRef, signal?: AbortSignal): Promise<Run>
    /** Starts the run's task again with its payload, as a new run with `replayOf`. */
    replay(run: RunRef, signal?: AbortSignal): Promise<RunHandle>
    trigger(task: string, payload: Json, options?: TriggerOptions, signal?: AbortSignal): Promise<RunHandle>
  }
  /** The same source for the same run and token, while anybody holds or follows it. Of two handles the token of the one that is followed last counts. */
  run(run: RunRef): Followed<RunSnapshot, Run>
  /**
   * @param startIndex - the first chunk wanted; negative counts from the end that is there when the source is first read. @defaultValue where the stream's
   * readers start
   * @param maxParts - shows the last so many; chunks that no follower shows are let go of. @defaultValue all of them
   * @param place - one object per reader, `{ begin: startIndex }`: one that asks again with another token or `maxParts` stays where it began.
   */
  stream(run: RunRef, stream: string, startIndex?: number, maxParts?: number, place?: StreamPlace): Followed<StreamSnapshot, Json>
  /**
   * The newest runs of a query, live: they come, go and change. At most `limit` of them (50 by default, 200 at most), without payload and output.
   * @param publicAccessToken - is asked first, as that of a handle; what it does not allow, the client's own may.
   */
  runList(query: FeedQuery, publicAccessToken?: string): Followed<RunListSnapshot, readonly Run[]>
  /** Tells each version of a run that is published. @returns ends it. @throws InvalidRequestError */
  subscribeRun(run: RunRef, options: SubscribeOptions<Run>): () => void
  /** Tells each chunk of a stream once. @returns ends it. @throws InvalidRequestError */
  subscribeStream(run: RunRef, stream: string, options: StreamSubscribeOptions): () => void
  /** Tells the runs of a query whenever one of them changes. @returns ends it. @throws InvalidRequestError */
  subscribeRuns(query: FeedQuery, options: SubscribeOptions<readonly Run[]>): () => void
  readonly connection: Source<ConnectionSnapshot>
  /** Ends the connection and every loop and subscription, for good; what is known stays readable, and what hooks follow fails as `client_closed`. */
  close(): void
}
