// One run's log in memory: the versions since the first snapshot that is kept.
import type { LogEntry } from '../../protocol/engine.ts'
import { type Json, jsonBytes } from '../../protocol/json.ts'
import { applyPatch } from '../../protocol/patch.ts'
import type { Run } from '../../protocol/run.ts'
import type { LogBounds, Portion } from '../log-bounds.ts'
import { type RunState, shown } from '../state.ts'
import type { SizedEntry } from '../storage.ts'

interface Snapshot extends Portion {
  readonly run: Run
  readonly tag: string
}

const tagOf = (entry: LogEntry): string => entry.cursor.slice(entry.cursor.indexOf('.') + 1)

export class MemoryLog {
  readonly #bounds: LogBounds
  readonly #entries: SizedEntry[] = []
  /** Oldest first; a record is never changed in place, so that one is kept costs what it does not share with the next. */
  #snapshots: Snapshot[]
  #pending = 0

  constructor(state: RunState, bounds: LogBounds) {
    this.#bounds = bounds
    this.#snapshots = [{ version: state.run.version, size: state.bytes, run: shown(state), tag: state.tag }]
  }

  get oldest(): number {
    return (this.#snapshots[0] as Snapshot).version
  }
  get #newest(): Snapshot {
    return this.#snapshots[this.#snapshots.length - 1] as Snapshot
  }

  add(state: RunState, entry: LogEntry): void {
    const { tag, bytes: size } = state
    const { version } = state.run
    const bytes = jsonBytes(entry.patch as unknown as Json)
    this.#entries.push({ entry, bytes })
    this.#pending += bytes
    if (!this.#bounds.isSnapshotDue(version - this.#newest.version, this.#pending)) return
    this.#snapshots.push({ version, size: this.#pending + size, run: shown(state), tag })
    this.#pending = 0
    const from = this.#bounds.cutAt(this.#snapshots.toReversed())
    if (from === undefined) return
    this.#entries.splice(0, from - this.oldest)
    this.#snapshots = this.#snapshots.filter((one) => one.version >= from)
  }

  range(after: number, upTo: number): readonly LogEntry[] | undefined {
    const from = after - this.oldest
    if (from < 0 || after > upTo || upTo - this.oldest > this.#entries.length) return undefined
    return this.#entries.slice(from, upTo - this.oldest).map(({ entry }) => entry)
  }

  *after(version: number): Generator<SizedEntry> {
    for (let at = Math.max(0, version - this.oldest); at < this.#entries.length; at++) yield this.#entries[at] as SizedEntry
  }

  tagOf(version: number): string | undefined {
    if (version === this.oldest) return this.#snapshots[0]?.tag
    const entry = this.#entries[version - this.oldest - 1]?.entry
    return entry && tagOf(entry)
  }

  /** For a version that it reaches. */
  at(version: number): Run {
    const base = this.#snapshots.findLast((snapshot) => snapshot.version <= version) as Snapshot
    const entries = this.range(base.version, version) ?? []
    const { output, ...rest } = base.run
    // a member that is undefined is none in JSON, and a patch would meet it
    let document = (output === undefined ? rest : base.run) as unknown as Json
    const owned = new Set<object>()
    for (const { patch } of entries) document = applyPatch(document, patch, owned)
    return { ...(document as unknown as Run), version, updatedAt: entries[entries.length - 1]?.at ?? base.run.updatedAt }
  }
}
