// A run as its contract types it: metadata and output parsed, the rest as it is.
import type { Issue } from '../contract/judge.ts'
import { judgeOutput, under } from '../contract/parse.ts'
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

function readOutput(contract: RunContract, run: Run): Output {
  try {
    return judgeOutput(contract, run.output)
  } catch (thrown) {
    return { value: undefined, issues: NO_ISSUES, error: toRunfeedError(thrown) }
  }
}

interface Typed {
  readonly output: Output
  readonly metadata: unknown
  readonly run: Run
}
const typed = new WeakMap<Run, WeakMap<RunContract, Typed>>()

/** One object per record and contract, so that siblings show the same, and an output is judged once. */
function typedRun(contract: RunContract, run: Run, metadata: unknown): Typed {
  let byContract = typed.get(run)
  if (!byContract) typed.set(run, (byContract = new WeakMap()))
  const known = byContract.get(contract)
  if (known && known.metadata === metadata) return known
  const output = known?.output ?? readOutput(contract, run)
  const made = { output, metadata, run: { ...run, metadata: metadata as JsonObject, output: output.value as Run['output'] } }
  byContract.set(contract, made)
  return made
}

/** Reads the document's shelf of the origin, where `useRunMetadata` of the same contract finds it. */
export function readContractRun<C extends RunContract>(contract: C, mode: 'keep-last' | 'strict' | undefined): ReadRun<RunOf<C>> {
  return (run, origin, before): Reading<RunOf<C>> => {
    const last = before?.good
    const kept = last?.value.metadata === undefined ? undefined : { ...last, value: last.value.metadata }
    const metadata = readDocument<unknown>(origin, contract.metadata, { document: run.metadata, run }, kept)
    const { output, run: shown } = typedRun(contract, run, metadata.good?.value)
    const issues = [...under('metadata', metadata.issues), ...output.issues]
    const reading: Reading<RunOf<C>> = {
      good: { ...metadata.good, value: shown as unknown as RunOf<C> },
      issues: issues.length > 0 ? issues : NO_ISSUES,
      raw: metadata.raw,
      error: metadata.error ?? output.error,
    }
    return mode === 'strict' ? strictly(reading) : reading
  }
}
