// A run record with everything in it that a script does not say.
import { formatCursor } from '../protocol/cursor.ts'
import type { Json, JsonObject } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { isTerminalStatus } from '../protocol/status.ts'

/** When scripts begin, so that what they show is the same each time. */
export const SCRIPT_EPOCH: number = Date.UTC(2030, 0, 1, 9)

/** @param known - what the test or story cares about. By default the run executes since `SCRIPT_EPOCH`. */
export function scriptedRun<M = JsonObject, O = Json, P = Json>(known: Partial<Run<M, O, P>> = {}): Run<M, O, P> {
  const { id = 'run_scripted', status = 'EXECUTING', createdAt = SCRIPT_EPOCH } = known
  const hasStarted = !['PENDING_VERSION', 'DELAYED', 'QUEUED', 'DEQUEUED'].includes(status)
  return {
    namespace: 'default',
    task: 'scripted',
    tags: [],
    parentId: null,
    rootId: id,
    depth: 0,
    attempt: hasStarted ? 1 : 0,
    replayOf: null,
    payload: null as P,
    metadata: {} as M,
    output: undefined,
    error: null,
    startedAt: hasStarted ? createdAt : null,
    finishedAt: isTerminalStatus(status) ? createdAt : null,
    cancelRequestedAt: null,
    updatedAt: createdAt,
    version: 1,
    streams: {},
    ...known,
    id,
    status,
    createdAt,
  }
}

/** Of a version of a run, or of so many chunks of a stream. */
export const scriptCursor = (number: number): string => formatCursor(number, 'script')
