// What is known of one run, from all connections together.
import { type Cursor, cursorNumber } from '../protocol/cursor.ts'
import { ProtocolError } from '../protocol/errors.ts'
import type { FrameOf } from '../protocol/frame.ts'
import type { Run } from '../protocol/run.ts'
import { runTopic, type Want } from '../protocol/want.ts'
import { Entry } from './entry.ts'
import type { RunSnapshot } from './snapshot.ts'
import type { Publisher } from './topic.ts'

/** What every run is before anything is known of it. */
const EMPTY_RUN: RunSnapshot = Object.freeze({ run: undefined, cursor: undefined, error: undefined, end: undefined })

export type RunEnding = FrameOf<'end'>['data']

/** The number of a cursor. @throws ProtocolError */
export function numberOf(cursor: Cursor): number {
  const number = cursorNumber(cursor)
  if (Number.isNaN(number)) throw new ProtocolError(`"${String(cursor)}" is no cursor`)
  return number
}

/** The cursor, where there is one. */
export const after = (cursor: Cursor | undefined): { readonly cursor?: Cursor } => (cursor === undefined ? {} : { cursor })

/**
 * Whether a record is news beside the known one. After a crash a number can be made twice: then its cursor is another.
 * @param force - one with a lower number is, too: the server says that this is the last, or knows no later one any more.
 */
export function isNews(run: Run, cursor: Cursor | undefined, known: Pick<RunSnapshot, 'run' | 'cursor'> | undefined, force: boolean): boolean {
  if (!known?.run) return true
  return run.version === known.run.version ? cursor !== known.cursor : force || run.version > known.run.version
}

export class RunEntry extends Entry<RunSnapshot> {
  readonly id: string
  /** The end that was said and is not published yet: its version or a stream's chunks are still on their way. */
  ending: RunEnding | undefined
  #live: boolean | undefined

  constructor(id: string, publisher: Publisher) {
    super(runTopic(id), publisher, EMPTY_RUN)
    this.id = id
  }

  want(): Want {
    return { run: this.id, ...after(this.topic.latest.cursor) }
  }
  get isOver(): boolean {
    return this.topic.latest.end?.settled === true
  }

  /** Takes a record that is news. */
  take(run: Run, cursor: Cursor | undefined, force = false): void {
    const { latest } = this.topic
    this.#live ??= run.finishedAt === null
    if (latest.error || isNews(run, cursor, latest, force)) this.topic.latest = { run, cursor, error: undefined, end: latest.end }
  }

  /** Back to what readers see: the latest document broke while it was changed in place. */
  restore(): void {
    const { run, cursor } = this.topic.getSnapshot()
    this.change({ run, cursor })
  }

  /** Publishes the end, when its version is reached. */
  reachEnd(): boolean {
    const { ending } = this
    const { latest } = this.topic
    if (!ending || !latest.run || latest.run.version < numberOf(ending.cursor)) return false
    this.ending = undefined
    const { settled } = ending
    if (latest.end?.settled !== settled) this.change({ end: { settled, live: this.#live ?? false } })
    return true
  }
}
