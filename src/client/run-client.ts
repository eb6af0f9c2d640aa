// The client's interface, which hooks, the CLI and users without React share.
import type { Json } from '../protocol/json.ts'
import type { RunHandle, RunListRequest, RunPage, TriggerOptions } from '../protocol/rest.ts'
import type { Run } from '../protocol/run.ts'
import type { FeedQuery } from '../protocol/want.ts'
import type { RunListSnapshot, RunSnapshot, Source, StreamSnapshot } from '../store/snapshot.ts'
import type { ConnectionSnapshot } from '../transport/connection-status.ts'

/** A run by its id, or by what `trigger` returned, which brings its own token. */
export type RunRef = string | RunHandle

export interface RunClient {
  readonly runs: {
    /** @throws HttpError `not_found` */
    retrieve(run: string, signal?: AbortSignal): Promise<Run>
    list(request?: RunListRequest, signal?: AbortSignal): Promise<RunPage>
    /** Asks the run to stop; it ends as CANCELED once its task has. */
    cancel(run: string): Promise<Run>
    /** Starts the run's task again with its payload, as a new run with `replayOf`. */
    replay(run: string): Promise<RunHandle>
    trigger(task: string, payload: Json, options?: TriggerOptions): Promise<RunHandle>
  }
  /** The same source for the same run, while anybody holds or follows it. */
  run(run: RunRef): Source<RunSnapshot>
  /** @param startIndex - the first chunk wanted. @defaultValue where the stream's readers start */
  stream(run: RunRef, stream: string, startIndex?: number): Source<StreamSnapshot>
  /** The newest runs of a query, live: they come, go and change. At most `limit` of them (50 by default, 200 at most), without payload and output. */
  runList(query: FeedQuery): Source<RunListSnapshot>
  readonly connection: Source<ConnectionSnapshot>
  /** Ends the connection; what is known stays readable. */
  close(): void
}
