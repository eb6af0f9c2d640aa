// How much of a run's log is kept. It is cut only at a snapshot: from there on every version can be rebuilt.
import { SNAPSHOT_EVERY } from '../protocol/limits.ts'

/** A snapshot, and the bytes of what lies between the one before and it: the patches, and its own document. */
export interface Portion {
  readonly version: number
  readonly size: number
}

export class LogBounds {
  readonly #versions: number
  readonly #bytes: number
  readonly #every: number

  constructor(versions: number, bytes: number) {
    this.#versions = versions
    this.#bytes = bytes
    // where little is kept, snapshots are closer: the log is over its bounds by what lies between two of them
    this.#every = Math.max(1, Math.min(SNAPSHOT_EVERY, Math.floor(versions / 4)))
  }

  /** @param versions - since the last snapshot. @param bytes - of their patches. */
  isSnapshotDue(versions: number, bytes: number): boolean {
    return versions >= this.#every || bytes >= this.#bytes / 4
  }

  /**
   * @param portions - newest first.
   * @returns the version of the snapshot from which on the log is kept; `undefined` when all of it is.
   */
  cutAt(portions: Iterable<Portion>): number | undefined {
    let newest: number | undefined
    let kept: number | undefined
    let bytes = 0
    for (const { version, size } of portions) {
      newest ??= version
      if (kept !== undefined && (newest - version > this.#versions || bytes > this.#bytes)) return kept
      kept = version
      bytes += size
    }
    return undefined
  }
}
