// What every engine lets its owner choose.
import { InvalidRequestError } from '../protocol/errors.ts'
import { LATE_WRITES_MS, LEASE_MS, LOG_BYTES, LOG_VERSIONS, RETENTION_MS, STREAM_BYTES } from '../protocol/limits.ts'
import { metadataLimitOf } from '../protocol/metadata-limit.ts'

export interface EngineOptions {
  /**
   * Bytes of a run's metadata as JSON.
   * @defaultValue what `TASK_RUN_METADATA_MAXIMUM_SIZE` says, else 262,144
   */
  readonly metadataLimit?: number
  /** How long, in ms, a claim lasts without a write or a renewal. @defaultValue 30,000 */
  readonly leaseMs?: number
  /** How long, in ms, an ended run takes metadata from its descendants and from the secret key. @defaultValue 3,600,000 */
  readonly lateWritesMs?: number
  /** Versions of a run that can be resumed from and looked back at. @defaultValue 10,000 */
  readonly logVersions?: number
  /** Bytes of a run's log: its patches and the snapshots between them. Cut at a snapshot, so about a quarter more at times. @defaultValue 16 MB */
  readonly logBytes?: number
  /** Length of a stream's chunks as JSON, in UTF-16 units: the oldest go when it is more, and readers get a `gap`. @defaultValue 64 MB */
  readonly streamBytes?: number
  /** Chunks of a stream that are kept, the oldest go first. @defaultValue as many as `streamBytes` holds */
  readonly streamChunks?: number
  /** How long, in ms, a run is kept with its log and its streams, once all of its tree has ended. @defaultValue 30 days */
  readonly retentionMs?: number
  /** The clock, ms since the epoch; leases go by it too. @defaultValue `Date.now`, and for leases a clock that nobody sets */
  readonly now?: () => number
}

export interface EngineSettings extends Required<EngineOptions> {
  /** The clock of leases: ms since any moment. */
  readonly elapsed: () => number
}

/** A lease's timers run in a part of it: setTimeout takes no more, and would ring at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** @throws InvalidRequestError naming the option: a variable that is not set is NaN, which is smaller than nothing and over no limit. */
export function settle(options: EngineOptions): EngineSettings {
  const settings = withDefaults(options)
  checkNumber('metadataLimit', settings.metadataLimit, 2)
  checkNumber('leaseMs', settings.leaseMs, 1, MAX_TIMER_MS)
  for (const name of ['logVersions', 'logBytes', 'streamBytes', 'streamChunks'] as const) checkNumber(name, settings[name], 1)
  for (const name of ['lateWritesMs', 'retentionMs'] as const) checkNumber(name, settings[name], 0)
  return settings
}

/** @throws InvalidRequestError */
export function checkNumber(option: string, given: unknown, least: number, most: number = Number.POSITIVE_INFINITY): void {
  if (typeof given === 'number' && given >= least && given <= most) return
  const range = most === Number.POSITIVE_INFINITY ? `from ${least}` : `from ${least} to ${most}`
  throw new InvalidRequestError(`${option}: ${typeof given === 'string' ? JSON.stringify(given) : String(given)} is not accepted; it is a number ${range}`, {
    field: option,
  })
}

/** In a page, where previews keep runs in memory, there is none. */
const environment = (name: string): string | undefined => (typeof process === 'undefined' ? undefined : process.env[name])

const withDefaults = (options: EngineOptions): EngineSettings => ({
  metadataLimit: options.metadataLimit ?? metadataLimitOf(environment('TASK_RUN_METADATA_MAXIMUM_SIZE')),
  leaseMs: options.leaseMs ?? LEASE_MS,
  lateWritesMs: options.lateWritesMs ?? LATE_WRITES_MS,
  logVersions: options.logVersions ?? LOG_VERSIONS,
  logBytes: options.logBytes ?? LOG_BYTES,
  streamBytes: options.streamBytes ?? STREAM_BYTES,
  streamChunks: options.streamChunks ?? Number.POSITIVE_INFINITY,
  retentionMs: options.retentionMs ?? RETENTION_MS,
  now: options.now ?? Date.now,
  elapsed: options.now ?? (() => performance.now()),
})
