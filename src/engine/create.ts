// How a run begins.
import { newTag } from '../protocol/cursor.ts'
import { MetadataTooLargeError, NotFoundError, RunEndedError, RunfeedError, TooLargeError } from '../protocol/errors.ts'
import { jsonBytes } from '../protocol/json.ts'
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.ts'
import { type NewRun, newRunId, type Run } from '../protocol/run.ts'
import { topics } from '../protocol/want.ts'
import { checkName } from './names.ts'
import { isLive, type RunState } from './state.ts'
import type { Turn } from './turn.ts'

/** A queued run at version 1. Pure. */
export function newRun(wanted: NewRun, parent: Run | undefined, metadataLimit: number, now: number): RunState {
  checkName('task', wanted.task)
  const tags = [...new Set(wanted.tags)]
  for (const tag of tags) checkName('tag', tag)
  const payloadBytes = jsonBytes(wanted.payload)
  if (payloadBytes > MAX_PAYLOAD_BYTES) throw new TooLargeError('payload', payloadBytes, MAX_PAYLOAD_BYTES)
  const metadata = wanted.metadata ?? {}
  const bytes = jsonBytes(metadata)
  if (bytes > metadataLimit) throw new MetadataTooLargeError('$', bytes, metadataLimit)
  const id = newRunId()
  const run: Run = {
    id,
    namespace: parent?.namespace ?? 'default',
    task: wanted.task,
    status: 'QUEUED',
    tags,
    parentId: parent?.id ?? null,
    rootId: parent?.rootId ?? id,
    depth: parent ? parent.depth + 1 : 0,
    attempt: 0,
    replayOf: wanted.replayOf ?? null,
    payload: wanted.payload,
    metadata,
    output: undefined,
    error: null,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
    cancelRequestedAt: null,
    updatedAt: now,
    version: 1,
    streams: {},
  }
  return { run, tag: newTag(), bytes }
}

export function createRuns(turn: Turn, wanted: readonly NewRun[]): readonly Run[] {
  const { now } = turn
  // all are made before any is kept: all or none
  const states = wanted.map((one) => {
    const parent = one.parentId === undefined ? undefined : turn.storage.load(one.parentId)?.run
    if (one.parentId !== undefined && !parent) throw new NotFoundError(`the parent ${one.parentId}`)
    if (parent && !isLive(parent)) throw new RunEndedError(parent.id)
    // its descendants were told to stop; one that is made now would not be
    if (parent && parent.cancelRequestedAt !== null) throw new RunfeedError('canceled', `${parent.id} is being canceled, and starts no more runs`)
    return newRun(one, parent, turn.settings.metadataLimit, now)
  })
  for (const state of states) turn.storage.insert(state)
  if (states.length > 0) turn.wake(topics.queue)
  return states.map((state) => state.run)
}
