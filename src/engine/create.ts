// How a run begins.
import { newTag } from '../protocol/cursor.ts'
import { InvalidRequestError, MetadataTooLargeError, NotFoundError, RunEndedError, RunfeedError, TooLargeError } from '../protocol/errors.ts'
import { jsonBytes } from '../protocol/json.ts'
import { MAX_PAYLOAD_BYTES } from '../protocol/limits.ts'
import { type NewRun, newRunId, type Run } from '../protocol/run.ts'
import { checkName, checkRunId, checkTagCount } from './names.ts'
import { planOf } from './plan.ts'
import { heldRun, isLive, type RunHead, type RunState, shown } from './state.ts'
import type { Turn } from './turn.ts'

/** A run at version 1, queued or delayed. Pure. */
export function newRun(wanted: NewRun, namespace: string, parent: RunHead | undefined, metadataLimit: number, now: number): RunState {
  checkName('task', wanted.task)
  const tags = [...new Set(wanted.tags)]
  for (const tag of tags) checkName('tag', tag)
  checkTagCount(tags)
  const payloadBytes = jsonBytes(wanted.payload)
  if (payloadBytes > MAX_PAYLOAD_BYTES) throw new TooLargeError('payload', payloadBytes, MAX_PAYLOAD_BYTES)
  const metadata = wanted.metadata ?? {}
  const bytes = jsonBytes(metadata)
  if (bytes > metadataLimit) throw new MetadataTooLargeError('$', bytes, metadataLimit)
  const plan = planOf(wanted)
  const id = wanted.id ?? newRunId()
  const run: Run = {
    id,
    namespace,
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
  return { ...heldRun(run), tag: newTag(), bytes, plan }
}

export function createRuns(turn: Turn, wanted: readonly NewRun[]): readonly Run[] {
  const { states, made, awaited } = planRuns(turn, wanted)
  for (const state of made) turn.insert(state)
  for (const state of awaited) turn.storage.saveAwaited(state)
  return states.map(shown)
}

export interface PlannedRuns {
  /** For each that was wanted: the one that is there already, or one that is made. */
  readonly states: readonly RunState[]
  readonly made: readonly RunState[]
  /** Those that are there already, and that their parent waits for from now on. */
  readonly awaited: readonly RunState[]
}

/** All are made before any is kept: all or none. */
export function planRuns(turn: Turn, wanted: readonly NewRun[]): PlannedRuns {
  const made = new Made()
  const awaited: RunState[] = []
  const states = wanted.map((one) => {
    const parent = one.parentId === undefined ? undefined : turn.storage.load(one.parentId)?.run
    if (one.parentId !== undefined && !parent) throw new NotFoundError(`the parent ${one.parentId}`)
    const namespace = namespaceOf(one, parent)
    // before the parent is judged: what is there already is not started by it
    const first = sameRun(turn, made, one, namespace)
    if (first && parent && one.isAwaited) checkWait(turn, first.run, parent)
    if (first && !isToBeAwaited(first, one, parent)) return first
    if (parent && !isLive(parent)) throw new RunEndedError(parent.id)
    // its descendants were told to stop; one that is made, or waited for, now would not be
    if (parent && parent.cancelRequestedAt !== null) throw new RunfeedError('canceled', `${parent.id} is being canceled, and starts no more runs`)
    if (first) {
      const state = { ...first, plan: { ...first.plan, isAwaited: true } }
      if (made.byId(first.run.id)) made.add(state)
      else awaited.push(state)
      return state
    }
    return made.add(newRun(one, namespace, parent, turn.settings.metadataLimit, turn.now))
  })
  return { states, made: made.all, awaited }
}

/** A run waits for nothing that may wait for it. @throws InvalidRequestError */
function checkWait(turn: Turn, found: RunHead, waiting: RunHead): void {
  if (!isLive(found)) return
  for (let run: RunHead | undefined = waiting; run; run = run.parentId === null ? undefined : turn.storage.load(run.parentId)?.run)
    if (run.id === found.id)
      throw new InvalidRequestError(
        `${waiting.id} cannot wait for ${found.id}, which is ${run === waiting ? 'itself' : 'above it'}; use another idempotencyKey, or trigger without waiting`,
        { field: 'idempotencyKey' },
      )
}

/** A child that its parent has only triggered until now: without that, what cancels the parent would leave it, and with it the wait, alone. */
const isToBeAwaited = ({ run, plan }: RunState, wanted: NewRun, parent: RunHead | undefined): boolean =>
  wanted.isAwaited === true && !plan.isAwaited && parent !== undefined && run.parentId === parent.id && isLive(run)

/** What one call makes, by id and by key: within it too, a repeat is one run. */
class Made {
  readonly #byId = new Map<string, RunState>()
  readonly #byKey = new Map<string, RunState>()

  get all(): readonly RunState[] {
    return [...this.#byId.values()]
  }
  add(state: RunState): RunState {
    const { id, namespace, task } = state.run
    const { idempotencyKey } = state.plan
    this.#byId.set(id, state)
    if (idempotencyKey !== null) this.#byKey.set(JSON.stringify([namespace, task, idempotencyKey]), state)
    return state
  }
  byId(id: string): RunState | undefined {
    return this.#byId.get(id)
  }
  byKey(namespace: string, task: string, key: string): RunState | undefined {
    return this.#byKey.get(JSON.stringify([namespace, task, key]))
  }
}

/** A child is where its parent is. @throws InvalidRequestError */
function namespaceOf({ namespace }: NewRun, parent: RunHead | undefined): string {
  if (namespace !== undefined) checkName('namespace', namespace)
  if (parent && namespace !== undefined && namespace !== parent.namespace)
    throw new InvalidRequestError(`a child is made in the namespace of its parent, not in ${namespace}`, { field: 'namespace' })
  return namespace ?? parent?.namespace ?? 'default'
}

/** The run that has the id already, or was made with the key, whatever became of it. @throws InvalidRequestError */
function sameRun(turn: Turn, made: Made, { id, task, idempotencyKey: key }: NewRun, namespace: string): RunState | undefined {
  if (id !== undefined) {
    checkRunId(id)
    const state = made.byId(id) ?? turn.storage.load(id)
    if (state && (state.run.task !== task || state.run.namespace !== namespace))
      // the same whosever it is: an id is of one run in all namespaces, and who may not read that run learns no more than that
      throw new InvalidRequestError(`the id ${id} is taken; make one with newRunId()`, { field: 'id' })
    if (state) return state
  }
  if (key === undefined) return undefined
  const kept = turn.storage.byKey(namespace, task, key)
  return kept === undefined ? made.byKey(namespace, task, key) : turn.load(kept)
}
