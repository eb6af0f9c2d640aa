'use client'
import type { RunContract, RunOf } from '../contract/types.ts'
import type { Run } from '../protocol/run.ts'
import { readContractRun } from './contract-run.ts'
import type { Reading } from './judged-document.ts'
import type { RunOptions, RunRef } from './options.ts'
import { NO_ISSUES, type Result } from './result.ts'
import { useRunValue } from './use-run-value.ts'

export const readRun = (run: Run): Reading<Run> => ({ good: { value: run }, issues: NO_ISSUES, raw: undefined, error: undefined })

/**
 * Follows a run's record.
 * @param run - its id or handle; without one the hook is disabled.
 */
export function useRun<T = Run>(run: RunRef, options: Omit<RunOptions<Run, T>, 'schema' | 'mode'> = {}): Result<'run', T> {
  return useRunValue('run', run, readRun, options).result
}

/** `useRun` with metadata and output as the contract parses them. Metadata is `undefined` until it is valid. */
export function useContractRun<C extends RunContract, T = RunOf<C>>(
  contract: C,
  run: RunRef,
  options: Omit<RunOptions<RunOf<C>, T>, 'schema'> = {},
): Result<'run', T> {
  return useRunValue('run', run, readContractRun<C>(contract, options.mode), options).result
}
