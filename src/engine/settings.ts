// What every engine lets its owner choose.
import { LATE_WRITES_MS, LEASE_MS, MAX_METADATA_BYTES } from '../protocol/limits.ts'

export interface EngineOptions {
  /**
   * Bytes of a run's metadata as JSON.
   * @defaultValue 262,144; the SQLite engine reads `TASK_RUN_METADATA_MAXIMUM_SIZE` first
   */
  readonly metadataLimit?: number
  /** How long, in ms, a claim lasts without a write or a renewal. @defaultValue 30,000 */
  readonly leaseMs?: number
  /** How long, in ms, an ended run takes metadata from its descendants and from the secret key. @defaultValue 3,600,000 */
  readonly lateWritesMs?: number
  /** The clock, ms since the epoch. @defaultValue `Date.now` */
  readonly now?: () => number
}

export type EngineSettings = Required<EngineOptions>

export const settle = (options: EngineOptions): EngineSettings => ({
  metadataLimit: options.metadataLimit ?? MAX_METADATA_BYTES,
  leaseMs: options.leaseMs ?? LEASE_MS,
  lateWritesMs: options.lateWritesMs ?? LATE_WRITES_MS,
  now: options.now ?? Date.now,
})
