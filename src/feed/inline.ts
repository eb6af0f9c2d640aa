// What of a run is not sent in frames: a payload or an output over 128 kB is left out and named, and whoever needs it reads it by REST.
import type { Omitted } from '../protocol/frame.ts'
import { type Json, jsonBytes } from '../protocol/json.ts'
import { MAX_INLINE_BYTES } from '../protocol/limits.ts'
import type { Patch } from '../protocol/patch.ts'
import type { Run } from '../protocol/run.ts'

const isLarge = (value: Json | undefined): boolean => value !== undefined && jsonBytes(value) > MAX_INLINE_BYTES

export function inlineRun(run: Run): { readonly run: Run; readonly omitted?: Omitted } {
  const omitted = (['payload', 'output'] as const).filter((field) => isLarge(run[field]))
  if (omitted.length === 0) return { run }
  return { run: { ...run, ...(omitted.includes('payload') && { payload: null }), ...(omitted.includes('output') && { output: undefined }) }, omitted }
}

/** A run's output comes in its last commit; its payload never changes. */
export function inlinePatch(patch: Patch): { readonly patch: Patch; readonly omitted?: Omitted } {
  const left = patch.filter((change) => change.path !== '/output' || change.op === 'remove' || !isLarge(change.value))
  return left.length === patch.length ? { patch } : { patch: left, omitted: ['output'] }
}
