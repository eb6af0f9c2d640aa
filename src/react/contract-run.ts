// A run as its contract types it: metadata and output parsed, the rest as it is.
import { type Issue, judgeOnce } from '../contract/judge.ts'
import type { RunContract, RunOf } from '../contract/types.ts'
import { type RunfeedError, toRunfeedError } from '../protocol/errors.ts'
import type { JsonObject } from '../protocol/json.ts'
import type { Run } from '../protocol/run.ts'
import { type Reading, readDocument, strictly } from './judged-document.ts'
import { NO_ISSUES } from './result.ts'
import type { ReadRun } from './run-view.ts'

interface Output {
  readonly value: unknown
  readonly issues: readonly Issue[]
  readonly error?: RunfeedError
}
const NO_OUTPUT: Output = { value: undefined, issues: NO_ISSUES }

function readOutput(contract: RunContract, run: Run): Output {
  // a run that has not completed has none, and that is no mistake
  if (run.output === undefined) return NO_OUTPUT
  try {
    const verdict = judgeOnce(contract.output, run.output)
    if (verdict.ok) return { value: verdict.value, issues: NO_ISSUES }
    return { value: undefined, issues: verdict.issues.map((issue) => ({ ...issue, path: ['output', ...issue.path] })) }
  } catch (thrown) {
    return { value: undefined, issues: NO_ISSUES, error: toRunfeedError(thrown) }
  }
}

const typed = new WeakMap<Run, WeakMap<RunContract, { readonly metadata: unknown; readonly run: Run }>>()

/** One object per record and contract, so that siblings show the same. */
function typedRun(contract: RunContract, run: Run, metadata: unknown, output: unknown): Run {
  let byContract = typed.get(run)
  if (!byContract) typed.set(run, (byContract = new WeakMap()))
  const known = byContract.get(contract)
  if (known && known.metadata === metadata) return known.run
  const made = { ...run, metadata: metadata as JsonObject, output: output as Run['output'] }
  byContract.set(contract, { metadata, run: made })
  return made
}

/** Reads the document's shelf of the origin, where `useRunMetadata` of the same contract finds it. */
export function readContractRun<C extends RunContract>(contract: C, mode: 'keep-last' | 'strict' | undefined): ReadRun<RunOf<C>> {
  return (run, origin, before): Reading<RunOf<C>> => {
    const kept = before?.good && { ...before, good: before.good.value.metadata === undefined ? undefined : { value: before.good.value.metadata } }
    const metadata = readDocument<unknown>(origin, contract.metadata, { document: run.metadata, version: run.version }, kept)
    const output = readOutput(contract, run)
    const issues = [...metadata.issues.map((issue) => ({ ...issue, path: ['metadata', ...issue.path] })), ...output.issues]
    const reading: Reading<RunOf<C>> = {
      good: { value: typedRun(contract, run, metadata.good?.value, output.value) as unknown as RunOf<C> },
      issues: issues.length > 0 ? issues : NO_ISSUES,
      raw: metadata.raw,
      error: metadata.error ?? output.error,
    }
    return mode === 'strict' ? strictly(reading) : reading
  }
}
