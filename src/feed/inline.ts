// What of a run is not sent in frames, and is named there instead: a payload or an output over 128 kB, and for a member of a query both of
// them whatever their size. Whoever needs it reads it by REST.
import type { Omitted } from '../protocol/frame.ts'
import { type Json, jsonBytes } from '../protocol/json.ts'
import { MAX_INLINE_BYTES } from '../protocol/limits.ts'
import type { Patch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'

interface RunPart {
  readonly run: Run
  readonly omitted?: Omitted
}
interface PatchPart {
  readonly patch: Patch
  readonly omitted?: Omitted
}

const isLarge = (value: Json | undefined): boolean => value !== undefined && jsonBytes(value) > MAX_INLINE_BYTES

export const inlineRun = (run: Run): RunPart => runWithout(run, (field) => isLarge(run[field]))
export const briefRun = (run: Run): RunPart => runWithout(run, (field) => field === 'payload' || run.output !== undefined)

function runWithout(run: Run, leavesOut: (field: Omitted[number]) => boolean): RunPart {
  const omitted = (['payload', 'output'] as const).filter(leavesOut)
  if (omitted.length === 0) return { run }
  return { run: { ...run, ...(omitted.includes('payload') && { payload: null }), ...(omitted.includes('output') && { output: undefined }) }, omitted }
}

export const inlinePatch = (patch: Patch): PatchPart => patchWithout(patch, isLarge)
export const briefPatch = (patch: Patch): PatchPart => patchWithout(patch, () => true)

/** A run's output comes in its last commit; its payload never changes. */
function patchWithout(patch: Patch, leavesOut: (output: Json) => boolean): PatchPart {
  const left = patch.filter((change) => change.path !== '/output' || change.op === 'remove' || !leavesOut(change.value))
  return left.length === patch.length ? { patch } : { patch: left, omitted: ['output'] }
}
