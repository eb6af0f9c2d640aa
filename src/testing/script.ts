// A script: what happens to runs, and when. Times are ms from its beginning.
import type { Frame } from '../protocol/frame.ts'
import type { Json } from '../protocol/json.ts'
import type { RunQuery } from '../protocol/rest.ts'
import type { Run, StreamState } from '../protocol/run.ts'

interface At {
  readonly at: number
}
/**
 * The run's next version: what changes in it. Metadata is merged by key. A terminal status ends the run and aborts its open streams, where the
 * step does not say what became of them.
 */
interface RunStep extends At {
  readonly run: Partial<Run> & { readonly id: string }
  /** The metadata is all there is: what it does not name is gone. @defaultValue false */
  readonly isMetadataWhole?: boolean
}
/** Chunks for a stream, its opening, or its end. */
interface StreamStep extends At {
  readonly stream: {
    readonly run: string
    readonly stream: string
    readonly chunks?: readonly Json[]
    readonly state?: StreamState
    /** Why it ended as `errored`. */
    readonly error?: string
  }
}
/** The subscription to a run, a stream or a query is refused from here on. */
interface DeniedStep extends At {
  readonly denied: (
    | { readonly run: string; readonly stream?: string; readonly query?: undefined }
    | { readonly query: RunQuery; readonly run?: undefined; readonly stream?: undefined }
  ) & { readonly code: string; readonly message: string }
}
/** The network goes, and comes back. A script that begins without it has told nobody anything: what is watched is still loading. */
interface ConnectionStep extends At {
  readonly connection: 'lost' | 'back'
}
/** Any frame, as it is, to those who are connected then. Nobody who connects later gets it. */
interface FrameStep extends At {
  readonly frame: Frame
}

export type ScriptStep = RunStep | StreamStep | DeniedStep | ConnectionStep | FrameStep
/** In the order of their times. */
export type Script = readonly ScriptStep[]
