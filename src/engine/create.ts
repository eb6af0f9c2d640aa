// How a run begins.
import { newTag } from '../protocol/cursor.ts'
import { MetadataTooLargeError, NotFoundError, RunEndedError, RunfeedError, TooLargeError } from '../protocol/errors.ts'
import { jsonBytes } from '../protocol/json.ts'
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.ts'
import { type NewRun, newRunId, type Run } from '../protocol/run.ts'
import { checkName } from './names.ts'
import { planOf } from './plan.ts'
import { isLive, type RunState } from './state.ts'
import type { Turn } from './turn.ts'

/** A run at version 1, queued or delayed. Pure. */
export function newRun(wanted: NewRun, parent: Run | undefined, metadataLimit: number, now: number): RunState {
  checkName('task', wanted.task)
  const tags = [...new Set(wanted.tags)]
  for (const tag of tags) checkName('tag', tag)
  const payloadBytes = jsonBytes(wanted.payload)
  if (payloadBytes > MAX_PAYLOAD_BYTES) throw new TooLargeError('payload', payloadBytes, MAX_PAYLOAD_BYTES)
  const metadata = wanted.metadata ?? {}
  const bytes = jsonBytes(metadata)
  if (bytes > metadataLimit) throw new MetadataTooLargeError('$', bytes, metadataLimit)
  const plan = planOf(wanted)
  const id = newRunId()
  const run: Run = {
    id,
    namespace: namespaceOf(parent),
    task: wanted.task,
    status: plan.delayUntil !== null && plan.delayUntil > now ? 'DELAYED' : 'QUEUED',
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
  return { run, tag: newTag(), bytes, plan }
}

export function createRuns(turn: Turn, wanted: readonly NewRun[]): readonly Run[] {
  const { now, storage } = turn
  const keyed = new Map<string, RunState>()
  const made: RunState[] = []
  // all are made before any is kept: all or none
  const states = wanted.map((one) => {
    const parent = one.parentId === undefined ? undefined : storage.load(one.parentId)?.run
    if (one.parentId !== undefined && !parent) throw new NotFoundError(`the parent ${one.parentId}`)
    const name = one.idempotencyKey === undefined ? undefined : JSON.stringify([namespaceOf(parent), one.task, one.idempotencyKey])
    // before the parent is judged: what is there already is not started by it
    const first = name === undefined ? undefined : (keyed.get(name) ?? keptOf(turn, one, namespaceOf(parent)))
    if (first) return first
    if (parent && !isLive(parent)) throw new RunEndedError(parent.id)
    // its descendants were told to stop; one that is made now would not be
    if (parent && parent.cancelRequestedAt !== null) throw new RunfeedError('canceled', `${parent.id} is being canceled, and starts no more runs`)
    const state = newRun(one, parent, turn.settings.metadataLimit, now)
    made.push(state)
    if (name !== undefined) keyed.set(name, state)
    return state
  })
  for (const state of made) turn.insert(state)
  return states.map((state) => state.run)
}

const namespaceOf = (parent: Run | undefined): string => parent?.namespace ?? 'default'

/** The run that was made with the same key, whatever became of it. */
function keptOf(turn: Turn, { task, idempotencyKey }: NewRun, namespace: string): RunState | undefined {
  const id = idempotencyKey === undefined ? undefined : turn.storage.byKey(namespace, task, idempotencyKey)
  return id === undefined ? undefined : turn.load(id)
}
