// How far a run is, honestly: never backwards, 100 % only on success, a rate from what was seen. Pure.
import { isJsonArray, isJsonObject, type Json, type JsonObject } from '../protocol/json.ts'
import { parseKey } from '../protocol/path.ts'
import type { Run } from '../protocol/run.ts'

/** A number, a key of the metadata, a path of it (`$.rows.done`), or a function of the run. */
export type ProgressSource = number | string | ((run: Run) => number | undefined)

export interface ProgressSources {
  /** @defaultValue 'progress', which is 0 to 1 */
  value?: ProgressSource | undefined
  /** @defaultValue 1 */
  max?: ProgressSource | undefined
  /** How many of `value` have failed: drawn apart. */
  failed?: ProgressSource | undefined
  /** Keeps the highest fraction seen, so that a bar never goes back. @defaultValue true */
  monotonic?: boolean | undefined
}

export interface Progress {
  /** 0 to 1; `undefined` while it cannot be told. 1 only when the run has completed. */
  readonly fraction: number | undefined
  readonly value: number | undefined
  readonly max: number | undefined
  /** The failed part of the whole, 0 to 1. */
  readonly failedFraction: number
  readonly isDeterminate: boolean
  /** Of `value`, per second, lately. */
  readonly ratePerSecond: number | undefined
  readonly secondsLeft: number | undefined
  /** It has been executed, if only for a moment. */
  readonly isStarted: boolean
  /** The run has ended with success. */
  readonly isComplete: boolean
  /** The run has ended without. */
  readonly isFailed: boolean
  /** The run's status, `undefined` until it is known. */
  readonly runStatus: string | undefined
}

interface Sample {
  readonly at: number
  readonly value: number
}
export interface ProgressMemory {
  readonly progress: Progress
  /** What was read. */
  readonly source: string
  readonly version: number
  readonly highest: number
  readonly samples: readonly Sample[]
}

/** What is not done is never shown as done. */
const ALMOST = 0.99
const WINDOW_MS = 10_000
const MAX_SAMPLES = 24
const SAMPLE_MS = 400

export const UNKNOWN_PROGRESS: Progress = {
  fraction: undefined,
  value: undefined,
  max: undefined,
  failedFraction: 0,
  isDeterminate: false,
  ratePerSecond: undefined,
  secondsLeft: undefined,
  isStarted: false,
  isComplete: false,
  isFailed: false,
  runStatus: undefined,
}

export function measure(
  run: Run,
  { value: valueSource = 'progress', max: maxSource = 1, failed, monotonic = true }: ProgressSources,
  last: ProgressMemory | undefined,
): ProgressMemory {
  const source = `${nameOf(valueSource)} ${nameOf(maxSource)}`
  const before = last?.source === source ? last : undefined
  const value = finite(valueSource, run)
  const max = finite(maxSource, run)
  const isOver = run.finishedAt !== null
  const isComplete = run.status === 'COMPLETED'
  const measured = value !== undefined && max !== undefined && max > 0 ? clamp(value / max) : undefined
  const highest = Math.max(measured ?? 0, monotonic ? (before?.highest ?? 0) : 0)
  const fraction = isComplete ? 1 : measured === undefined && highest === 0 ? undefined : Math.min(highest, ALMOST)
  const failedValue = failed === undefined ? undefined : finite(failed, run)
  const failedFraction = failedValue === undefined || max === undefined || max <= 0 ? 0 : Math.min(clamp(failedValue / max), fraction ?? 0)

  const samples = before?.version === run.version ? before.samples : sampled(run, value, before?.samples)
  const ratePerSecond = isOver ? undefined : rateOf(samples, run)
  const left = max !== undefined && value !== undefined ? max - value : undefined
  const secondsLeft = ratePerSecond && left !== undefined && left > 0 && fraction !== undefined ? left / ratePerSecond : undefined
  const progress: Progress = {
    fraction,
    value,
    max,
    failedFraction,
    isDeterminate: fraction !== undefined,
    ratePerSecond,
    secondsLeft,
    isStarted: run.startedAt !== null,
    isComplete,
    isFailed: isOver && !isComplete,
    runStatus: run.status,
  }
  return { progress, source, version: run.version, highest, samples }
}

/** A number is a reading, and an inline function another one in each render: neither says that something else is read now. */
const nameOf = (source: ProgressSource): string => (typeof source === 'string' ? `"${source}"` : typeof source)

/** Times are the record's, so that two readers, and a test, see the same rate. */
function sampled(run: Run, value: number | undefined, before: readonly Sample[] | undefined): readonly Sample[] {
  if (value === undefined) return before ?? []
  // a page that opens half-way knows when the run began, which is a first estimate
  const known = before ?? (run.startedAt !== null && run.updatedAt > run.startedAt ? [{ at: run.startedAt, value: 0 }] : [])
  const last = known.at(-1)
  const beforeLast = known.at(-2)
  const sample = { at: run.updatedAt, value }
  // close samples are one: their difference is noise
  if (last && beforeLast && last.at - beforeLast.at < SAMPLE_MS) return [...known.slice(0, -1), sample]
  const recent = known.filter(({ at }, index) => at >= run.updatedAt - WINDOW_MS || index >= known.length - 1)
  return [...recent, sample].slice(-MAX_SAMPLES)
}

function rateOf(samples: readonly Sample[], run: Run): number | undefined {
  const first = samples[0]
  const last = samples.at(-1)
  if (!first || !last || run.startedAt === null) return undefined
  const seconds = (last.at - first.at) / 1000
  const rate = (last.value - first.value) / seconds
  return seconds > 0 && Number.isFinite(rate) && rate > 0 ? rate : undefined
}

const clamp = (fraction: number): number => Math.min(1, Math.max(0, fraction))

function finite(source: ProgressSource, run: Run): number | undefined {
  const read = typeof source === 'function' ? source(run) : typeof source === 'number' ? source : readKey(run.metadata, source)
  return typeof read === 'number' && Number.isFinite(read) ? read : undefined
}

function readKey(document: JsonObject, key: string): Json | undefined {
  let at: Json | undefined = document
  for (const segment of parseKey(key)) {
    if (typeof segment === 'number') at = isJsonArray(at) ? at[segment] : undefined
    else at = isJsonObject(at) && Object.hasOwn(at, segment) ? at[segment] : undefined
  }
  return at
}
