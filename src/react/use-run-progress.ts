'use client'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { Run } from '../protocol/run.ts'
import type { RunSnapshot } from '../store/snapshot.ts'
import type { Gated } from './gate.ts'
import type { FollowOptions, RunRef } from './options.ts'
import { measure, type Progress, type ProgressMemory, type ProgressSources, UNKNOWN_PROGRESS } from './progress.ts'
import { disabledFields, keepSame, NO_ISSUES, type State, stateFields, type Wire } from './result.ts'
import { initialOf, isStale, isToBeTold, runOf, sameError } from './run-view.ts'
import { useFollowed, useTold } from './use-followed.ts'
import type { Derive } from './use-source.ts'
import { type Target, useRunTarget } from './use-target.ts'

export interface ProgressOptions extends FollowOptions, ProgressSources {}

/** A discriminated union over `status`, which is that of the data, as in every hook; the run's is `runStatus`. */
export type ProgressResult = Progress &
  Wire &
  (State<'pending', never, unknown, undefined> | State<'success', never, unknown, undefined> | State<'error', never, unknown, RunfeedError>)

interface Memory {
  readonly run: Run | undefined
  readonly measured: ProgressMemory | undefined
  readonly end: RunSnapshot['end']
  readonly initial: Run | undefined
}

const DISABLED: ProgressResult = Object.freeze({ ...disabledFields, ...UNKNOWN_PROGRESS })
const FORGOTTEN: Memory = { run: undefined, measured: undefined, end: undefined, initial: undefined }

function deriveProgress(target: Target<RunSnapshot>, options: ProgressOptions): Derive<Gated<RunSnapshot>, ProgressResult, Memory> {
  return ({ data, connectionStatus }, previous) => {
    if (!target.isEnabled) return { result: DISABLED, memory: FORGOTTEN }
    const before = previous?.memory
    const initial = initialOf(options.initialData, before?.initial)
    const run = runOf(data, initial, target.runId)
    let measured = before?.measured
    let error = data.error
    try {
      if (run) measured = measure(run, options, before?.measured)
    } catch (thrown) {
      error ??= toRunfeedError(thrown)
    }
    const next = {
      ...stateFields(sameError(previous?.result, error), measured !== undefined),
      ...(measured?.progress ?? UNKNOWN_PROGRESS),
      connectionStatus,
      isStale: isStale(run, connectionStatus),
      isEnabled: true,
      issues: NO_ISSUES,
      raw: undefined,
      stop: target.gate.stop,
    } as unknown as ProgressResult
    const { end } = data
    return { result: isToBeTold(options, before, { run, end }) ? next : keepSame(previous?.result, next), memory: { run, measured, end, initial } }
  }
}

/**
 * How far a run is: `value` of `max`, each a number, a key of the metadata, a path of it (`$.rows.done`), or a function of the run.
 * Without them it is `metadata.progress`, 0 to 1. The fraction never goes back, and is 1 only when the run has completed.
 */
export function useRunProgress(run: RunRef, options: ProgressOptions = {}): ProgressResult {
  const target = useRunTarget(run, options)
  const derived = useFollowed(target, deriveProgress(target, options))
  useTold(target, derived, options)
  return derived.result
}
