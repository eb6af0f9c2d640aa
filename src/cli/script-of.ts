// A real run as a script for `runfeed/testing`: a step for each of its versions, and its streams' chunks between them. What a script fills in by
// itself is left out of it; whether it would is not guessed, but played.
import { isDeepStrictEqual } from 'node:util'
import { isJsonObject, type Json } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import type { Script, ScriptStep } from '../testing/script.ts'
import { SCRIPT_EPOCH } from '../testing/scripted-run.ts'
import { ScriptedWorld } from '../testing/scripted-world.ts'

export interface Recording {
  /** The run at each of its versions, oldest first; at least one. */
  readonly versions: readonly Run[]
  /** What the readers of each stream see, by its key. */
  readonly streams: ReadonlyMap<string, readonly Json[]>
}

type Timed = readonly [step: ScriptStep, order: number]

/** Scripts begin at SCRIPT_EPOCH, so that what they show is the same each time: all times move there, by as much as the oldest run's first. */
export function scriptOf(recordings: readonly Recording[]): Script {
  const begin = Math.min(...recordings.flatMap(({ versions }) => versions.slice(0, 1).map(({ createdAt }) => createdAt)))
  const steps = recordings.flatMap((recording) => stepsOf(recording, SCRIPT_EPOCH - begin))
  return steps.toSorted(([a, orderOfA], [b, orderOfB]) => a.at - b.at || orderOfA - orderOfB).map(([step]) => step)
}

function stepsOf({ versions, streams }: Recording, shift: number): readonly Timed[] {
  const runs = versions.map((version) => shifted(version, shift))
  // a clock that was set back does not take the script back
  let latest = 0
  const times = runs.map(({ updatedAt }) => (latest = Math.max(latest, updatedAt - SCRIPT_EPOCH)))
  const steps = runs.map((run, order): Timed => [runStep(times[order] as number, run, runs[order - 1]), order])
  const last = runs.at(-1) as Run
  for (const [stream, { state, error }] of Object.entries(last.streams)) {
    const { opened, ended } = lifeOf(stream, runs)
    const at = times[opened] as number
    const end = (ended === undefined ? latest : times[ended]) as number
    steps.push([{ at, stream: { run: last.id, stream } }, opened])
    steps.push(...chunkSteps(last.id, stream, streams.get(stream) ?? [], { at, order: opened, end, shift }))
    if (ended !== undefined) steps.push([{ at: end, stream: { run: last.id, stream, state, ...(error !== undefined && { error }) } }, ended])
  }
  return steps
}

/** The versions that opened a stream and ended it: the last time, for what was in it before is not shown. */
function lifeOf(stream: string, runs: readonly Run[]): { readonly opened: number; readonly ended: number | undefined } {
  const states = runs.map((run) => run.streams[stream]?.state)
  const changed = states.flatMap((state, order) => (state === undefined || state === states[order - 1] ? [] : [{ state, order }]))
  const { state, order } = changed.at(-1) ?? { state: 'open', order: 0 }
  if (state === 'open') return { opened: order, ended: undefined }
  return { opened: changed.findLast((one) => one.state === 'open')?.order ?? order, ended: order }
}

/** What a script must say so that the run is as wanted. */
function runStep(at: number, wanted: Run, known: Run | undefined): ScriptStep {
  const isMetadataWhole = Object.keys(known?.metadata ?? {}).some((key) => !Object.hasOwn(wanted.metadata, key))
  const changed = Object.entries(wanted.metadata).filter(([key, value]) => isMetadataWhole || !isDeepStrictEqual(value, known?.metadata[key]))
  const said: Partial<Run> & { readonly id: string } = {
    id: wanted.id,
    ...(wanted.status !== known?.status && { status: wanted.status }),
    // else a script that ends a run would end its open streams by a version of their own
    ...(!isDeepStrictEqual(wanted.streams, known?.streams ?? {}) && { streams: wanted.streams }),
    ...((changed.length > 0 || isMetadataWhole) && { metadata: Object.fromEntries(changed) }),
  }
  const step = (run: typeof said): ScriptStep => ({ at, run, ...(isMetadataWhole && { isMetadataWhole }) })
  const world = new ScriptedWorld()
  if (known) world.apply({ at, run: known })
  world.apply(step(said))
  const played = world.run(wanted.id) as Run
  const rest = Object.entries(wanted).filter(([name, value]) => name !== 'metadata' && !isDeepStrictEqual(value, played[name as keyof Run]))
  return step({ ...said, ...(Object.fromEntries(rest) as Partial<Run>) })
}

interface Life {
  readonly at: number
  readonly end: number
  /** Of the version that opened the stream. */
  readonly order: number
  readonly shift: number
}

/** The record does not say when a chunk came, but where the chunk does (a line of the logger): the others are spread evenly over the stream's life. */
function chunkSteps(run: string, stream: string, chunks: readonly Json[], { at: from, end, order, shift }: Life): readonly Timed[] {
  const steps: { readonly at: number; readonly chunks: Json[] }[] = []
  let at = from
  for (const [index, chunk] of chunks.entries()) {
    const own =
      isJsonObject(chunk) && typeof chunk.at === 'number' ? chunk.at + shift - SCRIPT_EPOCH : from + ((end - from) * (index + 1)) / (chunks.length + 1)
    at = Math.min(end, Math.max(at, Math.round(own)))
    const last = steps.at(-1)
    if (last?.at === at) last.chunks.push(chunk)
    else steps.push({ at, chunks: [chunk] })
  }
  // after the version that opened the stream, before any that came later at the same time
  return steps.map((step) => [{ at: step.at, stream: { run, stream, chunks: step.chunks } }, order + 0.5])
}

function shifted(run: Run, shift: number): Run {
  const move = <T extends number | null>(time: T): T => (time === null ? time : ((time + shift) as T))
  return {
    ...run,
    createdAt: move(run.createdAt),
    updatedAt: move(run.updatedAt),
    startedAt: move(run.startedAt),
    finishedAt: move(run.finishedAt),
    cancelRequestedAt: move(run.cancelRequestedAt),
  }
}
